import Testing

@testable import Compiler

@Suite("Functions of elements") struct ElementwiseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var function: Unary.Function
        var x: [Float]
        var y: [Float]
        var testDescription: String { "\(function)" }
        init(_ function: Unary.Function, _ x: [Float], _ y: [Float]) {
            self.function = function
            self.x = x
            self.y = y
        }
    }

    /// By the formulas of the ONNX specification, worked out in double elsewhere.
    static let unary = [
        Case(.identity, [-1.5, 2], [-1.5, 2]),
        Case(.clamp(.relu6), [-1, 3, 7], [0, 3, 6]),
        Case(.leakyRelu(slope: 0.1), [-2, 3], [-0.2, 3]),
        Case(.hardSwish, [-4, -1, 0, 1, 4], [0, -0.33333334, 0, 0.6666667, 4]),
        Case(.hardSigmoid(alpha: 0.2, beta: 0.5), [-3, 0, 1, 3], [0, 0.5, 0.7, 1]),
        Case(.sigmoid, [-1, 0, 1, 200, -200], [0.26894143, 0.5, 0.7310586, 1, 0]),
        Case(.tanh, [-1, 0, 2], [-0.7615942, 0, 0.9640276]),
        Case(.exp, [-1, 0, 1], [0.36787945, 1, 2.7182817]),
        Case(.log, [1, 10], [0, 2.3025851]),
        Case(.sqrt, [4, 2], [2, 1.4142135]),
        Case(.reciprocalSqrt, [4, 0.25], [0.5, 2]),
        Case(.reciprocal, [4, -0.5], [0.25, -2]),
        Case(.negate, [4, -0.5], [-4, 0.5]),
        Case(.absolute, [4, -0.5], [4, 0.5]),
        Case(.square, [4, -0.5], [16, 0.25]),
        Case(.floor, [1.5, -1.5, 2], [1, -2, 2]),
        Case(.ceil, [1.5, -1.5, 2], [2, -1, 2]),
        Case(.round, [0.5, 1.5, 2.5, -0.5, -2.7], [0, 2, 2, 0, -3]),
        Case(.erf, [0, 1, -0.5], [0, 0.8427008, -0.5204999]),
        Case(.softsign, [-1, 0, 3], [-0.5, 0, 0.75]),
        Case(.sign, [-3, 0, 9], [-1, 0, 1]),
        Case(.sin, [1], [0.84147096]),
        Case(.cos, [1], [0.5403023]),
        Case(.tan, [1], [1.5574077]),
        Case(.asin, [0.5], [0.5235988]),
        Case(.acos, [0.5], [1.0471976]),
        Case(.atan, [0.5], [0.4636476]),
        Case(.sinh, [1], [1.1752012]),
        Case(.cosh, [1], [1.5430807]),
        Case(.asinh, [1], [0.8813736]),
        Case(.acosh, [10], [2.993223]),
        Case(.atanh, [0.5], [0.54930615]),
        Case(.softplus, [-1, 0, 1, 100], [0.31326169, 0.6931472, 1.3132616, 100]),
        Case(.elu(alpha: 2), [-1, 0, 1], [-1.2642411, 0, 1]),
        Case(.selu(alpha: 2, gamma: 3), [-1, 0, 1], [-3.7927234, 0, 3]),
        Case(.celu(alpha: 2), [-1, 0, 1], [-0.7869387, 0, 1]),
        Case(.gelu(isApproximate: false), [-1, 0, 1], [-0.15865526, 0, 0.8413447]),
        Case(.gelu(isApproximate: true), [-1, 0, 1], [-0.15880801, 0, 0.841192]),
        Case(.mish, [-1, 0, 1], [-0.30340147, 0, 0.8650984]),
        Case(.thresholdedRelu(alpha: 1), [0.5, 1, 1.5], [0, 0, 1.5]),
    ]

    @Test("of one operand, as ONNX defines them", arguments: unary)
    func oneOperand(sample: Case) throws {
        let y = try Unary(sample.function).of(Tensors.reals([sample.x.count], sample.x))
        #expect(y.isNear(Tensors.reals([sample.y.count], sample.y), within: 2e-7), "\(y.reals)")
    }

    @Test("of one whole number, wrapping round")
    func wholeNumbers() throws {
        let x = TensorData(shape: [4], .int8([-128, -3, 0, 100]))
        #expect(try Unary(.negate).of(x).elements == .int8([-128, 3, 0, -100]))
        #expect(try Unary(.absolute).of(x).elements == .int8([-128, 3, 0, 100]))
        #expect(try Unary(.sign).of(x).elements == .int8([-1, -1, 0, 1]))
        #expect(try Unary(.square).of(x).elements == .int8([0, 9, 0, 16]))
        #expect(try Unary(.clamp(Activation(low: -2.5, high: 50.5))).of(x).elements == .int8([-2, -2, 0, 50]))
        let wide = TensorData(shape: [2], .int64([.max, -1]))
        #expect(try Unary(.clamp(.relu)).of(wide).elements == .int64([.max, 0]))
    }

    @Test("Truth values")
    func truth() throws {
        #expect(try Unary(.not).of(TensorData(shape: [2], .bool([true, false]))).elements == .bool([false, true]))
        let x = Tensors.reals(.nan, 1, .infinity, -.infinity)
        #expect(try Unary(.isNaN).of(x).elements == .bool([true, false, false, false]))
        let rising = Unary(.isInfinite(positive: true, negative: false))
        #expect(try rising.of(x).elements == .bool([false, false, true, false]))
        #expect(Unary(.not).refusal([2]).contains("x of unary function: expected bool, found float32"))
        #expect(Unary(.exp).refusal(of: [Operand(type: .int8, shape: [2])]).contains("expected float32, found int8"))
    }

    struct BinaryCase: Sendable, CustomTestStringConvertible {
        var function: Binary.Function
        var reals: [Float]
        var wholes: [Int32]
        var testDescription: String { function.rawValue }
        init(_ function: Binary.Function, _ reals: [Float], _ wholes: [Int32]) {
            self.function = function
            self.reals = reals
            self.wholes = wholes
        }
    }

    static let binary = [
        BinaryCase(.add, [10, -4, 4.5], [10, -4, 4]), BinaryCase(.subtract, [4, -10, -10.5], [4, -10, -10]),
        BinaryCase(.multiply, [21, -21, -22.5], [21, -21, -21]),
        BinaryCase(.divide, [7.0 / 3, -7.0 / 3, -3.0 / 7.5], [2, -2, 0]),
        BinaryCase(.floorDivide, [2, -3, -1], [2, -3, -1]), BinaryCase(.minimum, [3, -7, -3], [3, -7, -3]),
        BinaryCase(.maximum, [7, 3, 7.5], [7, 3, 7]), BinaryCase(.modulo, [1, 2, 4.5], [1, 2, 4]),
        BinaryCase(.remainder, [1, -1, -3], [1, -1, -3]),
    ]

    @Test("of two operands, real and whole", arguments: binary)
    func twoOperands(sample: BinaryCase) throws {
        let y = try Binary(sample.function).of(Tensors.reals(7, -7, -3), Tensors.reals(3, 3, 7.5))
        #expect(y.reals == sample.reals)
        let (a, b) = (TensorData(shape: [3], .int32([7, -7, -3])), TensorData(shape: [3], .int32([3, 3, 7])))
        #expect(try Binary(sample.function).of(a, b).elements == .int32(sample.wholes))
    }

    @Test("Powers")
    func powers() throws {
        #expect(try Binary(.power).of(Tensors.reals(2, 9, 2), Tensors.reals(10, 0.5, -1)).reals == [1024, 3, 0.5])
        let y = try Binary(.power).of(
            TensorData(shape: [5], .int64([3, -2, -1, 5, 2])), TensorData(shape: [5], .int64([4, 3, -3, -1, 64])))
        #expect(y.elements == .int64([81, -8, -1, 0, 0]))
    }

    @Test("Whole numbers divided by zero, and the lowest by -1, do not trap")
    func division() throws {
        let (a, b) = (TensorData(shape: [2], .int32([5, .min])), TensorData(shape: [2], .int32([0, -1])))
        #expect(try Binary(.divide).of(a, b).elements == .int32([0, .min]))
        for function in [Binary.Function.modulo, .remainder] {
            #expect(try Binary(function).of(a, b).elements == .int32([0, 0]))
        }
        #expect(try Binary(.floorDivide).of(a, b).elements == .int32([0, .min]))
    }

    @Test("Comparisons and logic")
    func truths() throws {
        let (a, b) = (Tensors.reals(1, 2, 3, .nan), Tensors.reals(2, 2, 2, 2))
        func compare(_ function: Binary.Function) throws -> Elements { try Binary(function).of(a, b).elements }
        #expect(try compare(.equal) == .bool([false, true, false, false]))
        #expect(try compare(.less) == .bool([true, false, false, false]))
        #expect(try compare(.lessOrEqual) == .bool([true, true, false, false]))
        #expect(try compare(.greater) == .bool([false, false, true, false]))
        #expect(try compare(.greaterOrEqual) == .bool([false, true, true, false]))
        let (p, q) = (
            TensorData(shape: [2, 1], .bool([true, false])), TensorData(shape: [2], .bool([true, false]))
        )
        #expect(try Binary(.and).of(p, q).elements == .bool([true, false, false, false]))
        #expect(try Binary(.or).of(p, q).elements == .bool([true, true, true, false]))
        #expect(try Binary(.xor).of(p, q).elements == .bool([false, true, true, false]))
        let bits = TensorData(shape: [1], .uint8([0b1100]))
        #expect(try Binary(.xor).of(bits, TensorData(shape: [1], .uint8([0b1010]))).elements == .uint8([0b0110]))
    }

    @Test("What is no number goes through minimum and maximum, whichever side it is on")
    func notANumber() throws {
        for function in [Binary.Function.minimum, .maximum] {
            let y = try Binary(function).of(Tensors.reals(.nan, 1), Tensors.reals(1, .nan)).reals
            #expect(y.allSatisfy { $0.isNaN })
        }
    }

    @Test("Operands broadcast as numpy's do")
    func broadcasting() throws {
        let column = Tensors.reals([2, 1, 1], [10, 20])
        let y = try Binary(.add).of(column, Tensors.counting([3, 2]))
        #expect(y == Tensors.reals([2, 3, 2], [11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26]))
        #expect(try Binary(.add).of(Tensors.reals([], [5]), Tensors.reals(1, 2)).reals == [6, 7])
        #expect(try Binary(.add).of(Tensors.reals([0], []), Tensors.reals(1)).shape == [0])
        #expect(Binary(.add).refusal([2, 3], [2]).contains("one that broadcasts with a [2, 3], found [2]"))
        let whole = Operand(type: .int32, shape: [1])
        let real = Operand(type: .float32, shape: [1])
        #expect(Binary(.add).refusal(of: [real, whole]).contains("type of b of binary function: expected float32"))
    }

    @Test("Activation, select, sloped relu, cast")
    func others() throws {
        var sum = Binary(.add)
        sum.activation = .relu6
        #expect(try sum.of(Tensors.reals(-3, 2, 5), Tensors.reals(1, 1, 5)).reals == [0, 3, 6])
        let condition = TensorData(shape: [2, 1], .bool([true, false]))
        let (a, b) = (TensorData(shape: [2], .int16([1, 2])), TensorData(shape: [1], .int16([-1])))
        #expect(try Select().of(condition, a, b) == TensorData(shape: [2, 2], .int16([1, 2, -1, -1])))
        let x = Tensors.reals([2, 2], [-1, -2, 3, -4])
        #expect(try PRelu().of(x, Tensors.reals(0.5, 2)).reals == [-0.5, -4, 3, -8])
        #expect(PRelu().refusal([2], [3, 2]).contains("slope of prelu"))
        let wild = Tensors.reals(-1.9, 300, .nan, .infinity)
        #expect(try Cast(to: .int32).of(wild).elements == .int32([-1, 300, 0, -1]))
        #expect(try Cast(to: .bool).of(wild).elements == .bool([true, true, true, true]))
        let wide = TensorData(shape: [2], .int64([-1, 511]))
        #expect(try Cast(to: .uint8).of(wide).elements == .uint8([255, 255]))
        #expect(try Cast(to: .float32).of(wide).reals == [-1, 511])
    }
}
