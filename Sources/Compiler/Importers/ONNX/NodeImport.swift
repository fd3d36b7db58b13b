/// One node of the file on its way into the model: what its mapping reads, and where it adds.
struct NodeImport {
    let node: ONNXNode
    /// Of the operators of the node's domain.
    let version: Int
    /// One an input of the node; nil where one is left out.
    let inputs: [ValueID?]
    var builder: ModelBuilder
    private var readAttributes: Set<String> = []

    init(_ node: ONNXNode, version: Int, inputs: [ValueID?], builder: ModelBuilder) {
        self.node = node
        self.version = version
        self.inputs = inputs
        self.builder = builder
    }

    /// Indices and sizes beyond this are as good as endless, and the product of two still fits.
    static let extreme = 1 << 31

    static func clamped(_ number: Int64) -> Int { min(max(Int(number), -extreme), extreme) }
}

// MARK: Operands

extension NodeImport {
    /// A required operand.
    func input(_ index: Int) throws(ModelError) -> ValueID {
        guard let id = optional(index) else {
            throw .mismatch(.init("input \(index)", expected: "a value", found: "none"))
        }
        return id
    }

    func optional(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

    /// All operands of a node that takes as many as there are.
    func allInputs(from first: Int = 0) throws(ModelError) -> [ValueID] {
        var ids: [ValueID] = []
        for index in inputs.indices.dropFirst(first) { ids.append(try input(index)) }
        guard !ids.isEmpty else { throw .mismatch(.init("inputs", expected: "at least 1", found: "none")) }
        return ids
    }

    func shape(_ id: ValueID) -> [Int] { builder[id].shape }
    func type(_ id: ValueID) -> ElementType { builder[id].type }

    /// The elements of an operand that shapes the network; nil if it is left out.
    /// - Throws: `.unsupported` where they depend on the network's inputs.
    func known(_ index: Int, _ what: String) throws(ModelError) -> TensorData? {
        guard let id = optional(index) else { return nil }
        guard let data = try builder.known(id) else {
            throw .unsupported(
                .init(
                    "input \(index) (\(what))", expected: "a constant", found: "a value known only at run time",
                    advice: "export the model with fixed shapes, or run a shape simplifier over it"))
        }
        guard data.elements.count <= ModelBuilder.maximumParameters else {
            throw .tooLarge(
                .init(
                    "input \(index) (\(what))", expected: "at most \(ModelBuilder.maximumParameters) elements",
                    found: "\(data.elements.count)"))
        }
        return data
    }

    /// Whole numbers of an operand that shapes the network; nil if it is left out.
    func integers(_ index: Int, _ what: String) throws(ModelError) -> [Int]? {
        guard let data = try known(index, what) else { return nil }
        guard ElementType.integers.contains(data.type) else {
            throw .mismatch(
                .init("type of input \(index) (\(what))", expected: "whole numbers", found: data.type.rawValue))
        }
        return data.elements.integers.map(Self.clamped)
    }

    func requiredIntegers(_ index: Int, _ what: String) throws(ModelError) -> [Int] {
        _ = try input(index)
        return try integers(index, what) ?? []
    }

    /// One number of an operand that is known; nil if it is left out.
    func real(_ index: Int, _ what: String) throws(ModelError) -> Float? {
        guard let data = try known(index, what) else { return nil }
        guard let number = data.elements.reals.first, data.elements.count == 1 else {
            throw .mismatch(
                .init("input \(index) (\(what))", expected: "one number", found: "\(data.elements.count)"))
        }
        return number
    }

    /// Dimension `axis`, counted from the end below zero.
    /// - Throws: `.mismatch` where the tensor has no such dimension.
    func axis(_ axis: Int, rank: Int, upTo end: Int? = nil) throws(ModelError) -> Int {
        let limit = end ?? rank
        let index = axis < 0 ? axis + rank : axis
        guard index >= 0, index < limit else {
            throw .mismatch(.init("axis", expected: "\(-rank) to \(limit - 1)", found: "\(axis)"))
        }
        return index
    }

    func requireRank(_ id: ValueID, in ranks: ClosedRange<Int>, _ what: String, advice: String? = nil)
        throws(ModelError)
    {
        guard !ranks.contains(shape(id).count) else { return }
        let expected = ranks.count == 1 ? "\(ranks.lowerBound)" : "\(ranks.lowerBound) to \(ranks.upperBound)"
        throw .unsupported(
            .init("dimensions of \(what)", expected: expected, found: "\(shape(id))", advice: advice))
    }
}

// MARK: Attributes

extension NodeImport {
    private mutating func attribute(_ name: String) -> ONNXAttribute? {
        readAttributes.insert(name)
        return node.attributes[name]
    }

    private func wrongKind(_ name: String, _ expected: String, _ found: ONNXAttribute) -> ModelError {
        .malformed(.init("attribute \(name)", expected: expected, found: found.kind))
    }

    mutating func int(_ name: String) throws(ModelError) -> Int? {
        switch attribute(name) {
        case nil: return nil
        case .integer(let number): return Self.clamped(number)
        case .some(let other): throw wrongKind(name, "a whole number", other)
        }
    }

    mutating func int(_ name: String, default value: Int) throws(ModelError) -> Int { try int(name) ?? value }

    mutating func flag(_ name: String, default value: Bool = false) throws(ModelError) -> Bool {
        try int(name).map { $0 != 0 } ?? value
    }

    mutating func ints(_ name: String) throws(ModelError) -> [Int]? {
        switch attribute(name) {
        case nil: return nil
        case .integers(let numbers):
            guard numbers.count <= ModelBuilder.maximumParameters else {
                throw .tooLarge(
                    .init(
                        "attribute \(name)", expected: "at most \(ModelBuilder.maximumParameters) numbers",
                        found: "\(numbers.count)"))
            }
            return numbers.map(Self.clamped)
        // An empty list looks alike whatever it is a list of.
        case .floats(let numbers) where numbers.isEmpty: return []
        case .some(let other): throw wrongKind(name, "whole numbers", other)
        }
    }

    mutating func float(_ name: String) throws(ModelError) -> Float? {
        switch attribute(name) {
        case nil: return nil
        case .float(let number): return number
        case .some(let other): throw wrongKind(name, "a number", other)
        }
    }

    mutating func float(_ name: String, default value: Float) throws(ModelError) -> Float { try float(name) ?? value }

    mutating func floats(_ name: String) throws(ModelError) -> [Float]? {
        switch attribute(name) {
        case nil: return nil
        case .floats(let numbers): return numbers
        case .integers(let numbers) where numbers.isEmpty: return []
        case .some(let other): throw wrongKind(name, "numbers", other)
        }
    }

    mutating func string(_ name: String, default value: String) throws(ModelError) -> String {
        switch attribute(name) {
        case nil: return value
        case .string(let text): return text
        case .some(let other): throw wrongKind(name, "a text", other)
        }
    }

    mutating func strings(_ name: String) throws(ModelError) -> [String]? {
        switch attribute(name) {
        case nil: return nil
        case .strings(let texts): return texts
        case .some(let other): throw wrongKind(name, "texts", other)
        }
    }

    mutating func tensor(_ name: String) throws(ModelError) -> TensorData? {
        switch attribute(name) {
        case nil: return nil
        case .tensor(let tensor): return tensor.data
        case .some(let other): throw wrongKind(name, "a tensor", other)
        }
    }

    mutating func graph(_ name: String) throws(ModelError) -> ONNXGraph {
        switch attribute(name) {
        case nil: throw .malformed(.init("attribute \(name)", expected: "a graph", found: "none"))
        case .graph(let graph): return graph
        case .some(let other): throw wrongKind(name, "a graph", other)
        }
    }

    /// Attributes without a bearing on the result.
    mutating func ignore(_ names: String...) { readAttributes.formUnion(names) }

    /// Refuses what the mapping did not look at: an attribute that is not understood may change the result.
    func checkAttributes() throws(ModelError) {
        guard let name = node.attributes.keys.sorted().first(where: { !readAttributes.contains($0) }) else { return }
        throw .unsupported(
            .init("attribute \(name)", expected: "only attributes known here", found: "one that is not"))
    }

    func unsupported(_ what: String, expected: String, found: String, advice: String? = nil) -> ModelError {
        .unsupported(.init(what, expected: expected, found: found, advice: advice))
    }
}

// MARK: What mappings are made of

extension NodeImport {
    /// Adds an operation; one value a result.
    mutating func addAll(_ operation: any Operation, _ inputs: [ValueID?]) throws(ModelError) -> [ValueID] {
        try builder.add(operation, inputs, name: node.name)
    }

    /// Adds an operation with one result.
    mutating func add(_ operation: any Operation, _ inputs: ValueID?...) throws(ModelError) -> ValueID {
        let results = try addAll(operation, inputs)
        guard let result = results.first else {
            throw .mismatch(.init("results", expected: "one", found: "none"))
        }
        return result
    }

    mutating func constant(_ data: TensorData) throws(ModelError) -> ValueID {
        try builder.constant(node.name, data)
    }

    /// One number, of the type of another value.
    mutating func scalar(_ number: Float, as type: ElementType = .float32) throws(ModelError) -> ValueID {
        try constant(TensorData(shape: [], Elements.float32([number]).converted(to: type)))
    }

    mutating func unary(_ function: Unary.Function, _ x: ValueID) throws(ModelError) -> ValueID {
        try add(Unary(function), x)
    }

    mutating func binary(_ function: Binary.Function, _ a: ValueID, _ b: ValueID) throws(ModelError) -> ValueID {
        try add(Binary(function), a, b)
    }

    mutating func binary(_ function: Binary.Function, _ a: ValueID, _ b: Float) throws(ModelError) -> ValueID {
        try add(Binary(function), a, try scalar(b, as: type(a)))
    }

    /// Nothing where the shape is that already.
    mutating func reshape(_ x: ValueID, _ shape: [Int]) throws(ModelError) -> ValueID {
        self.shape(x) == shape ? x : try add(Reshape(shape: shape), x)
    }

    /// Nothing where the order is that already.
    mutating func transpose(_ x: ValueID, _ permutation: [Int]) throws(ModelError) -> ValueID {
        permutation == Array(permutation.indices) ? x : try add(Transpose(permutation: permutation), x)
    }

    mutating func cast(_ x: ValueID, to type: ElementType) throws(ModelError) -> ValueID {
        self.type(x) == type ? x : try add(Cast(to: type), x)
    }

    /// Elements `start..<start + count` along a dimension.
    mutating func slice(_ x: ValueID, axis: Int, start: Int, count: Int) throws(ModelError) -> ValueID {
        let shape = shape(x)
        if start == 0, count == shape[axis] { return x }
        var starts = [Int](repeating: 0, count: shape.count)
        var sizes = shape
        (starts[axis], sizes[axis]) = (start, count)
        return try add(Slice(starts: starts, steps: shape.map { _ in 1 }, sizes: sizes), x)
    }

    /// The order that brings dimension 1 behind all others: from `[n, channels, ...]` to `[n, ..., channels]`.
    static func channelsLast(_ rank: Int) -> [Int] { [0] + Array(2..<max(rank, 2)) + [1] }
    /// Back again.
    static func channelsFirst(_ rank: Int) -> [Int] { [0, rank - 1] + Array(1..<max(rank - 1, 1)) }

    /// `[n, channels, height, width]`, or `[n, channels, length]`, as an image of the model.
    ///
    /// A length becomes a width by a reshape behind the transpose, so that the transposes of neighbours meet and cancel.
    mutating func image(_ x: ValueID) throws(ModelError) -> ValueID {
        let shape = shape(x)
        let last = try transpose(x, Self.channelsLast(shape.count))
        return shape.count == 3 ? try reshape(last, [shape[0], 1, shape[2], shape[1]]) : last
    }

    /// An image of the model in the file's layout again.
    mutating func fromImage(_ y: ValueID, rank: Int) throws(ModelError) -> ValueID {
        let shape = shape(y)
        let flat = rank == 3 ? try reshape(y, [shape[0], shape[2], shape[3]]) : y
        return try transpose(flat, Self.channelsFirst(rank))
    }
}
