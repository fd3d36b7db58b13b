import Compiler
import Deployment
import Graph
import Profiles
import Runtime
import Store

/// A model that is put on one chip after the other.
struct ComparedModel {
    /// nil of a plan, whose contract is its own.
    private let compilation: Compilation?
    private let reference: (memory: PlanMemory, plan: Plan, outputs: [UInt8])
    private let inputs: [[UInt8]]

    /// Seeded inputs that contracts are compared on.
    private static let cases = 16

    init(path: String) throws {
        let mapped = try MappedFile(path: path)
        let bytes: [UInt8]
        if mapped.bytes.starts(with: PlanFormat.magic) {
            compilation = nil
            bytes = withExtendedLifetime(mapped) { Array(mapped.bytes) }
        } else {
            let made = try withExtendedLifetime(mapped) { try Compilation(file: Array(mapped.bytes), fileName: path) }
            compilation = made
            bytes = try made.plan(contract: FP32.name).encode()
        }
        let memory = PlanMemory(copying: bytes)
        let plan = try Plan(bytes: memory.bytes)
        inputs = ReceiptMaker.inputs(of: plan, cases: Self.cases)
        reference = (memory, plan, try Self.outputs(plan, memory, inputs))
    }

    private static func outputs(_ plan: Plan, _ memory: PlanMemory, _ inputs: [[UInt8]]) throws -> [UInt8] {
        let session = try Session(plan: plan, keeping: memory)
        var all: [UInt8] = []
        for input in inputs {
            var output = [UInt8](repeating: 0, count: plan.outputBytes)
            try input.withUnsafeBytes { from in
                try output.withUnsafeMutableBytes { to in try session.run(bytes: from, output: to) }
            }
            all += output
        }
        return all
    }

    /// The plan under the chip's contract, or under fp32 where nobody knows it.
    func row(_ profile: ChipProfile) throws -> ProfilesCompare.Row {
        var plan = reference.plan
        var memory = reference.memory
        var equal: Double?
        var refused: String?
        if let compilation, let contract = profile.contract {
            do throws(ModelError) {
                let builder = try compilation.plan(contract: contract.value)
                memory = PlanMemory(copying: try Lowering.planned { () throws(PlanError) in try builder.encode() })
                plan = try Lowering.planned { () throws(PlanError) in try Plan(bytes: memory.bytes) }
            } catch {
                refused = "\(error)"
            }
            if refused == nil {
                let outputs = try Self.outputs(plan, memory, inputs)
                let same = zip(outputs, reference.outputs).count { $0 == $1 }
                equal = Double(same) / Double(max(outputs.count, 1))
            }
        }
        let deployment = withExtendedLifetime(memory) { Deployment(plan, on: profile) }
        return ProfilesCompare.Row(
            profile: profile.id, vendor: profile.vendor, reach: profile.reach.words, contract: profile.contract?.value,
            fits: deployment.fits, npu_cycles: deployment.engineCycles,
            milliseconds: deployment.seconds.map { $0 * 1e3 },
            is_at_least: deployment.isAtLeast, millijoules: deployment.joules.map { $0 * 1e3 },
            dram_bytes: deployment.dramBytes, utilization: deployment.utilization,
            layers_on_cpu: deployment.onCPU.map(\.operation), unverified_layers: deployment.unverified.count,
            crossings: deployment.crossings, crossing_bytes: deployment.crossingBytes, equal_to_fp32: equal,
            refused: refused)
    }
}
