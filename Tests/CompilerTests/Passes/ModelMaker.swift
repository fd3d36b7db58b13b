@testable import Compiler

/// Writes models for tests a node at a time; shapes and types come from the operations' own rules.
struct ModelMaker {
    private(set) var model: Model
    private var count = 0
    /// What ``convolution(_:_:of:)`` made last.
    var weightsForConvolution: ValueID?

    init(_ name: String = "test") { model = Model(name: name) }

    mutating func input(_ shape: [Int], _ type: ElementType = .float32, quantization: ValueQuantization? = nil)
        -> ValueID
    {
        let name = "input\(model.inputs.count)"
        let id = model.add(Value(name: name, type: type, shape: shape, quantization: quantization))
        model.inputs.append(id)
        return id
    }

    mutating func constant(
        _ shape: [Int], _ elements: Elements, quantization: ValueQuantization? = nil
    ) -> ValueID {
        count += 1
        return model.constant("constant\(count)", TensorData(shape: shape, elements), quantization: quantization)
    }

    mutating func reals(_ shape: [Int], _ elements: [Float]) -> ValueID { constant(shape, .float32(elements)) }

    /// A constant whose elements count up and wrap: small whole numbers, so that sums are exact.
    mutating func counting(_ shape: [Int], times step: Float = 1) -> ValueID {
        reals(shape, (0..<shape.reduce(1, *)).map { Float($0 % 7 - 3) * step })
    }

    mutating func all(_ operation: any Operation, _ inputs: [ValueID?]) throws -> [ValueID] {
        count += 1
        let node = Node(name: "node\(count)", operation, inputs: inputs, outputs: [])
        let results = try operation.outputs(for: try model.operands(of: node))
        var outputs: [ValueID] = []
        for (place, result) in results.enumerated() {
            outputs.append(model.add(Value(name: "value\(count).\(place)", type: result.type, shape: result.shape)))
        }
        model.nodes.append(Node(name: node.name, operation, inputs: inputs, outputs: outputs))
        return outputs
    }

    mutating func callAsFunction(_ operation: any Operation, _ inputs: ValueID?...) throws -> ValueID {
        try all(operation, inputs)[0]
    }

    mutating func transpose(_ x: ValueID, _ permutation: [Int]) throws -> ValueID {
        try self(Transpose(permutation: permutation), x)
    }

    mutating func clamp(_ x: ValueID, _ range: Activation = .relu) throws -> ValueID {
        try self(Unary(.clamp(range)), x)
    }

    mutating func quantize(
        _ x: ValueID, _ scale: Float, _ zeroPoint: Int64 = 0, _ type: ElementType = .int8
    ) throws -> ValueID {
        let (scale, zero) = (reals([], [scale]), constant([], Elements(type, wrapping: [zeroPoint])))
        return try self(Quantize(to: type), x, scale, zero)
    }

    mutating func dequantize(_ x: ValueID, _ scale: Float, _ zeroPoint: Int64 = 0) throws -> ValueID {
        let (scale, zero) = (reals([], [scale]), constant([], Elements(model[x].type, wrapping: [zeroPoint])))
        return try self(Dequantize(), x, scale, zero)
    }

    /// Constant integers behind a dequantize node, one scale or one a slice along `axis`.
    mutating func weights(
        _ shape: [Int], _ scales: [Float], axis: Int? = nil, type: ElementType = .int8, zeroPoint: Int64 = 0
    ) throws -> ValueID {
        let integers = (0..<shape.reduce(1, *)).map { Int64(($0 * 5) % 7 - 3) + zeroPoint }
        let x = constant(shape, Elements(type, wrapping: integers))
        let shape = axis == nil ? [] : [scales.count]
        let (scale, zero) = (
            reals(shape, scales), constant(shape, Elements(type, wrapping: scales.map { _ in zeroPoint }))
        )
        return try self(Dequantize(axis: axis), x, scale, zero)
    }

    /// Declares how a node's result is stored.
    mutating func setStored(_ id: ValueID, as type: ElementType, _ quantization: ValueQuantization) {
        model[id].type = type
        model[id].quantization = quantization
    }

    mutating func output(_ ids: ValueID...) {
        for id in ids {
            model[id].name = "output\(model.outputs.count)"
            model.outputs.append(id)
        }
    }

    func shape(_ id: ValueID) -> [Int] { model[id].shape }
}

/// Numbers that come in the same order for the same seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = (seed &+ 1) &* 0xD6E8_FEB8_6659_FD93 }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[pick(0...list.count - 1)] }

    mutating func chance(_ part: Int, of whole: Int) -> Bool { pick(1...whole) <= part }
}

/// Inputs of a model: small whole numbers, or any integers of the declared type.
func randomInputs(_ model: Model, _ numbers: inout SeededNumbers) -> [TensorData] {
    model.inputs.map { id in
        let value = model[id]
        let type = value.presentedType ?? value.type
        let range = type == .float32 ? -4...4 : Int(type.integerRange.lowerBound)...Int(type.integerRange.upperBound)
        let integers = (0..<value.elementCount).map { _ in Int64(numbers.pick(range)) }
        return TensorData(shape: value.shape, Elements(type, wrapping: integers))
    }
}
