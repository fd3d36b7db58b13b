/// A tensor repeated whole along each dimension.
package struct Tile: Hashable, Sendable {
    package var repeats: [Int]

    package init(repeats: [Int]) { self.repeats = repeats }
}

extension Tile: Operation {
    package static let name = "tile"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require("repeats", count: repeats.count, isRankOf: 0)
        for count in repeats { try operands.require("repeats", count, in: 0...Shape.maximumExtent) }
        let x = try operands(0)
        return [try operands.result(x.type, zip(x.shape, repeats).map(*))]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let indices = zip(shape, x.shape).map { whole, part in (0..<whole).map { $0 % part } }
        return [TensorData(shape: shape, try x.elements.picked(by: OffsetGrid(indices: indices, of: x.shape)))]
    }
}
