import Arrays
package import Compiler
import Graph
import Runtime

/// What must hold for any bytes whatever: they are refused with a typed error, or what was accepted computes.
package enum HostileFile {
    /// A promise broken by some file.
    package struct Finding: Error, CustomStringConvertible {
        package var description: String
    }

    /// Work that keeps a run in the milliseconds.
    private static let multiplyAdds = 1 << 20
    private static let elements = 1 << 18

    /// Reads a model; what is read goes through the passes, the evaluator, and a plan under each contract.
    /// - Returns: whether it was read.
    @discardableResult
    package static func model(_ bytes: [UInt8], as importer: any Importer.Type) throws(Finding) -> Bool {
        guard let compilation = try? Compilation(importer.model(from: bytes, name: "hostile")) else { return false }
        let model = compilation.model
        let sizes = model.values.reduce(0) { $0 + $1.elementCount }
        guard sizes <= elements, model.multiplyAdds <= multiplyAdds else { return true }
        let inputs = model.inputs.map { id in
            let type = model[id].presentedType ?? model[id].type
            return TensorData(
                shape: model[id].shape, Elements(type, wrapping: (0..<model[id].elementCount).map { Int64($0 % 7) }))
        }
        _ = try? Evaluator(model).run(inputs)
        for contract in Contracts.all {
            if let bytes = try? compilation.plan(contract: contract.name).encode() { try plan(bytes) }
        }
        return true
    }

    /// Reads a plan; one that is accepted must run, and give the same bytes on the kernels as in reference arithmetic.
    /// - Returns: whether it was accepted.
    @discardableResult
    package static func plan(_ bytes: [UInt8]) throws(Finding) -> Bool {
        let memory = PlanMemory(copying: bytes)
        guard let plan = try? Plan(bytes: memory.bytes) else { return false }
        let sizes = plan.tensors.reduce(0) { $0 + $1.elementCount }
        guard sizes <= elements, plan.multiplyAdds <= multiplyAdds else { return true }
        _ = plan.listing + plan.arenaListing
        let input = plan.inputs.flatMap(Self.input)
        do {
            let session = try Session(plan: plan, keeping: memory)
            var output = [UInt8](repeating: 0, count: session.outputBytes)
            try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
            guard try output == plan.reference(input) else {
                throw Finding(description: "kernels and reference arithmetic differ on\n\(plan.listing)")
            }
        } catch let finding as Finding {
            throw finding
        } catch {
            throw Finding(description: "an accepted plan is refused when it runs: \(error)\n\(plan.listing)")
        }
        return true
    }

    /// Some bytes; where they are read as real numbers, 10.0.
    private static func input(_ tensor: Tensor) -> [UInt8] {
        let ten: [UInt8] = [0, 0, 0x20, 0x41]
        return (0..<tensor.byteCount).map { tensor.type == .float32 ? ten[$0 % 4] : UInt8(truncatingIfNeeded: $0 * 37) }
    }

    /// Reads an array; what is read has as many bytes as its shape says, and is written and read again as itself.
    package static func array(_ bytes: [UInt8]) throws(Finding) {
        guard let array = try? NPYArray(bytes) else { return }
        guard array.bytes.count == array.shape.reduce(array.kind.size, *), (try? NPYArray(array.file)) == array else {
            throw Finding(description: "\(array.kind) \(array.shape) with \(array.bytes.count) bytes")
        }
    }
}
