import Arrays
import Compiler
import Graph
import Host
import Kernels
import Runtime
import Store

/// A model file of any kind, ready to run: a plan as it lies, another format compiled in memory, and what no plan
/// computes (real numbers) by the evaluator.
struct ModelFile {
    /// One input or output, as the world outside sees it.
    struct Port {
        var name: String
        var shape: [Int]
        var kind: NPYArray.Kind
        var quantization: Quantization?
    }

    enum Engine {
        case session(Session)
        /// With why there is no plan.
        case evaluator(Evaluator, reason: String)
    }

    let engine: Engine
    let inputs: [Port]
    let outputs: [Port]
    let multiplyAdds: Int

    /// What is to be had from a file besides its bytes.
    struct Options {
        var contract: String
        var kernels: KernelSet
        var threads: Int
    }

    /// What this contract is when none is asked for: what XNNPACK and ONNX Runtime compute.
    static let usualContract = FP32.name

    init(path: String, _ options: Options) throws {
        let mapped = try MappedFile(path: path)
        if mapped.bytes.starts(with: PlanFormat.magic) {
            try self.init(plan: Plan(bytes: mapped.bytes), keeping: mapped, options.kernels, options.threads)
            return
        }
        let compilation = try withExtendedLifetime(mapped) {
            try Compilation(file: Array(mapped.bytes), fileName: path)
        }
        let bytes: [UInt8]
        do throws(ModelError) {
            let builder = try compilation.plan(contract: options.contract)
            bytes = try Lowering.planned { () throws(PlanError) in try builder.encode() }
        } catch {
            guard case .unsupported = error else { throw error }
            self.init(compilation.imported, try Evaluator(compilation.imported), reason: "\(error)")
            return
        }
        let memory = PlanMemory(copying: bytes)
        try self.init(plan: Plan(bytes: memory.bytes), keeping: memory, options.kernels, options.threads)
    }

    private init(plan: Plan, keeping owner: AnyObject, _ kernels: KernelSet, _ threads: Int) throws {
        engine = .session(try Session(plan: plan, keeping: owner, kernels: kernels, threads: threads))
        inputs = plan.inputs.map(Port.init)
        outputs = plan.outputs.map(Port.init)
        multiplyAdds = plan.multiplyAdds
    }

    private init(_ model: Model, _ evaluator: Evaluator, reason: String) {
        engine = .evaluator(evaluator, reason: reason)
        inputs = model.inputs.map { Port(model[$0]) }
        outputs = model.outputs.map { Port(model[$0]) }
        multiplyAdds = model.multiplyAdds
    }

    /// One inference.
    /// - Parameter arrays: one an input, of its shape and type.
    /// - Returns: one an output.
    func run(_ arrays: [NPYArray]) throws -> [NPYArray] {
        switch engine {
        case .session(let session):
            var result = [UInt8](repeating: 0, count: session.outputBytes)
            let input = arrays.flatMap(\.bytes)
            try input.withUnsafeBytes { input in
                try result.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
            return self.arrays(of: result)
        case .evaluator(let evaluator, _):
            return try evaluator.run(arrays.map(TensorData.init)).map(NPYArray.init)
        }
    }

    /// The outputs out of their bytes, which stand one after the other.
    func arrays(of bytes: [UInt8]) -> [NPYArray] {
        var start = 0
        return outputs.map { port in
            let count = port.shape.reduce(1, *) * port.kind.size
            defer { start += count }
            return NPYArray(kind: port.kind, shape: port.shape, bytes: Array(bytes[start..<start + count]))
        }
    }

    /// Bytes of memory that an inference works in; nil for the evaluator, which takes and gives back.
    var arenaBytes: Int? {
        if case .session(let session) = engine { return session.arenaBytes }
        return nil
    }

    var isa: String {
        switch engine {
        case .session(let session): session.kernels.isa
        case .evaluator: "evaluator"
        }
    }
}

extension ModelFile.Port {
    init(_ tensor: Tensor) {
        let kind: NPYArray.Kind =
            switch tensor.type {
            case .int8: tensor.isPresentedUnsigned ? .uint8 : .int8
            case .int32: .int32
            case .float32: .float32
            }
        self.init(
            name: tensor.name, shape: tensor.shape, kind: kind,
            quantization: tensor.type == .int8 ? tensor.quantization : nil)
    }

    init(_ value: Value) {
        self.init(
            name: value.name, shape: value.shape, kind: .init(value.presentedType ?? value.type), quantization: nil)
    }
}

extension NPYArray.Kind {
    init(_ type: ElementType) {
        switch type {
        case .float32: self = .float32
        case .int8: self = .int8
        case .uint8: self = .uint8
        case .int16: self = .int16
        case .uint16: self = .uint16
        case .int32: self = .int32
        case .int64: self = .int64
        case .bool: self = .bool
        }
    }
}

extension NPYArray {
    init(_ data: TensorData) {
        let bytes: [UInt8] =
            switch data.elements {
            case .float32(let elements): elements.withUnsafeBytes(Array.init)
            case .int8(let elements): elements.withUnsafeBytes(Array.init)
            case .uint8(let elements): elements
            case .int16(let elements): elements.withUnsafeBytes(Array.init)
            case .uint16(let elements): elements.withUnsafeBytes(Array.init)
            case .int32(let elements): elements.withUnsafeBytes(Array.init)
            case .int64(let elements): elements.withUnsafeBytes(Array.init)
            case .bool(let elements): elements.map { $0 ? 1 : 0 }
            }
        self.init(kind: Kind(data.type), shape: data.shape, bytes: bytes)
    }
}

extension TensorData {
    /// - Parameter array: of any kind but float64, whose elements are taken as float32.
    init(_ array: NPYArray) {
        func read<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
            array.bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / MemoryLayout<Element>.size).map {
                    bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self)
                }
            }
        }
        let elements: Elements =
            switch array.kind {
            case .float32: .float32(read(Float.self))
            case .float64: .float32(read(Double.self).map(Float.init))
            case .int8: .int8(read(Int8.self))
            case .uint8: .uint8(array.bytes)
            case .int16: .int16(read(Int16.self))
            case .uint16: .uint16(read(UInt16.self))
            case .int32: .int32(read(Int32.self))
            case .int64: .int64(read(Int64.self))
            case .bool: .bool(array.bytes.map { $0 != 0 })
            }
        self.init(shape: array.shape, elements)
    }
}
