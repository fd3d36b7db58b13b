import Testing

@testable import Compiler

/// Values from the backend tests of the ONNX standard, named in each test.
@Suite("Quantizing and dequantizing") struct QuantizationTests {
    private func scale(_ scale: Float) -> TensorData { Tensors.reals([], [scale]) }

    @Test("quantizelinear, quantizelinear_int16, quantizelinear_uint16: half to even, saturated")
    func standard() throws {
        let bytes = try Quantize(to: .uint8).of(
            Tensors.reals(0, 2, 3, 1000, -254, -1000), scale(2), TensorData(shape: [], .uint8([128])))
        #expect(bytes.elements == .uint8([128, 129, 130, 255, 1, 0]))
        let x: [Float] = [0, -514, 3, -3, 2.9, -2.9, 3.1, -3.1, 65022, -66046, 65023, -66047, 65024, -66048, 7e4, -7e4]
        let y: [Int16] = [
            256, -1, 258, 254, 257, 255, 258, 254, 32767, -32767, 32767, -32768, 32767, -32768, 32767, -32768,
        ]
        let wide = try Quantize(to: .int16).of(
            Tensors.reals([16], x), scale(2), TensorData(shape: [], .int16([256])))
        #expect(wide.elements == .int16(y))
        let unsigned = try Quantize(to: .uint16).of(
            Tensors.reals(0, -128, 3, -3, 2.9, -2.9, 65536, -65534, 7e4), scale(2),
            TensorData(shape: [], .uint16([32767])))
        #expect(unsigned.elements == .uint16([32767, 32703, 32769, 32765, 32768, 32766, 65535, 0, 65535]))
    }

    static let perChannel: (real: [Float], whole: [UInt8]) = (
        [-162, 10, -100, 232, -20, -50, -76, 0, 0, 252, 32, -44, 245, -485, -960, -270, -375, -470],
        [3, 89, 34, 200, 74, 59, 5, 24, 24, 87, 32, 13, 245, 99, 4, 142, 121, 102]
    )

    @Test("quantizelinear_axis, dequantizelinear_axis")
    func perChannel() throws {
        let (scales, zeroPoints) = (Tensors.reals(2, 4, 5), TensorData(shape: [3], .uint8([84, 24, 196])))
        let real = Tensors.reals([1, 3, 3, 2], Self.perChannel.real)
        let whole = TensorData(shape: [1, 3, 3, 2], .uint8(Self.perChannel.whole))
        #expect(try Quantize(to: .uint8, axis: 1).of(real, scales, zeroPoints) == whole)
        #expect(try Dequantize(axis: 1).of(whole, scales, zeroPoints) == real)
    }

    @Test("dequantizelinear, _int16, _uint16, and int32 without a zero point")
    func dequantize() throws {
        func check(_ x: Elements, _ zeroPoint: Elements?, _ y: [Float]) throws {
            let zeroPoint = zeroPoint.map { TensorData(shape: [], $0) }
            #expect(try Dequantize().of(TensorData(shape: [x.count], x), scale(2), zeroPoint).reals == y)
        }
        try check(.uint8([0, 3, 128, 255]), .uint8([128]), [-256, -250, 0, 254])
        try check(.int16([-300, -30, -1025, 1270]), .int16([-1024]), [1448, 1988, -2, 4588])
        try check(.uint16([30000, 31000, 32768, 33000]), .uint16([32767]), [-5534, -3534, 2, 466])
        try check(.int32([.max, .min]), nil, [4_294_967_296, -4_294_967_296])
        try check(.int8([-128, 127]), nil, [-256, 254])
    }

    @Test("Ties go to even before the zero point is added, and what is no number is the zero point's neighbourhood")
    func ties() throws {
        let zero = TensorData(shape: [], .int8([1]))
        let x = Tensors.reals(0.5, 1.5, 2.5, -0.5, -1.5, .infinity, -.infinity)
        #expect(try Quantize(to: .int8).of(x, scale(1), zero).elements == .int8([1, 3, 3, 1, -1, 127, -128]))
        #expect(try Quantize(to: .int32).of(Tensors.reals(3e9, -3e9), scale(1), nil).elements == .int32([.max, .min]))
        #expect(try Quantize(to: .int8).of(Tensors.reals(.nan), scale(1), nil).elements == .int8([0]))
    }

    @Test("The quotient is a float's, not a product with the reciprocal")
    func division() throws {
        // 0.75 / 0.3 rounds to 2.5 as floats; in double the float 0.3 is above 0.3 and the quotient below 2.5.
        let y = try Quantize(to: .int8).of(Tensors.reals(0.75, 1.05), scale(0.3), nil)
        let (a, b) = (Float(0.75) / Float(0.3), Float(1.05) / Float(0.3))
        #expect(y.elements == .int8([Int8(a.rounded(.toNearestOrEven)), Int8(b.rounded(.toNearestOrEven))]))
    }

    struct Dynamic: Sendable {
        var x: [Float]
        var y: [UInt8]
        var scale: Float
        var zeroPoint: UInt8
    }

    static let dynamic = [
        Dynamic(x: [0, 2, -3, -2.5, 1.34, 0.5], y: [153, 255, 0, 26, 221, 179], scale: 0.01960784, zeroPoint: 153),
        Dynamic(
            x: [-1, -2.1, -1.3, -2.5, -3.34, -4], y: [191, 121, 172, 96, 42, 0], scale: 0.01568628, zeroPoint: 255),
        Dynamic(
            x: [1, 2.1, 1.3, 2.5, 3.34, 4, 1.5, 2.6, 3.9, 4, 3, 2.345],
            y: [64, 134, 83, 159, 213, 255, 96, 166, 249, 255, 191, 149], scale: 0.01568628, zeroPoint: 0),
        // Not of the standard: a tensor of zeros, as ONNX Runtime answers.
        Dynamic(x: [0, 0], y: [0, 0], scale: 1, zeroPoint: 0),
    ]

    @Test("dynamicquantizelinear, _max_adjusted, _min_adjusted", arguments: dynamic)
    func dynamicQuantize(sample: Dynamic) throws {
        let results = try DynamicQuantize().evaluate([Tensors.reals([sample.x.count], sample.x)])
        #expect(results[0].elements == .uint8(sample.y))
        #expect(results[1].isNear(Tensors.reals([], [sample.scale]), within: 1e-7))
        #expect(results[2] == TensorData(shape: [], .uint8([sample.zeroPoint])))
    }

    @Test("Each integer comes back from its real number", arguments: [Float(0.1), 1e-6, 3.7, 1e20])
    func roundTrip(scale: Float) throws {
        let x = TensorData(shape: [256], .int8((-128...127).map { Int8($0) }))
        let zero = TensorData(shape: [], .int8([-7]))
        let real = try Dequantize().of(x, self.scale(scale), zero)
        #expect(try Quantize(to: .int8).of(real, self.scale(scale), zero) == x)
    }

    @Test("Slices of nothing")
    func empty() throws {
        let (x, scale) = (Tensors.reals([2, 0], []), Tensors.reals([0], []))
        let q = try Quantize(to: .int8, axis: 1).of(x, scale, nil)
        #expect(try Dequantize(axis: 1).of(q, scale, nil) == x)
    }

    @Test("Scales that are none are refused where they are known", arguments: [Float.nan, 0, -1, .infinity])
    func badScales(number: Float) {
        let constant = Operand(type: .float32, shape: [], constant: scale(number))
        let x = Operand(type: .float32, shape: [2])
        #expect(Quantize(to: .int8).refusal(of: [x, constant]).contains("value of scale of quantize"))
    }

    @Test("What does not fit is refused")
    func refusals() {
        #expect(Quantize(to: .int8).refusal([2], [2]).contains("one number, or an axis, found [2]"))
        #expect(Quantize(to: .int8, axis: 0).refusal([2], [3]).contains("expected [2], found [3]"))
        #expect(Quantize(to: .int8, axis: 1).refusal([2], [2]).contains("axis of quantize"))
        #expect(Quantize(to: .bool).refusal([2], []).contains("type of quantize"))
        let (x, scale) = (Operand(type: .float32, shape: [2]), Operand(type: .float32, shape: []))
        let zero = Operand(type: .uint8, shape: [])
        #expect(Quantize(to: .int8).refusal(of: [x, scale, zero]).contains("zero point of quantize: expected int8"))
        #expect(Dequantize().refusal([2], []).contains("x of dequantize: expected int8 or uint8"))
    }
}
