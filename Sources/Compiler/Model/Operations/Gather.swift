/// Slices of a tensor picked by number along a dimension.
///
/// - Shapes: x, then integer indices of any shape (below zero counts from the end); y is x with the indices' shape for
///   dimension `axis`.
package struct Gather: Hashable, Sendable {
    /// 0..<rank.
    package var axis: Int

    package init(axis: Int) { self.axis = axis }
}

extension Gather: Operation {
    package static let name = "gather"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x", "indices"])
        try operands.require(axis: axis, of: 0)
        try operands.require(1, isOneOf: ElementType.integers)
        let (x, indices) = (try operands(0), try operands(1))
        if let constant = indices.constant { _ = try positions(constant, count: x.shape[axis]) }
        return [try operands.result(x.type, x.shape[..<axis] + indices.shape + x.shape[(axis + 1)...])]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let strides = Shape.strides(x.shape)
        var offsets = x.shape.indices.map { dimension in (0..<x.shape[dimension]).map { $0 * strides[dimension] } }
        offsets[axis] = try positions(try inputs.tensor(1), count: x.shape[axis]).map { $0 * strides[axis] }
        return [TensorData(shape: shape, try x.elements.picked(by: OffsetGrid(offsets)))]
    }

    /// The indices, those below zero counted from the end.
    private func positions(_ indices: TensorData, count: Int) throws(ModelError) -> [Int] {
        let positions = indices.elements.integers.map { $0 < 0 ? Int($0) + count : Int($0) }
        for position in positions where !(0..<count).contains(position) {
            throw .mismatch(
                .init(
                    "indices of \(Self.name)", expected: "\(-count) to \(count - 1) along axis \(axis)",
                    found: "\(position < 0 ? position - count : position)"))
        }
        return positions
    }
}
