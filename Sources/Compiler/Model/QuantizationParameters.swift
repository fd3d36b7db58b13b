/// Scales and zero points at work on elements: one pair for all, or one a slice along an axis.
struct QuantizationParameters {
    let scales: [Float]
    let zeroPoints: [Int32]
    let axis: Int?

    init(scales: [Float], zeroPoints: [Int32], axis: Int?) {
        precondition(scales.count == zeroPoints.count)
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.axis = axis
    }

    init(_ quantization: ValueQuantization) {
        self.init(scales: quantization.scales, zeroPoints: quantization.zeroPoints, axis: quantization.axis)
    }

    /// `saturate(round(x / scale) + zeroPoint)`, divided as floats, ties to even.
    func quantize(_ x: [Float], shape: [Int], type: ElementType) -> Elements {
        switch type {
        case .int8: .int8(quantize(x, shape))
        case .uint8: .uint8(quantize(x, shape))
        case .int16: .int16(quantize(x, shape))
        case .uint16: .uint16(quantize(x, shape))
        case .int64: .int64(quantize(x, shape))
        default: .int32(quantize(x, shape))
        }
    }

    private func quantize<Element: TensorInteger>(_ x: [Float], _ shape: [Int]) -> [Element] {
        var y: [Element] = []
        y.reserveCapacity(x.count)
        forEachSlice(shape) { slice, range in
            let (scale, zeroPoint) = (scales[slice], zeroPoints[slice])
            if Element.bitWidth <= 16, zeroPoint.magnitude < 1 << 20 {
                for index in range { y.append(Self.quantized(x[index] / scale, Int(zeroPoint))) }
            } else {
                for index in range {
                    // Rounded before the zero point is added: the sum of whole numbers is exact in double.
                    let rounded = (x[index] / scale).rounded(.toNearestOrEven)
                    y.append(Element(nearest: Double(rounded) + Double(zeroPoint)))
                }
            }
        }
        return y
    }

    /// Rounded and saturated for narrow types, without a call into the C library for each element.
    @inline(__always)
    private static func quantized<Element: TensorInteger>(_ quotient: Float, _ zeroPoint: Int) -> Element {
        guard quotient == quotient else { return 0 }
        // Bounds that are whole numbers may as well be applied before rounding.
        let low = Float(Int(Element.min) - zeroPoint)
        let high = Float(Int(Element.max) - zeroPoint)
        // Below 2^22, adding 1.5 * 2^23 leaves no place for a fraction: the sum is rounded, ties to even.
        let shift: Float = 12_582_912
        let rounded = (min(max(quotient, low), high) + shift) - shift
        return Element(truncatingIfNeeded: Int(rounded) + zeroPoint)
    }

    /// `(x - zeroPoint) * scale`, the difference exact.
    func dequantize(_ elements: Elements, shape: [Int]) throws(ModelError) -> [Float] {
        try elements.applyToIntegers(Dequantizing(parameters: self, shape: shape)) ?? elements.reals
    }

    private struct Dequantizing: IntegerWork {
        let parameters: QuantizationParameters
        let shape: [Int]

        func callAsFunction<Element: TensorInteger>(_ x: [Element]) -> [Float] {
            var y: [Float] = []
            y.reserveCapacity(x.count)
            parameters.forEachSlice(shape) { slice, range in
                let (scale, zeroPoint) = (parameters.scales[slice], Int64(parameters.zeroPoints[slice]))
                for index in range { y.append(Float(Int64(x[index]) &- zeroPoint) * scale) }
            }
            return y
        }
    }

    /// Calls `body` with each stretch of elements, in order, that share a scale.
    private func forEachSlice(_ shape: [Int], _ body: (Int, Range<Int>) -> Void) {
        guard let axis, scales.count != 1 else {
            body(0, 0..<shape.reduce(1, *))
            return
        }
        let layout = AxisLayout(shape, axis: axis)
        for stretch in 0..<layout.outer * layout.count {
            body(stretch % layout.count, stretch * layout.inner..<(stretch + 1) * layout.inner)
        }
    }
}

extension ElementType {
    /// What real numbers are quantized to.
    static let quantized: [ElementType] = [.int8, .uint8, .int16, .uint16, .int32]

    static func list(_ types: [ElementType]) -> String { types.map(\.rawValue).joined(separator: " or ") }
}

extension Operands {
    /// Checks operands 1 (scale) and 2 (zero point) against operand 0 that they belong to.
    func requireScale(axis: Int?) throws(ModelError) {
        let (x, scale) = (try self(0), try self(1))
        try require(1, isOneOf: [.float32])
        if let axis {
            try require(axis: axis, of: 0)
            try require(1, shape: [x.shape[axis]])
        } else if scale.shape != [], scale.shape != [1] {
            throw fault(1, "shape", "one number, or an axis", "\(scale.shape)")
        }
        if let zeroPoint = optional(2), zeroPoint.shape.reduce(1, *) != scale.shape.reduce(1, *) {
            throw fault(2, "shape", "\(scale.shape) as the scale", "\(zeroPoint.shape)")
        }
        guard case .float32(let scales)? = scale.constant?.elements else { return }
        for scale in scales where !(scale.isFinite && scale > 0) {
            throw fault(1, "value", "a finite number above 0", "\(scale)")
        }
    }
}
