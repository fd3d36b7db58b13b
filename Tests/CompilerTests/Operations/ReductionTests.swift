import Testing

@testable import Compiler

@Suite("Sums, extremes and norms") struct ReductionTests {
    let cube = Tensors.counting([2, 2, 2])

    struct Case: Sendable, CustomTestStringConvertible {
        var function: Reduce.Function
        var axes: [Int]
        var expected: [Float]
        var testDescription: String { "\(function.rawValue) along \(axes)" }
        init(_ function: Reduce.Function, _ axes: [Int], _ expected: [Float]) {
            self.function = function
            self.axes = axes
            self.expected = expected
        }
    }

    /// Of 1...8 as [2, 2, 2].
    static let cases = [
        Case(.sum, [0], [6, 8, 10, 12]), Case(.sum, [1], [4, 6, 12, 14]), Case(.sum, [2], [3, 7, 11, 15]),
        Case(.sum, [0, 2], [14, 22]), Case(.sum, [], [1, 2, 3, 4, 5, 6, 7, 8]), Case(.mean, [0, 1, 2], [4.5]),
        Case(.maximum, [1], [3, 4, 7, 8]), Case(.minimum, [0], [1, 2, 3, 4]), Case(.product, [1, 2], [24, 1680]),
        Case(.sumOfSquares, [2], [5, 25, 61, 113]), Case(.l1Norm, [0], [6, 8, 10, 12]),
        Case(.l2Norm, [2], [2.236068, 5, 7.81025, 10.630146]), Case(.logSum, [0, 1, 2], [3.5835190]),
        Case(.logSumOfExponentials, [2], [2.3132617, 4.3132617, 6.3132617, 8.313262]),
    ]

    @Test("Reduce along any axes", arguments: cases)
    func reduce(sample: Case) throws {
        let y = try Reduce(sample.function, axes: sample.axes, keepsDimensions: false).of(cube)
        #expect(y.shape == (0..<3).filter { !sample.axes.contains($0) }.map { _ in 2 })
        #expect(y.isNear(Tensors.reals(y.shape, sample.expected), within: 2e-7), "\(y.reals)")
        let kept = try Reduce(sample.function, axes: sample.axes, keepsDimensions: true).of(cube)
        #expect(kept.shape == (0..<3).map { sample.axes.contains($0) ? 1 : 2 })
        #expect(kept.reals == y.reals)
    }

    @Test("Whole numbers, truth values, nothing at all, and large ones")
    func reduceOthers() throws {
        let x = TensorData(shape: [2, 2], .int64([.max, 1, -7, 2]))
        func reduce(_ function: Reduce.Function, _ x: TensorData) throws -> Elements {
            try Reduce(function, axes: [1], keepsDimensions: false).of(x).elements
        }
        #expect(try reduce(.sum, x) == .int64([.min, -5]))
        #expect(try reduce(.mean, TensorData(shape: [1, 2], .int32([-7, 2]))) == .int32([-2]))
        #expect(try reduce(.maximum, x) == .int64([.max, 2]))
        let truths = TensorData(shape: [2, 2], .bool([true, false, false, false]))
        #expect(try reduce(.maximum, truths) == .bool([true, false]))
        #expect(try reduce(.minimum, TensorData(shape: [1, 0], .uint8([]))) == .uint8([255]))
        #expect(try reduce(.maximum, Tensors.reals([1, 0], [])) == .float32([-.infinity]))
        #expect(try reduce(.product, Tensors.reals([2, 0], [])) == .float32([1, 1]))
        #expect(
            try reduce(.logSumOfExponentials, Tensors.reals([1, 2], [1000, 1000])) == .float32([1000.6931471805599]))
        #expect(try reduce(.maximum, Tensors.reals([1, 3], [1, .nan, 2])).reals[0].isNaN)
    }

    @Test("A long sum keeps its last digits")
    func longSum() throws {
        let x = Tensors.reals([100_001], [16_777_216] + [Float](repeating: 1, count: 100_000))
        #expect(try Reduce(.sum, axes: [0], keepsDimensions: false).of(x).reals == [16_877_216])
    }

    @Test("Reduce refuses axes that are not there, doubled or descending")
    func refusals() {
        for axes in [[3], [-1], [1, 1], [2, 0]] {
            #expect(!Reduce(.sum, axes: axes, keepsDimensions: true).refusal([2, 2, 2]).hasPrefix("none"), "\(axes)")
        }
    }

    @Test("Where the extremes are")
    func argument() throws {
        let x = Tensors.reals([2, 3], [3, 9, 9, 1, 1, 2])
        var find = ArgumentReduce(isMaximum: true, axis: 1, keepsDimensions: true)
        #expect(try find.of(x) == TensorData(shape: [2, 1], .int64([1, 2])))
        find.takesLast = true
        #expect(try find.of(x).elements == .int64([2, 2]))
        find.isMaximum = false
        find.resultType = .int32
        #expect(try find.of(x).elements == .int32([0, 1]))
        let columns = ArgumentReduce(isMaximum: false, axis: 0, keepsDimensions: false)
        #expect(try columns.of(x) == TensorData(shape: [3], .int64([1, 1, 1])))
        #expect(columns.refusal([0, 3]).contains("an element along axis 0"))
    }

    @Test("Running sums")
    func cumulative() throws {
        var sum = CumulativeSum(axis: 1)
        let x = Tensors.counting([2, 3])
        #expect(try sum.of(x).reals == [1, 3, 6, 4, 9, 15])
        sum.isReversed = true
        #expect(try sum.of(x).reals == [6, 5, 3, 15, 11, 6])
        sum.isExclusive = true
        #expect(try sum.of(x).reals == [5, 3, 0, 11, 6, 0])
        #expect(try CumulativeSum(axis: 0).of(x).reals == [1, 2, 3, 5, 7, 9])
        #expect(
            try CumulativeSum(axis: 0).of(TensorData(shape: [2], .int32([.max, 1]))).elements == .int32([.max, .min]))
    }

    @Test("Softmax sums to 1 along each axis, and its logarithm is the logarithm", arguments: 0..<3)
    func softmax(axis: Int) throws {
        let x = Tensors.eighths([3, 4, 5], seed: 9)
        let y = try Softmax(axis: axis).of(x)
        let sums = try Reduce(.sum, axes: [axis], keepsDimensions: false).of(y)
        #expect(sums.reals.allSatisfy { abs($0 - 1) < 1e-6 })
        #expect(y.reals.allSatisfy { $0 > 0 && $0 < 1 })
        var logarithm = Softmax(axis: axis)
        logarithm.isLogarithm = true
        #expect(try Unary(.exp).of(logarithm.of(x)).isNear(y, within: 1e-6))
    }

    @Test("Softmax of large numbers, and with a factor")
    func softmaxValues() throws {
        // test_softmax_large_number of the ONNX standard.
        let x = Tensors.reals([2, 4], [0, 1, 2, 3, 10000, 10001, 10002, 10003])
        let row: [Float] = [0.032058604, 0.08714432, 0.23688284, 0.6439143]
        #expect(try Softmax(axis: 1).of(x).isNear(Tensors.reals([2, 4], row + row), within: 1e-7))
        var sharp = Softmax(axis: 0)
        sharp.beta = 2
        #expect(try sharp.of(Tensors.reals(0, 0.5)).isNear(Tensors.reals(0.26894143, 0.7310586), within: 1e-7))
    }

    @Test("L2 normalization has length 1, and does not divide by nothing")
    func l2() throws {
        #expect(try L2Normalization(axis: 1).of(Tensors.reals([2, 2], [3, 4, 0, 0])).reals == [0.6, 0.8, 0, 0])
        #expect(try L2Normalization(axis: 0).of(Tensors.reals([2, 1], [3, -4])).reals == [0.6, -0.8])
    }

    @Test("Batch normalization, a channel at a time")
    func batchNormalization() throws {
        let y = try BatchNormalization(epsilon: 0.5).of(
            Tensors.reals([1, 2, 2], [1, 2, 3, 4]), Tensors.reals(2, 1), Tensors.reals(0, 10), Tensors.reals(1, 2),
            Tensors.reals(3.5, 0.5))
        #expect(y.reals == [0, 10, 2, 12])
        #expect(
            BatchNormalization(epsilon: 0).refusal([2, 3], [3], [3], [3], [2])
                == "model.mismatch: shape of variance of batch normalization: expected [3], found [2]")
    }

    @Test("Pools: by hand, padding and dilation")
    func pools() throws {
        let image = Tensors.counting([1, 3, 3, 1])
        #expect(try Pool(.maximum, kernel: Pair(2, 2)).of(image).reals == [5, 6, 8, 9])
        #expect(try Pool(.average, kernel: Pair(2, 2)).of(image).reals == [3, 4, 6, 7])
        var padded = Pool(.average, kernel: Pair(2, 2))
        padded.padding = Padding(top: 1, left: 1)
        padded.strides = Pair(2, 2)
        #expect(try padded.of(image).reals == [1, 2.5, 5.5, 7])
        padded.countsPadding = true
        #expect(try padded.of(image).reals == [0.25, 1.25, 2.75, 7])
        var dilated = Pool(.maximum, kernel: Pair(2, 2))
        dilated.dilations = Pair(2, 2)
        #expect(try dilated.of(image).reals == [9])
        dilated.activation = .relu6
        #expect(try dilated.of(image).reals == [6])
    }

    @Test("Pools: channels and images apart, whole numbers, and a negative maximum beside padding")
    func poolsOthers() throws {
        let x = TensorData(shape: [2, 1, 2, 2], .int8([-1, 10, -2, 20, -3, 30, -4, 40]))
        var pool = Pool(.maximum, kernel: Pair(1, 2))
        pool.padding = Padding(left: 1)
        #expect(try pool.of(x).elements == .int8([-1, 10, -1, 20, -3, 30, -3, 40]))
        #expect(try pool.of(Cast(to: .float32).of(x)).reals == [-1, 10, -1, 20, -3, 30, -3, 40])
        let whole = Operand(type: .int8, shape: [1, 2, 2, 1])
        #expect(Pool(.average, kernel: Pair(1, 1)).refusal(of: [whole]).contains("expected float32, found int8"))
        #expect(pool.refusal([1, 2, 2]).contains("x of pool: expected 4 dimensions"))
        #expect(Pool(.average, kernel: Pair(3, 1)).refusal([1, 2, 2, 1]).contains("to hold the kernel"))
        #expect(!Pool(.average, kernel: Pair(0, 1)).refusal([1, 2, 2, 1]).hasPrefix("none"))
    }

    @Test("Pools: a file of a few bytes cannot ask for gigabytes")
    func poolLimits() {
        var wide = Pool(.maximum, kernel: Pair(1 << 20, 1 << 20))
        wide.padding = Padding(top: 1 << 20, left: 1 << 20)
        #expect(wide.refusal([1, 1, 1, 1]).contains("expected at most 4194304 taps, found 1048576 x 1048576"))
        var long = Pool(.maximum, kernel: Pair(1, 1))
        long.padding = Padding(top: 1 << 20, left: 1 << 20)
        #expect(long.refusal([1, 1, 1, 1]).hasPrefix("model.too_large: shape of the result of pool"))
        #expect(long.refusal([0, 1 << 20, 1 << 20, 1]).hasPrefix("model.too_large: shape of x of pool"))
    }
}
