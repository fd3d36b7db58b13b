import Testing

@testable import Compiler

/// Tensors written short, for tests of operations.
enum Tensors {
    static func reals(_ shape: [Int], _ elements: [Float]) -> TensorData {
        TensorData(shape: shape, .float32(elements))
    }

    /// One dimension.
    static func reals(_ elements: Float...) -> TensorData { reals([elements.count], elements) }

    /// 1, 2, 3 and so on.
    static func counting(_ shape: [Int]) -> TensorData {
        reals(shape, (1...max(shape.reduce(1, *), 1)).map { Float($0) })
    }

    /// Small multiples of 1/8, the same for a seed: products and sums of some thousands are exact in float.
    static func eighths(_ shape: [Int], seed: UInt64) -> TensorData {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        return reals(
            shape,
            (0..<shape.reduce(1, *)).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(Int(state >> 33) % 65 - 32) / 8
            })
    }
}

extension Operation {
    /// The first result.
    func of(_ inputs: TensorData?...) throws -> TensorData {
        let results = try evaluate(inputs)
        let declared = try outputs(
            for: inputs.map { $0.map { Operand(type: $0.type, shape: $0.shape, constant: $0) } })
        #expect(results.map(\.shape) == declared.map(\.shape), "shapes are what the rule says")
        #expect(results.map(\.type) == declared.map(\.type), "types are what the rule says")
        return try #require(results.first)
    }

    /// What the shape rule says against operands of these shapes, of real numbers.
    func refusal(_ shapes: [Int]...) -> String {
        refusal(of: shapes.map { Operand(type: .float32, shape: $0) })
    }

    func refusal(of operands: [Operand?]) -> String {
        do {
            return "none, but \(try outputs(for: operands).map(\.shape))"
        } catch {
            return error.description
        }
    }
}

extension TensorData {
    var reals: [Float] { elements.reals }

    func isNear(_ other: TensorData, within tolerance: Float) -> Bool {
        shape == other.shape && zip(reals, other.reals).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }
}
