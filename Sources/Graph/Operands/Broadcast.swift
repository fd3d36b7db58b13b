/// Two operands of one shape, or of shapes that meet as numpy's do: from the last dimension on, equal or 1.
package struct Broadcast: Hashable, Sendable {
    package let shape: [Int]
    /// Row-major steps through each operand, 0 along a dimension in which it repeats.
    package let stridesA: [Int]
    package let stridesB: [Int]

    /// - Returns: nil where the shapes do not meet.
    package init?(_ a: [Int], _ b: [Int]) {
        let rank = max(a.count, b.count)
        let wideA = [Int](repeating: 1, count: rank - a.count) + a
        let wideB = [Int](repeating: 1, count: rank - b.count) + b
        var shape: [Int] = []
        for (one, other) in zip(wideA, wideB) {
            guard one == other || one == 1 || other == 1 else { return nil }
            shape.append(max(one, other))
        }
        func strides(_ from: [Int]) -> [Int] {
            zip(Strides.rowMajor(from), from).map { $1 == 1 ? 0 : $0 }
        }
        self.shape = shape
        stridesA = strides(wideA)
        stridesB = strides(wideB)
    }

    /// Whether both operands have the result's shape.
    package func isPlain(_ a: [Int], _ b: [Int]) -> Bool {
        a.reduce(1, *) == shape.reduce(1, *) && b.reduce(1, *) == shape.reduce(1, *)
    }

    /// One result for each pair of elements.
    package func map(_ a: [Int8], _ b: [Int8], _ body: (Int32, Int32) -> Int32) -> [Int8] {
        var placesB: [Int] = []
        Strides.forEach(shape, stridesB) { placesB.append($0) }
        var output: [Int8] = []
        output.reserveCapacity(placesB.count)
        Strides.forEach(shape, stridesA) { output.append(Int8(body(Int32(a[$0]), Int32(b[placesB[output.count]])))) }
        return output
    }

    init(_ decoder: OperatorDecoder, _ name: String) throws(PlanError) {
        try decoder.expect(inputs: 2, of: name)
        let (a, b) = (try decoder.input(0, of: name), try decoder.input(1, of: name))
        let output = try decoder.output(of: name)
        guard let meeting = Broadcast(a.shape, b.shape), meeting.shape == output.shape else {
            throw decoder.malformed(
                "shapes of \(name)", expected: "\(output.shape) where they meet", found: "\(a.shape) and \(b.shape)")
        }
        self = meeting
    }
}

extension PlanBuilder {
    /// A new tensor with the shape at which two operands meet.
    mutating func meeting(_ a: TensorID, _ b: TensorID, _ output: Quantization, _ name: String?, _ operation: String)
        throws(PlanError) -> TensorID
    {
        let (shapeA, shapeB) = (try shape(of: a), try shape(of: b))
        guard let meeting = Broadcast(shapeA, shapeB) else {
            throw .malformed(
                .init(
                    "shapes of \(operation)", expected: "equal, or 1 where they differ",
                    found: "\(shapeA) and \(shapeB)")
            )
        }
        return tensor(name: name, shape: meeting.shape, quantization: output)
    }
}
