/// A profile that fits a machine, and what says so.
package struct DetectedChip: Hashable, Sendable {
    package enum Certainty: Int, Comparable, Hashable, Sendable {
        /// Something names the vendor.
        case possible
        /// Something names the family.
        case likely
        /// Something names the chip.
        case certain

        package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    /// A sign of the profile, and what stood there.
    package struct Reason: Hashable, Sendable {
        package var sign: Detection.Sign
        package var evidence: MachineSurvey.Evidence
    }

    package var profile: ChipProfile
    package var certainty: Certainty
    package var reasons: [Reason]

    /// Every profile that something speaks for, the most certain first.
    ///
    /// A weak sign counts only where no stronger one explains it: `/dev/rknpu` says "some Rockchip chip", and beside a
    /// device tree that says RK3588 it is no sign of RK3576.
    package static func all(on machine: MachineSurvey, among profiles: [ChipProfile]) -> [DetectedChip] {
        let found = profiles.compactMap { profile -> DetectedChip? in
            let reasons = profile.detection.signs.flatMap { sign in
                machine.evidence(for: sign).map { Reason(sign: sign, evidence: $0) }
            }
            guard let certainty = reasons.map({ Certainty($0.sign.names) }).max() else { return nil }
            return DetectedChip(profile: profile, certainty: certainty, reasons: reasons)
        }
        return found.filter { chip in
            let explained = found.filter { $0.certainty > chip.certainty }.flatMap(\.reasons).map(\.evidence)
            return !chip.reasons.allSatisfy { explained.contains($0.evidence) }
        }
        .enumerated().sorted { a, b in
            a.element.certainty == b.element.certainty ? a.offset < b.offset : a.element.certainty > b.element.certainty
        }
        .map(\.element)
    }
}

extension DetectedChip.Certainty {
    fileprivate init(_ scope: Detection.Scope) {
        switch scope {
        case .chip: self = .certain
        case .family: self = .likely
        case .vendor: self = .possible
        }
    }
}
