/// The operands of one operation, under their names, and the checks that shape rules are made of.
struct Operands {
    private let operation: String
    private let names: [String]
    private let inputs: [Operand?]

    /// - Parameter names: one an operand; a single one with `isVariadic` names them all.
    /// - Parameter required: how many of the first must be there.
    /// - Throws: `.mismatch` where one is missing or too many came.
    init(
        _ inputs: [Operand?], of operation: any Operation.Type, names: [String], required: Int? = nil,
        isVariadic: Bool = false
    ) throws(ModelError) {
        self.operation = operation.name
        self.names = isVariadic ? inputs.indices.map { "\(names[0]) \($0)" } : names
        self.inputs = inputs
        let least = isVariadic ? max(inputs.count, 1) : required ?? names.count
        guard inputs.count >= least, inputs.count <= self.names.count || isVariadic else {
            let expected =
                isVariadic ? "at least 1" : least == names.count ? "\(least)" : "\(least) to \(names.count)"
            throw .mismatch(
                .init(
                    "operands of \(self.operation)", expected: "\(expected) (\(names.joined(separator: ", ")))",
                    found: "\(inputs.count)"))
        }
        for index in 0..<least where inputs[index] == nil {
            throw .mismatch(.init(what(index), expected: "an operand", found: "none"))
        }
        for (index, input) in inputs.enumerated() {
            if let input { _ = try Shape.count(input.shape, of: what(index)) }
        }
    }

    var count: Int { inputs.count }

    /// A required operand.
    func callAsFunction(_ index: Int) throws(ModelError) -> Operand {
        guard let operand = optional(index) else {
            throw .mismatch(.init(what(index), expected: "an operand", found: "none"))
        }
        return operand
    }

    func optional(_ index: Int) -> Operand? { index < inputs.count ? inputs[index] : nil }

    /// "weights of convolution".
    func what(_ index: Int) -> String { "\(names[index]) of \(operation)" }

    /// Checks the type of an operand that is there.
    func require(_ index: Int, isOneOf types: [ElementType]) throws(ModelError) {
        guard let operand = optional(index), !types.contains(operand.type) else { return }
        throw fault(index, "type", types.map(\.rawValue).joined(separator: " or "), operand.type.rawValue)
    }

    func require(_ index: Int, rank: Int) throws(ModelError) {
        guard let operand = optional(index), operand.shape.count != rank else { return }
        throw fault(index, "shape", "\(rank) dimensions", "\(operand.shape)")
    }

    func require(_ index: Int, shape: [Int]) throws(ModelError) {
        guard let operand = optional(index), operand.shape != shape else { return }
        throw fault(index, "shape", "\(shape)", "\(operand.shape)")
    }

    /// Checks that an operand repeats to `shape` as numpy broadcasts.
    func require(_ index: Int, broadcastsTo shape: [Int]) throws(ModelError) {
        guard let operand = optional(index), Shape.broadcast(operand.shape, shape) != shape else { return }
        throw fault(index, "shape", "one that broadcasts to \(shape)", "\(operand.shape)")
    }

    /// Checks that an operand has the type of another one.
    func require(_ index: Int, hasTypeOf other: Int) throws(ModelError) {
        guard let operand = optional(index), let other = optional(other) else { return }
        if operand.type != other.type { throw fault(index, "type", other.type.rawValue, operand.type.rawValue) }
    }

    /// Checks an attribute that names a dimension of an operand.
    func require(axis: Int, of index: Int) throws(ModelError) {
        let rank = try self(index).shape.count
        guard !(0..<rank).contains(axis) else { return }
        throw attribute("axis", "0..<\(rank) for \(names[index]) \(try self(index).shape)", "\(axis)")
    }

    /// Checks an attribute that is a number.
    func require(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(ModelError) {
        if !range.contains(value) {
            throw attribute(name, "\(range.lowerBound) to \(range.upperBound)", "\(value)")
        }
    }

    /// Checks an attribute that has one number a dimension of an operand.
    func require(_ name: String, count: Int, isRankOf index: Int) throws(ModelError) {
        let shape = try self(index).shape
        if count != shape.count { throw attribute(name, "\(shape.count) for \(names[index]) \(shape)", "\(count)") }
    }

    /// The result's type and shape, found plausible.
    func result(_ type: ElementType, _ shape: [Int]) throws(ModelError) -> Operand {
        _ = try Shape.count(shape, of: "the result of \(operation)")
        return Operand(type: type, shape: shape)
    }

    func fault(_ index: Int, _ property: String, _ expected: String, _ found: String) -> ModelError {
        .mismatch(.init("\(property) of \(what(index))", expected: expected, found: found))
    }

    func attribute(_ name: String, _ expected: String, _ found: String) -> ModelError {
        .mismatch(.init("\(name) of \(operation)", expected: expected, found: found))
    }
}

extension Operation {
    /// The shape rule on elements that are there: what each `evaluate` begins with.
    func results(of inputs: [TensorData?]) throws(ModelError) -> [Operand] {
        try outputs(for: inputs.map { $0.map { Operand(type: $0.type, shape: $0.shape, constant: $0) } })
    }
}

extension [TensorData?] {
    /// An operand that the shape rule has found to be there.
    func tensor(_ index: Int) throws(ModelError) -> TensorData {
        guard index < count, let tensor = self[index] else {
            throw .mismatch(.init("operand \(index)", expected: "an operand", found: "none"))
        }
        return tensor
    }

    func optional(_ index: Int) -> TensorData? { index < count ? self[index] : nil }

    /// The real numbers of an operand.
    func reals(_ index: Int) throws(ModelError) -> [Float] {
        guard case .float32(let elements) = try tensor(index).elements else {
            throw .mismatch(
                .init("type of operand \(index)", expected: "float32", found: try tensor(index).type.rawValue))
        }
        return elements
    }
}
