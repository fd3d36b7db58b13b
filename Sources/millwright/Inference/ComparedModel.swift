import ArgumentParser
import Arrays
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
    private let reference: Made
    private let inputs: [[UInt8]]
    /// The right class of each input, where they are known.
    private let labels: [Int]?
    /// By contract: the same plan serves all chips that have it.
    private var made: [String: Result<Made, ModelError>] = [:]

    /// A plan, and what it computes of the inputs.
    struct Made {
        var memory: PlanMemory
        var plan: Plan
        var outputs: [[UInt8]]
    }

    /// Seeded inputs that contracts are compared on where none are given.
    private static let cases = 16

    /// - Parameter inputs: an .npy file with one or several inputs of the model; noise where none is given.
    init(path: String, inputs file: String?, labels: (file: String, column: String)?) throws {
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
        inputs = try file.map { try Self.inputs($0, plan) } ?? ReceiptMaker.inputs(of: plan, cases: Self.cases)
        let count = inputs.count
        self.labels = try labels.map { try ModelQuantizeAccuracy.labels($0.file, column: $0.column, count: count) }
        reference = Made(memory: memory, plan: plan, outputs: try Self.outputs(plan, memory, inputs))
    }

    private static func inputs(_ file: String, _ plan: Plan) throws -> [[UInt8]] {
        guard plan.inputs.count == 1, let port = plan.inputs.first.map(ModelFile.Port.init) else {
            throw ValidationError("--inputs: expected a model with one input, found \(plan.inputs.count)")
        }
        let mapped = try MappedFile(path: file)
        let array = try withExtendedLifetime(mapped) { try NPYArray(Array(mapped.bytes)) }
        guard array.kind == port.kind, let count = array.repeats(of: port.shape) else {
            throw ValidationError(
                "\(file): expected \(port.kind) \(port.shape), or N times its first dimension, "
                    + "found \(array.kind) \(array.shape)")
        }
        let size = plan.inputBytes
        return (0..<count).map { Array(array.bytes[$0 * size..<($0 + 1) * size]) }
    }

    private static func outputs(_ plan: Plan, _ memory: PlanMemory, _ inputs: [[UInt8]]) throws -> [[UInt8]] {
        let session = try Session(plan: plan, keeping: memory, kernels: .ofThisMachine)
        return try inputs.map { input in
            var output = [UInt8](repeating: 0, count: plan.outputBytes)
            try input.withUnsafeBytes { from in
                try output.withUnsafeMutableBytes { to in try session.run(bytes: from, output: to) }
            }
            return output
        }
    }

    private mutating func plan(_ contract: String) throws -> Result<Made, ModelError> {
        guard let compilation, contract != FP32.name else { return .success(reference) }
        if let made = made[contract] { return made }
        var result: Result<Made, ModelError>
        do throws(ModelError) {
            let builder = try compilation.plan(contract: contract)
            let memory = PlanMemory(copying: try Lowering.planned { () throws(PlanError) in try builder.encode() })
            let plan = try Lowering.planned { () throws(PlanError) in try Plan(bytes: memory.bytes) }
            result = .success(Made(memory: memory, plan: plan, outputs: []))
        } catch { result = .failure(error) }
        if case .success(var made) = result {
            made.outputs = try Self.outputs(made.plan, made.memory, inputs)
            result = .success(made)
        }
        made[contract] = result
        return result
    }

    /// The plan under the chip's contract, or under fp32 where nobody knows it.
    mutating func row(_ profile: ChipProfile) throws -> ProfilesCompare.Row {
        var used = reference
        var refused: String?
        switch try plan(profile.planContract) {
        case .success(let made): used = made
        case .failure(let error): refused = "\(error)"
        }
        let deployment = withExtendedLifetime(used.memory) { Deployment(used.plan, on: profile) }
        let isKnown = profile.contract != nil && refused == nil && compilation != nil
        return ProfilesCompare.Row(
            profile: profile.id, vendor: profile.vendor, reach: profile.reach.words, contract: profile.contract?.value,
            fits: deployment.fits, npu_cycles: deployment.engineCycles,
            scheduled_cycles: deployment.schedule?.cycles, milliseconds: deployment.seconds.map { $0 * 1e3 },
            is_at_least: deployment.isAtLeast, millijoules: deployment.joules.map { $0 * 1e3 },
            dram_bytes: deployment.dramBytes, utilization: deployment.utilization,
            layers_on_cpu: deployment.onCPU.map(\.operation), unverified_layers: deployment.unverified.count,
            crossings: deployment.crossings, crossing_bytes: deployment.crossingBytes,
            crossing_microseconds: deployment.crossingSeconds.map { $0 * 1e6 },
            equal_to_fp32: isKnown ? equal(used) : nil, top1: labels != nil && isKnown ? top1(used) : nil,
            beyond_contract: deployment.layers.flatMap(\.beyondContract)
                .reduce(into: []) { if !$0.contains($1) { $0.append($1) } }, has_npu: !profile.isCPU, refused: refused)
    }

    /// Of inputs under fp32, where there are labels.
    var referenceTop1: Double? { labels == nil ? nil : top1(reference) }

    private func equal(_ made: Made) -> Double {
        let (ours, theirs) = (made.outputs.joined(), reference.outputs.joined())
        return Double(zip(ours, theirs).count { $0 == $1 }) / Double(max(theirs.count, 1))
    }

    private func top1(_ made: Made) -> Double {
        guard let labels, let first = made.plan.outputs.first, first.type == .int8 else { return .nan }
        // As the world outside sees them: int8, or uint8.
        let flip: UInt8 = first.isPresentedUnsigned ? 0 : 0x80
        let hits = zip(made.outputs, labels).count { output, label in
            let values = output.prefix(first.elementCount).map { $0 ^ flip }
            return values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 } == label
        }
        return Double(hits) / Double(max(labels.count, 1))
    }
}
