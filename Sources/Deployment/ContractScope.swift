package import Graph
package import Profiles

/// Where a chip's contract, however exact, says nothing: forms of numbers that the chip's tools do not make, and sums that they
/// cut in two.
///
/// What lies beyond is computed by the same arithmetic, and was compared with nothing.
package enum ContractScope {
    /// Why the contract was compared with nothing.
    package enum Remark: Hashable, Sendable, CustomStringConvertible {
        /// The chip's have 0, or where it has uint8 behind a ReLU also what stands for that.
        case activationZeroPoints(chipHasUnsigned: Bool)
        case weightZeroPoints
        case scalePerChannel
        case depth(Int, most: Int)

        package var description: String {
            switch self {
            case .activationZeroPoints(let chipHasUnsigned):
                "activations with zero points, the chip's have \(chipHasUnsigned ? "0, or -128 where they are uint8" : "0")"
            case .weightZeroPoints: "weights with zero points, the chip's have none"
            case .scalePerChannel: "a weight scale a channel, the chip has one a tensor"
            case .depth(let depth, let most):
                "sums of \(depth) products, beyond \(most) the chip's tool rounds in between"
            }
        }
    }

    /// - Returns: none where the contract stands.
    package static func remarks(_ node: any Operator, _ plan: Plan, _ profile: ChipProfile) -> [Remark] {
        guard profile.contract != nil else { return [] }
        return activations(node, plan, profile) + weights(node, profile) + depth(node, profile)
    }

    private static func activations(_ node: any Operator, _ plan: Plan, _ profile: ChipProfile) -> [Remark] {
        guard let forms = profile.quantization?.activations?.value, forms.allSatisfy(\.isSymmetric) else { return [] }
        // int8 with zero point -128 is what such chips call uint8.
        let known: Set<Int32> = profile.quantization?.isUnsignedAfterReLU?.value == true ? [0, -128] : [0]
        let found = (node.inputs + node.outputs).map { plan.tensors[$0.index] }
            .filter { $0.type == .int8 && !known.contains($0.quantization.zeroPoint) }
        // Softmax has its own scale everywhere.
        guard !found.isEmpty, !(node is Softmax) else { return [] }
        return [.activationZeroPoints(chipHasUnsigned: known.contains(-128))]
    }

    private static func weights(_ node: any Operator, _ profile: ChipProfile) -> [Remark] {
        let scales: Int
        let hasZeroPoints: Bool
        var forms = profile.quantization?.convolutionWeights?.value
        switch node {
        case let convolution as Convolution:
            scales = convolution.weights.scales.count
            hasZeroPoints = convolution.weights.zeroPoints?.array.contains { $0 != 0 } ?? false
        case let convolution as DepthwiseConvolution:
            scales = convolution.scales.count
            hasZeroPoints = convolution.zeroPoints?.array.contains { $0 != 0 } ?? false
        case let dense as FullyConnected:
            scales = dense.weights.scales.count
            hasZeroPoints = dense.weights.zeroPoints?.array.contains { $0 != 0 } ?? false
            forms = profile.quantization?.matmulWeights?.value ?? forms
        default: return []
        }
        guard let forms else { return [] }
        var remarks: [Remark] = []
        if hasZeroPoints, forms.allSatisfy(\.isSymmetric) {
            remarks.append(.weightZeroPoints)
        }
        if scales > 1, !forms.contains(where: \.isPerChannel) {
            remarks.append(.scalePerChannel)
        }
        return remarks
    }

    private static func depth(_ node: any Operator, _ profile: ChipProfile) -> [Remark] {
        guard let most = profile.contractDepth?.value else { return [] }
        let block = profile.layout?.channelBlock?.value ?? 1
        let (taps, channels): (Int, Int)
        switch node {
        case let convolution as Convolution: (taps, channels) = (convolution.window.taps, convolution.inputsOfGroup)
        case let dense as FullyConnected: (taps, channels) = (1, dense.weights.depth)
        default: return []
        }
        let depth = taps * EngineCycles.parts(channels, block) * block
        return depth > most ? [.depth(depth, most: most)] : []
    }
}
