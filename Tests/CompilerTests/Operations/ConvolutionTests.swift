import Testing

@testable import Compiler

@Suite("Convolution") struct ConvolutionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var image: [Int]
        var outputs: Int
        var kernel: Pair
        var strides = Pair(1, 1)
        var dilations = Pair(1, 1)
        var padding = Padding.none
        var groups = 1

        var testDescription: String {
            "\(image) -> \(outputs), kernel \(kernel), strides \(strides), dilations \(dilations), groups \(groups)"
        }
    }

    static let cases = [
        Case(image: [1, 5, 6, 3], outputs: 4, kernel: Pair(3, 3)),
        Case(
            image: [2, 7, 5, 2], outputs: 5, kernel: Pair(3, 2), padding: Padding(top: 1, left: 0, bottom: 2, right: 1)),
        Case(image: [1, 9, 8, 3], outputs: 2, kernel: Pair(2, 3), strides: Pair(2, 3)),
        Case(
            image: [1, 9, 9, 2], outputs: 3, kernel: Pair(3, 3), strides: Pair(2, 1), dilations: Pair(2, 3),
            padding: Padding(top: 2, left: 3, bottom: 1, right: 0)),
        Case(image: [1, 6, 6, 6], outputs: 4, kernel: Pair(3, 3), groups: 2),
        Case(image: [1, 6, 6, 4], outputs: 8, kernel: Pair(3, 3), padding: Padding(top: 1), groups: 4),
        Case(
            image: [2, 6, 7, 5], outputs: 5, kernel: Pair(3, 3), strides: Pair(2, 2),
            padding: Padding(top: 1, left: 1, bottom: 1, right: 1), groups: 5),
        // One-dimensional, and more windows than are gathered at once.
        Case(image: [1, 1, 70, 3], outputs: 7, kernel: Pair(1, 5), padding: Padding(left: 4)),
        Case(image: [1, 1, 1, 5], outputs: 3, kernel: Pair(1, 1)),
        // A kernel that lies in the padding alone at the corners.
        Case(
            image: [1, 2, 2, 1], outputs: 1, kernel: Pair(2, 2), padding: Padding(top: 3, left: 3, bottom: 3, right: 3)),
    ]

    /// The formula, one product after the other.
    static func naive(_ x: TensorData, _ w: TensorData, _ bias: [Float], _ sample: Case) -> [Float] {
        let (kernel, padding) = (sample.kernel, sample.padding)
        let (high, wide, channels) = (x.shape[1], x.shape[2], x.shape[3])
        let depth = channels / sample.groups
        let rows =
            (high + padding.top + padding.bottom - (kernel.height - 1) * sample.dilations.height - 1)
            / sample.strides.height + 1
        let columns =
            (wide + padding.left + padding.right - (kernel.width - 1) * sample.dilations.width - 1)
            / sample.strides.width + 1
        var y: [Float] = []
        for n in 0..<x.shape[0] {
            for i in 0..<rows {
                for j in 0..<columns {
                    for o in 0..<sample.outputs {
                        var sum = bias[o]
                        let group = o / (sample.outputs / sample.groups)
                        for u in 0..<kernel.height {
                            for v in 0..<kernel.width {
                                let row = i * sample.strides.height + u * sample.dilations.height - padding.top
                                let column = j * sample.strides.width + v * sample.dilations.width - padding.left
                                guard (0..<high).contains(row), (0..<wide).contains(column) else { continue }
                                for c in 0..<depth {
                                    let pixel = ((n * high + row) * wide + column) * channels + group * depth + c
                                    let weight = ((o * kernel.height + u) * kernel.width + v) * depth + c
                                    sum += x.reals[pixel] * w.reals[weight]
                                }
                            }
                        }
                        y.append(sum)
                    }
                }
            }
        }
        return y
    }

    private func operation(_ sample: Case) -> Convolution {
        var operation = Convolution()
        operation.strides = sample.strides
        operation.dilations = sample.dilations
        operation.padding = sample.padding
        operation.groups = sample.groups
        return operation
    }

    private func weights(_ sample: Case) -> TensorData {
        let (kernel, depth) = (sample.kernel, sample.image[3] / sample.groups)
        return Tensors.eighths([sample.outputs, kernel.height, kernel.width, depth], seed: 2)
    }

    @Test("equals the formula, product by product", arguments: cases)
    func formula(sample: Case) throws {
        let x = Tensors.eighths(sample.image, seed: 1)
        let w = weights(sample)
        let bias = Tensors.eighths([sample.outputs], seed: 3)
        let y = try operation(sample).of(x, w, bias)
        #expect(y.reals == Self.naive(x, w, bias.reals, sample))
        let none = [Float](repeating: 0, count: sample.outputs)
        #expect(try operation(sample).of(x, w, nil).reals == Self.naive(x, w, none, sample), "without bias")
    }

    @Test("on int32 as on real numbers, and wraps round", arguments: cases)
    func wholeNumbers(sample: Case) throws {
        func whole(_ data: TensorData) -> TensorData {
            TensorData(shape: data.shape, .int32(data.reals.map { Int32($0 * 8) }))
        }
        let (x, w) = (Tensors.eighths(sample.image, seed: 1), weights(sample))
        let y = try operation(sample).of(whole(x), whole(w), nil)
        let none = [Float](repeating: 0, count: sample.outputs)
        #expect(y.elements == .int32(Self.naive(x, w, none, sample).map { Int32($0 * 64) }))
    }

    @Test("A sum beyond 2^31 wraps round")
    func wraps() throws {
        let one = TensorData(shape: [1, 1, 1, 2], .int32([.max, 1]))
        let y = try Convolution().of(one, TensorData(shape: [1, 1, 1, 2], .int32([1, 1])), nil)
        #expect(y.elements == .int32([.min]))
    }

    @Test("The activation bounds the result")
    func activation() throws {
        var operation = Convolution()
        operation.activation = .relu6
        let w = Tensors.reals([3, 1, 1, 1], [-1, 1, 10])
        #expect(try operation.of(Tensors.reals([1, 1, 1, 1], [2]), w, nil).reals == [0, 2, 6])
    }

    @Test("Transposed: the adjoint of convolution, <conv(x), y> = <x, transposed(y)>", arguments: cases)
    func adjoint(sample: Case) throws {
        let forward = operation(sample)
        let x = Tensors.eighths(sample.image, seed: 4)
        let w = weights(sample)
        let convolved = try forward.of(x, w, nil)
        let y = Tensors.eighths(convolved.shape, seed: 5)
        var backward = TransposedConvolution()
        backward.strides = sample.strides
        backward.dilations = sample.dilations
        backward.padding = sample.padding
        backward.groups = sample.groups
        // What the last stride left over, the transposed one adds.
        func leftOver(_ axis: Int, _ padding: Int, _ kernel: Int, _ dilation: Int, _ stride: Int) -> Int {
            sample.image[axis] + padding - (kernel - 1) * dilation - 1 - (convolved.shape[axis] - 1) * stride
        }
        backward.outputPadding = Pair(
            leftOver(
                1, sample.padding.top + sample.padding.bottom, sample.kernel.height, sample.dilations.height,
                sample.strides.height),
            leftOver(
                2, sample.padding.left + sample.padding.right, sample.kernel.width, sample.dilations.width,
                sample.strides.width))
        let returned = try backward.of(y, Self.exchanged(w, groups: sample.groups), nil)
        #expect(returned.shape == sample.image)
        let left = zip(convolved.reals, y.reals).reduce(0) { $0 + Double($1.0 * $1.1) }
        let right = zip(x.reals, returned.reals).reduce(0) { $0 + Double($1.0 * $1.1) }
        #expect(abs(left - right) <= 1e-4 * max(1, abs(left)))
    }

    /// Weights `[out, h, w, in / groups]` with what goes in and what comes out exchanged, group by group.
    private static func exchanged(_ w: TensorData, groups: Int) -> TensorData {
        let (outputs, taps, depth) = (w.shape[0] / groups, w.shape[1] * w.shape[2], w.shape[3])
        var elements: [Float] = []
        for group in 0..<groups {
            for c in 0..<depth {
                for tap in 0..<taps {
                    for o in 0..<outputs { elements.append(w.reals[((group * outputs + o) * taps + tap) * depth + c]) }
                }
            }
        }
        return Tensors.reals([groups * depth, w.shape[1], w.shape[2], outputs], elements)
    }

    @Test("Transposed: bias and activation")
    func transposedBias() throws {
        var operation = TransposedConvolution()
        operation.strides = Pair(2, 2)
        operation.activation = .relu
        // Each of the 2 x 2 pixels leaves a block of its own.
        let y = try operation.of(
            Tensors.reals([1, 2, 2, 1], [1, -2, 3, 4]), Tensors.reals([1, 2, 2, 1], [1, 1, 1, 1]), Tensors.reals(-1))
        #expect(y.reals == [0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 3, 3, 2, 2, 3, 3])
    }

    @Test("What does not fit is refused with what was expected and what came")
    func refusals() {
        let operation = Convolution()
        #expect(
            operation.refusal([1, 4, 4, 3], [8, 3, 3, 4])
                == "model.mismatch: shape of weights of convolution: expected 3 channels in, for x [1, 4, 4, 3] in 1 "
                + "groups, found [8, 3, 3, 4]")
        #expect(
            operation.refusal([1, 2, 4, 3], [8, 3, 3, 3])
                == "model.mismatch: height of x of convolution: expected at least 3 with padding, to hold the kernel, "
                + "found 2 + 0")
        #expect(operation.refusal([1, 4, 3], [8, 3, 3, 3]).contains("expected 4 dimensions, found [1, 4, 3]"))
        #expect(
            operation.refusal([1, 4, 4, 3], [8, 3, 3, 3], [7]).contains("bias of convolution: expected [8], found [7]"))
        #expect(operation.refusal([1, 4, 4, 3]).contains("expected 2 to 3 (x, weights, bias), found 1"))
        var grouped = operation
        grouped.groups = 2
        #expect(
            grouped.refusal([1, 4, 4, 3], [8, 3, 3, 1]).contains("divisor of 3 channels in and 8 channels out, found 2")
        )
        grouped.groups = 0
        #expect(grouped.refusal([1, 4, 4, 3], [8, 3, 3, 3]).contains("groups of convolution"))
    }

    @Test("Attributes of a hostile file neither overflow nor allocate", arguments: [0, -1, .max, .min, 1 << 40])
    func hostile(number: Int) {
        func expectRefused(_ change: (inout Convolution) -> Void) {
            var operation = Convolution()
            change(&operation)
            #expect(!operation.refusal([1, 4, 4, 1], [1, 3, 3, 1]).hasPrefix("none"))
        }
        expectRefused { $0.strides.height = number }
        expectRefused { $0.dilations.width = number }
        if number != 0 {
            expectRefused { $0.padding.top = number }
            expectRefused { $0.padding.right = number }
            #expect(!Convolution().refusal([number, number, 4, 1], [1, 3, 3, 1]).hasPrefix("none"))
        }
        expectRefused { $0.groups = number }
    }
}
