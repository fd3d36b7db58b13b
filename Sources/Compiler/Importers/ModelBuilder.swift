/// Grows a ``Model`` node by node, for importers.
///
/// Types and shapes come from each operation's rule. A node whose operands are all known is computed at once and never
/// stands in the model, so that the shape arithmetic which exporters leave behind vanishes; ``Dequantize`` stays, because
/// the scale of a weight says how it is to be computed with.
package struct ModelBuilder: Sendable {
    /// Bounds on what a file may make of itself.
    package struct Limits: Hashable, Sendable {
        /// Elements that one computed constant may have.
        package var constantElements: Int
        /// Elements read and written, or products summed, for all computed constants together.
        package var work: Int

        /// - Parameter fileBytes: constants may be some times larger than the file, or as large as a small network's.
        package init(fileBytes: Int) {
            constantElements = max(1 << 22, 16 * fileBytes)
            work = max(1 << 24, 64 * fileBytes)
        }
    }

    /// Networks at the edge have some hundred nodes; one that unrolls a sequence, some thousand.
    package static let maximumNodes = 1 << 16
    /// Elements of a shape, a bound or the like.
    package static let maximumParameters = 1 << 10
    /// Beyond any network's; bounds what each value costs.
    package static let maximumRank = 16

    package private(set) var model: Model
    private let limits: Limits
    private var workLeft: Int
    private var elements = 0
    /// Which node dequantizes what.
    private var dequantizers: [ValueID: Int] = [:]

    package init(name: String, limits: Limits) {
        model = Model(name: name)
        self.limits = limits
        workLeft = limits.work
    }

    package subscript(_ id: ValueID) -> Value { model[id] }

    /// Adds a graph input.
    /// - Throws: `.tooLarge` for an implausible shape.
    package mutating func input(_ name: String, type: ElementType, shape: [Int]) throws(ModelError) -> ValueID {
        let id = try add(Value(name: name, type: type, shape: shape))
        model.inputs.append(id)
        return id
    }

    /// Adds a constant that the file holds.
    /// - Throws: `.tooLarge` for an implausible shape.
    package mutating func constant(_ name: String, _ data: TensorData) throws(ModelError) -> ValueID {
        try add(Value(name: name, type: data.type, shape: data.shape, constant: data))
    }

    /// Adds a node, or computes it where all operands are known and it is not too large.
    ///
    /// - Parameter name: the node's, for messages, and its results' until they are renamed.
    /// - Returns: one value a result.
    /// - Throws: what the operation's shape rule throws, `.tooLarge` beyond the limits.
    package mutating func add(
        _ operation: any Operation, _ inputs: [ValueID?], name: String
    ) throws(ModelError) -> [ValueID] {
        var node = Node(name: name, operation, inputs: inputs, outputs: [])
        let operands = try model.operands(of: node)
        let results = try operation.outputs(for: operands)
        for result in results { try check(result.shape) }
        if let known = try evaluated(node, operands, results) {
            var ids: [ValueID] = []
            for data in known { ids.append(try constant(name, data)) }
            return ids
        }
        guard model.nodes.count < Self.maximumNodes else {
            throw .tooLarge(
                .init(
                    "nodes of the model", expected: "at most \(Self.maximumNodes)", found: "more",
                    advice: "unrolled sequences take several nodes a step: shorten them"))
        }
        for (index, result) in results.enumerated() {
            let own = results.count == 1 ? name : "\(name):\(index)"
            let value = Value(name: own, type: result.type, shape: result.shape)
            node.outputs.append(try add(value))
        }
        if node.operation is Dequantize, let output = node.outputs.first { dequantizers[output] = model.nodes.count }
        model.nodes.append(node)
        return node.outputs
    }

    /// Gives a value the name that the file knows it by.
    package mutating func rename(_ id: ValueID, to name: String) { model[id].name = name }

    /// What a value is known to be: a constant, or one dequantized by constants; nil if it depends on the inputs.
    package func known(_ id: ValueID) throws(ModelError) -> TensorData? {
        if let constant = model[id].constant { return constant }
        guard let index = dequantizers[id], model[id].elementCount <= Self.maximumParameters else { return nil }
        let node = model.nodes[index]
        var operands: [TensorData?] = []
        for input in node.inputs {
            guard input.map({ model[$0].constant != nil }) ?? true else { return nil }
            operands.append(input.flatMap { model[$0].constant })
        }
        return try node.operation.evaluate(operands).first
    }

    /// The model, without nodes and values that no output needs.
    ///
    /// - Parameter outputs: an input, a constant or a value named twice gets a node of its own.
    /// - Throws: `.tooLarge` beyond the limits.
    package mutating func finish(outputs: [ValueID]) throws(ModelError) -> Model {
        var written = Set(model.nodes.flatMap(\.outputs))
        for output in outputs {
            if written.remove(output) != nil {
                model.outputs.append(output)
                continue
            }
            let value = model[output]
            let copy = try add(Value(name: value.name, type: value.type, shape: value.shape))
            let identity = Reshape(shape: value.shape)
            model.nodes.append(Node(name: value.name, identity, inputs: [output], outputs: [copy]))
            model.outputs.append(copy)
        }
        return compacted()
    }

    private mutating func add(_ value: Value) throws(ModelError) -> ValueID {
        try check(value.shape)
        try value.check()
        elements += value.elementCount
        guard elements <= Shape.maximumElements else {
            throw .tooLarge(
                .init(
                    "elements of all values", expected: "at most \(Shape.maximumElements)", found: "more",
                    place: "value \(value.name)", advice: "make the input smaller or the batch 1"))
        }
        return model.add(value)
    }

    private func check(_ shape: [Int]) throws(ModelError) {
        guard shape.count <= Self.maximumRank else {
            throw .tooLarge(
                .init("dimensions of a value", expected: "at most \(Self.maximumRank)", found: "\(shape.count)"))
        }
        _ = try Shape.count(shape, of: "a value")
    }

    /// The results, where the operands are known and the work is within the limits.
    private mutating func evaluated(
        _ node: Node, _ operands: [Operand?], _ results: [Operand]
    ) throws(ModelError) -> [TensorData]? {
        guard !(node.operation is Dequantize), node.inputs.contains(where: { $0 != nil }),
            operands.allSatisfy({ $0.map { $0.constant != nil } ?? true })
        else { return nil }
        let counts = results.map { $0.shape.reduce(1, *) }
        guard counts.allSatisfy({ $0 <= limits.constantElements }) else { return nil }
        let work = Self.work(node.operation, operands.map { $0?.shape.reduce(1, *) ?? 0 }, counts.reduce(0, +))
        guard work <= workLeft else { return nil }
        workLeft -= work
        return try node.operation.evaluate(operands.map { $0?.constant })
    }

    /// About how many elements are read and written, or products summed.
    private static func work(_ operation: any Operation, _ operands: [Int], _ results: Int) -> Int {
        let touched = operands.reduce(results, +)
        let factor =
            switch operation {
            case is Convolution, is TransposedConvolution, is MatrixProduct: operands.count > 1 ? operands[1] : 1
            case let pool as Pool: pool.kernel.height.multipliedReportingOverflow(by: pool.kernel.width).partialValue
            default: 1
            }
        let (work, overflows) = touched.multipliedReportingOverflow(by: max(factor, 1))
        return overflows ? .max : work
    }

    /// Nodes in order, but only those that lead to an output; values numbered anew.
    private func compacted() -> Model {
        var isNeeded = [Bool](repeating: false, count: model.values.count)
        for id in model.inputs + model.outputs { isNeeded[id.index] = true }
        var nodes: [Node] = []
        for node in model.nodes.reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
            for id in node.outputs + node.inputs.compactMap({ $0 }) { isNeeded[id.index] = true }
            nodes.append(node)
        }
        var result = Model(name: model.name)
        var numbers = [ValueID?](repeating: nil, count: model.values.count)
        for (index, value) in model.values.enumerated() where isNeeded[index] { numbers[index] = result.add(value) }
        result.inputs = model.inputs.compactMap { numbers[$0.index] }
        result.outputs = model.outputs.compactMap { numbers[$0.index] }
        result.nodes = nodes.reversed().map { node in
            var node = node
            node.inputs = node.inputs.map { $0.flatMap { numbers[$0.index] } }
            node.outputs = node.outputs.compactMap { numbers[$0.index] }
            return node
        }
        return result
    }
}
