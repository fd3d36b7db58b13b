package import Profiles

/// Where a chip's vendor runs an operator.
package enum Placement: Hashable, Sendable {
    case npu
    /// On the NPU, converted to float16 and back.
    case npuFloat16
    /// On the CPU beside it, and why.
    case cpu(String)
    /// No source says; counted as if on the NPU, and said.
    case unverified
    /// The chip has no NPU: its CPU runs everything.
    case host

    package var isOnCPU: Bool { if case .cpu = self { true } else { false } }

    /// On the NPU, as far as anybody knows.
    package var isOnNPU: Bool { !isOnCPU && self != .host }

    package var words: String {
        switch self {
        case .npu: "NPU"
        case .npuFloat16: "NPU, float16"
        case .cpu(let reason): "CPU: \(reason)"
        case .unverified: "unverified"
        case .host: "CPU"
        }
    }

    package init(_ work: LayerWork, _ profile: ChipProfile) {
        guard !profile.isCPU else {
            self = .host
            return
        }
        // Doors of real numbers, which the host handles anyway.
        guard !work.names.isEmpty else {
            self = .cpu("not an operator of networks")
            return
        }
        let support = profile.operators
        func lists(_ fact: Fact<[String]>?) -> Bool { work.names.contains { fact?.value.contains($0) ?? false } }
        if lists(support.npu) {
            if let limit = support.limits.first(where: { $0.isExceeded(by: work) }) {
                self = .cpu("\(limit.operator) beyond \(limit.quantity.rawValue) \(limit.most.value)")
            } else {
                self = .npu
            }
        } else if lists(support.float16) {
            self = .npuFloat16
        } else if lists(support.fallback) {
            self = .cpu("the vendor's tool puts \(work.names[0]) there")
        } else if let limit = support.limits.first(where: { $0.isExceeded(by: work) }) {
            self = .cpu("\(limit.operator) beyond \(limit.quantity.rawValue) \(limit.most.value)")
        } else {
            self = .unverified
        }
    }
}

extension OperatorLimit {
    func isExceeded(by work: LayerWork) -> Bool {
        guard work.names.contains(self.operator) else { return false }
        let found: Int
        switch quantity {
        case .kernelEdge: found = max(work.kernelHeight, work.kernelWidth)
        case .kernelVolume: found = work.kernelHeight * work.kernelWidth * work.inputChannels
        case .channels: found = work.groups == 1 ? max(work.inputChannels, work.outputChannels) : 0
        case .channelsPerGroup:
            found = work.groups > 1 ? max(work.inputChannels, work.outputChannels / work.groups) : 0
        case .inputPositions: found = work.inputShape.dropLast().reduce(1, *)
        case .batch: found = work.inputShape.count > 1 ? work.inputShape[0] : 1
        case .rank: found = work.inputShape.count
        case .inputBytes: found = work.inputBytes
        }
        return found > most.value
    }
}
