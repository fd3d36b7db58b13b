/// Tensors that a file computes or states.
enum ConstantOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Constant": constant, "ConstantOfShape": constantOfShape, "Range": range,
    ]

    private static func constant(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let data: TensorData
        if let tensor = try node.tensor("value") {
            data = tensor
        } else if let number = try node.float("value_float") {
            data = TensorData(shape: [], .float32([number]))
        } else if let numbers = try node.floats("value_floats") {
            data = TensorData(shape: [numbers.count], .float32(numbers))
        } else if case .integer(let number) = node.node.attributes["value_int"] {
            node.ignore("value_int")
            data = TensorData(shape: [], .int64([number]))
        } else if case .integers(let numbers) = node.node.attributes["value_ints"] {
            node.ignore("value_ints")
            data = TensorData(shape: [numbers.count], .int64(numbers))
        } else {
            throw node.unsupported("constant", expected: "numbers", found: "text or a sparse tensor")
        }
        return [try node.constant(data)]
    }

    private static func constantOfShape(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let shape = try node.requiredIntegers(0, "shape")
        let value = try node.tensor("value") ?? TensorData(shape: [1], .float32([0]))
        guard value.elements.count == 1 else {
            throw .mismatch(.init("value", expected: "one element", found: "\(value.elements.count)"))
        }
        let element = try node.constant(TensorData(shape: [], value.elements))
        return [try node.add(Broadcast(shape: shape), element)]
    }

    private static func range(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        guard let start = try node.known(0, "start"), let limit = try node.known(1, "limit"),
            let delta = try node.known(2, "delta"), start.elements.count == 1, limit.elements.count == 1,
            delta.elements.count == 1, limit.type == start.type, delta.type == start.type
        else {
            throw .mismatch(.init("start, limit and delta", expected: "one number each, of one type", found: "others"))
        }
        let bounds = [start, limit, delta].map(\.elements)
        let isReal = start.type == .float32
        let count = isReal ? steps(bounds.map { $0.reals[0] }) : steps(bounds.map { $0.integers[0] })
        guard let count, count <= 1 << 20 else {
            throw .tooLarge(.init("range", expected: "at most \(1 << 20) finite elements", found: "more, or none"))
        }
        if isReal {
            let (first, step) = (Double(bounds[0].reals[0]), Double(bounds[2].reals[0]))
            let numbers = (0..<count).map { Float(first + Double($0) * step) }
            return [try node.constant(TensorData(shape: [count], .float32(numbers)))]
        }
        let (first, step) = (bounds[0].integers[0], bounds[2].integers[0])
        let numbers = (0..<count).map { first &+ Int64($0) &* step }
        return [try node.constant(TensorData(shape: [count], Elements(start.type, wrapping: numbers)))]
    }

    private static func steps(_ bounds: [Float]) -> Int? {
        let count = ((Double(bounds[1]) - Double(bounds[0])) / Double(bounds[2])).rounded(.up)
        return count.isFinite && count < Double(Int32.max) ? max(Int(count), 0) : nil
    }

    private static func steps(_ bounds: [Int64]) -> Int? {
        let (span, overflows) = bounds[1].subtractingReportingOverflow(bounds[0])
        guard !overflows, bounds[2] != 0, bounds[2] != .min, span != .min else { return nil }
        let (whole, rest) = span.quotientAndRemainder(dividingBy: bounds[2])
        return max(Int(whole) + (rest != 0 && (rest < 0) == (bounds[2] < 0) ? 1 : 0), 0)
    }
}
