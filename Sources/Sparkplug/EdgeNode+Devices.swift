package import Plant

/// Devices that die and come back while their edge node lives.
///
/// A device is dead when no metric of it has a usable value and nobody answers at one of them at least; it lives again with the
/// first value that is usable.
/// - Source: Sparkplug 3.0, 6.4.19 (DBIRTH), 6.4.22 (DDEATH).
extension EdgeNode {
    /// A DBIRTH for each dead device that some of the samples show alive; to be sent before them.
    ///
    /// - Parameter latest: what each tag said last before these samples.
    package mutating func revived(
        by samples: [Sample], latest: [TagID: Sample], at time: WallTime
    ) -> [SparkplugMessage] {
        guard !dead.isEmpty else { return [] }
        var alive: Set<String> = []
        for sample in samples {
            guard let device = tags[sample.tag]?.device, dead.contains(device), !sample.quality.isBad else { continue }
            alive.insert(device)
        }
        dead.subtract(alive)
        return alive.sorted().map { birth(of: $0, latest: latest, at: time) }
    }

    /// A DDEATH for each device that died with the samples; to be sent behind them.
    ///
    /// - Parameter latest: what each tag said last, these samples included.
    package mutating func deaths(
        after samples: [Sample], latest: [TagID: Sample], at time: WallTime
    ) -> [SparkplugMessage] {
        // Only who says that nobody answers, or was wakened for something old, can be dead now.
        let touched = Set(samples.compactMap { tags[$0.tag]?.device }).subtracting(dead)
        let lost = touched.filter { isDead($0, latest: latest) }.sorted()
        dead.formUnion(lost)
        return lost.map { message(.deviceDeath, device: $0, [], at: time) }
    }

    func isDead(_ device: String, latest: [TagID: Sample]) -> Bool {
        var isSilent = false
        for tag in members[device] ?? [] {
            guard let quality = latest[tag.id]?.quality else { continue }
            guard quality.isBad else { return false }
            isSilent = isSilent || quality.isOfSilence
        }
        return isSilent
    }
}

extension Quality {
    fileprivate var isBad: Bool { if case .bad = self { true } else { false } }

    /// Whether it says that the device cannot be reached, also by way of a gateway.
    fileprivate var isOfSilence: Bool { Self.silences.contains(self) }

    // Source: Modbus Application Protocol V1.1b3, section 7: the gateway has no path, or its target does not answer.
    private static let silences: Set<Quality> = [
        .bad(.notConnected), .bad(.timedOut), .bad(.deviceOffline), .bad(.modbusException(0x0A)),
        .bad(.modbusException(0x0B)),
    ]
}
