/// Constants while a pass rewrites a model; the quantization of a constant goes with its elements.
extension ModelEditor {
    /// A constant of plain real numbers: not quantized, not integers.
    func plainReals(_ id: ValueID?) -> [Float]? {
        guard let id, model[id].quantization == nil, case .float32(let elements) = model[id].constant?.elements else {
            return nil
        }
        return elements
    }

    /// The same constant with its dimensions reordered: dimension `d` is the old `permutation[d]`.
    mutating func transposedConstant(_ id: ValueID, _ permutation: [Int]) throws(ModelError) -> ValueID {
        guard let data = model[id].constant, !Permutation.isIdentity(permutation) else { return id }
        let moved = try Transpose(permutation: permutation).evaluate([data])[0]
        let quantization = model[id].quantization?.transposed(by: permutation)
        return addConstant(model[id].name, moved, quantization: quantization, like: id)
    }

    /// The same constant under another shape.
    /// - Returns: nil if its quantization is along a dimension that the new shape does not have.
    mutating func reshapedConstant(_ id: ValueID, _ shape: [Int]) -> ValueID? {
        guard let data = model[id].constant else { return nil }
        if data.shape == shape { return id }
        var quantization = model[id].quantization
        if let old = quantization, let axis = old.axis {
            guard let place = Self.axis(axis, of: data.shape, in: shape) else { return nil }
            quantization?.axis = place
        }
        return addConstant(
            model[id].name, TensorData(shape: shape, data.elements), quantization: quantization, like: id)
    }

    private mutating func addConstant(
        _ name: String, _ data: TensorData, quantization: ValueQuantization?, like: ValueID
    ) -> ValueID {
        let id = addConstant(name, data, quantization: quantization)
        self[id].isFromUnsigned = model[like].isFromUnsigned
        return id
    }

    /// Where a dimension is after a reshape that leaves it whole; nil if it is cut or joined.
    static func axis(_ axis: Int, of shape: [Int], in new: [Int]) -> Int? {
        let before = shape[..<axis].reduce(1, *)
        var product = 1
        for (place, extent) in new.enumerated() {
            if product == before, extent == shape[axis] { return place }
            product *= extent
        }
        return nil
    }

    /// The scales and zero points of a ``Quantize`` or ``Dequantize`` node, if they are constants that make sense.
    func parameters(_ node: Node) -> ValueQuantization? {
        guard node.inputs.count >= 2, let scaleID = node.inputs[1], let scale = model[scaleID].constant,
            case .float32(let scales) = scale.elements, scales.allSatisfy({ $0.isFinite && $0 > 0 })
        else { return nil }
        var zeroPoints = Array(repeating: Int32(0), count: scales.count)
        if node.inputs.count > 2, let id = node.inputs[2] {
            guard let data = model[id].constant, data.elements.count == scales.count else { return nil }
            zeroPoints = data.elements.integers.map { Int32(truncatingIfNeeded: $0) }
        }
        let axis = (node.operation as? Dequantize)?.axis ?? (node.operation as? Quantize)?.axis
        if scales.count == 1 { return ValueQuantization(scales: scales, zeroPoints: zeroPoints) }
        guard let axis, let x = node.inputs[0], axis < model[x].shape.count, model[x].shape[axis] == scales.count
        else { return nil }
        return ValueQuantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
    }
}

extension ValueQuantization {
    /// The real number that the nearest element of a tensor with one scale stands for.
    func rounded(_ real: Float, type: ElementType) -> Float {
        let range = type.integerRange
        let element = Int64(nearest: Double((real / scales[0]).rounded(.toNearestOrEven)) + Double(zeroPoints[0]))
        return Float(min(max(element, range.lowerBound), range.upperBound) - Int64(zeroPoints[0])) * scales[0]
    }

    /// The smallest and the largest real number of a tensor with one scale.
    func limits(_ type: ElementType) -> (low: Float, high: Float) {
        let range = type.integerRange
        return (
            Float(range.lowerBound - Int64(zeroPoints[0])) * scales[0],
            Float(range.upperBound - Int64(zeroPoints[0])) * scales[0]
        )
    }

    func transposed(by permutation: [Int]) -> ValueQuantization {
        var result = self
        if let axis { result.axis = permutation.firstIndex(of: axis) }
        return result
    }
}

extension ElementType {
    /// What an integer type holds, within int32; sums above it are not quantized values.
    var integerRange: ClosedRange<Int64> {
        switch self {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32_768...32_767
        case .uint16: 0...65_535
        case .int32, .int64, .float32: Int64(Int32.min)...Int64(Int32.max)
        case .bool: 0...1
        }
    }

    /// A type whose values a plan can hold quantized.
    var isQuantizable: Bool { [.int8, .uint8, .int16, .uint16].contains(self) }
}
