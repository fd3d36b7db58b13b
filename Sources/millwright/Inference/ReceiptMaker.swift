import Graph
import Kernels
import Runtime

/// Golden inputs from a seed, and what the plainest kernels make of them.
enum ReceiptMaker {
    private static let seed: UInt64 = 20_261_123

    static func receipt(_ builder: PlanBuilder, cases: Int) throws -> Receipt {
        let memory = PlanMemory(copying: try builder.encode())
        let plan = try Plan(bytes: memory.bytes)
        let session = try Session(plan: plan, keeping: memory, kernels: KernelSet(isa: "scalar"))
        return try Receipt(of: session, inputs: inputs(of: plan, cases: cases))
    }

    /// The bytes of all inputs of a plan, one after the other, as often as there are cases.
    static func inputs(of plan: Plan, cases: Int) -> [[UInt8]] {
        var random = SeededRandom(seed: seed)
        return (0..<cases).map { _ in plan.inputs.flatMap { bytes(of: $0, &random) } }
    }

    private static func bytes(of tensor: Tensor, _ random: inout SeededRandom) -> [UInt8] {
        switch tensor.type {
        case .int8: (0..<tensor.byteCount).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
        case .int32: [UInt8](repeating: 0, count: tensor.byteCount)
        case .float32:
            (0..<tensor.elementCount).flatMap { _ in
                let value = Float(random.next() >> 40) / Float(1 << 23) - 1
                return withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
            }
        }
    }
}
