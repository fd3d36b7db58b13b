internal import Graph
internal import Kernels
internal import Runtime

/// A vector model as a plan whose outputs are the results of all layers.
struct VectorPlan {
    let plan: Plan
    private let memory: PlanMemory
    /// Bytes of all inputs, one after the other.
    private let input: [UInt8]
    private let place: String

    /// - Parameter isApart: each layer reads the vendor's tensors, else what the layers before it made.
    /// - Throws: ``VectorError`` where the contract cannot compute the layers.
    init(_ model: VectorModel, isApart: Bool) throws(VectorError) {
        var writer = Writer(model, isApart: isApart)
        place = "\(model.chip) \(model.name)"
        do throws(PlanError) {
            for layer in model.layers { try writer.add(layer) }
            memory = PlanMemory(copying: try writer.builder.encode())
            plan = try Plan(bytes: memory.bytes, contracts: [model.contract])
        } catch {
            throw VectorError(
                place, expected: "layers that the contract \(model.contract.name) computes", found: "\(error)")
        }
        input = writer.input
    }

    /// The results of all layers by reference arithmetic, as ``run(_:_:)`` has them.
    func reference() throws(VectorError) -> [Int8] {
        do throws(PlanError) { return try plan.reference(input).map { Int8(bitPattern: $0) } } catch {
            throw VectorError(place, expected: "a plan that runs", found: "\(error)")
        }
    }

    /// The results of all layers, one after the other, as plans store them.
    func run(_ kernels: KernelSet, _ threads: Int) throws(VectorError) -> [Int8] {
        do throws(RuntimeError) {
            let session = try Session(plan: plan, keeping: memory, kernels: kernels, threads: threads)
            var output = [Int8](repeating: 0, count: plan.outputBytes)
            var failure: RuntimeError?
            // SAFETY: both buffers live as long as the call; the session checks their sizes.
            input.withUnsafeBytes { input in
                output.withUnsafeMutableBytes { output in
                    do throws(RuntimeError) { try session.run(bytes: input, output: output) } catch { failure = error }
                }
            }
            if let failure { throw failure }
            return output
        } catch {
            throw VectorError(place, expected: "a plan that runs", found: "\(error)")
        }
    }

    private struct Writer {
        var builder: PlanBuilder
        var input: [UInt8] = []
        private let model: VectorModel
        private let isApart: Bool
        private var made: [String: TensorID] = [:]
        private var given: [String: TensorID] = [:]

        init(_ model: VectorModel, isApart: Bool) {
            self.model = model
            self.isApart = isApart
            builder = PlanBuilder(contract: model.contract.name, among: [model.contract])
        }

        /// A tensor that a layer reads.
        private mutating func source(_ name: String) throws(PlanError) -> TensorID {
            if !isApart, let id = made[name] { return id }
            if let id = given[name] { return id }
            let tensor = try tensor(name)
            let id = builder.input(name: name, shape: tensor.shape, quantization: tensor.quantization)
            input += tensor.values.map(UInt8.init(bitPattern:))
            given[name] = id
            return id
        }

        private func tensor(_ name: String) throws(PlanError) -> VectorTensor {
            guard let tensor = model.tensors[name] else {
                throw .malformed(.init("tensor \(name)", expected: "one that is described", found: "none"))
            }
            return tensor
        }

        mutating func add(_ layer: VectorLayer) throws(PlanError) {
            let wanted = try tensor(layer.output)
            let output = wanted.quantization
            let clamp = (layer.relu ? output.zeroPoint : -128)...127
            let id: TensorID
            switch layer.operation {
            case .quantize(let values):
                guard values.count == wanted.values.count else {
                    throw .malformed(
                        .init(
                            "real numbers of \(layer.output)", expected: "\(wanted.values.count)",
                            found: "\(values.count)"))
                }
                let real = builder.input(
                    name: "\(layer.output) real", type: .float32, shape: wanted.shape, quantization: .identity)
                input += values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
                id = try builder.quantize(real, output: output, name: layer.output)
            case .convolution(let product, let stride, let padding, let groups, let kernel, let residual):
                let window = window(kernel: [kernel.0, kernel.1], stride, padding)
                let source = try source(product.input)
                let other: TensorID? = if let residual { try self.source(residual) } else { nil }
                id =
                    product.isDepthwise
                    ? try builder.depthwiseConvolution(
                        source, product.weights, window: window, output: output, clamp: clamp, name: layer.output)
                    : try builder.convolution(
                        source, product.weights, window: window, groups: groups, residual: other, output: output,
                        clamp: clamp, name: layer.output)
            case .dense(let product):
                var source = try source(product.input)
                let shape = try tensor(product.input).shape
                if shape.count == 4 {
                    source = try builder.reshape(source, shape: [shape[0], shape[1] * shape[2] * shape[3]])
                }
                id = try builder.fullyConnected(
                    source, product.weights, output: output, clamp: clamp, name: layer.output)
            case .pool(let kind, let name, let kernel, let stride, let padding):
                id = try builder.pool(
                    kind, try source(name), window: window(kernel: kernel, stride, padding), output: output,
                    clamp: clamp,
                    name: layer.output)
            case .addition(let a, let b):
                let (left, right) = (try source(a), try source(b))
                id = try builder.addition(left, right, output: output, clamp: clamp, name: layer.output)
            }
            let shape = try builder.shape(of: id)
            guard shape == wanted.shape else {
                throw .malformed(.init("shape of \(layer.output)", expected: "\(wanted.shape)", found: "\(shape)"))
            }
            made[layer.output] = id
            builder.output(id)
        }

        /// One number stands for both axes, and two paddings for both sides of each.
        private func window(kernel: [Int], _ stride: [Int], _ padding: [Int]) -> Window {
            func side(_ numbers: [Int], _ index: Int) -> Int { numbers[index % numbers.count] }
            return Window(
                kernel: (side(kernel, 0), side(kernel, 1)), strides: (side(stride, 0), side(stride, 1)),
                padding: (side(padding, 0), side(padding, 1), side(padding, 2), side(padding, 3)))
        }
    }
}
