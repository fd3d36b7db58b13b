@testable import Compiler

/// Small models, one or more a pass, each with something for that pass to do.
struct PassExample: Sendable, CustomStringConvertible {
    let pass: String
    let name: String
    let make: @Sendable () throws -> Model

    init(_ pass: any Pass.Type, _ name: String, _ make: @Sendable @escaping (inout ModelMaker) throws -> Void) {
        self.pass = pass.name
        self.name = name
        self.make = {
            var maker = ModelMaker(name)
            try make(&maker)
            return maker.model
        }
    }

    var description: String { "\(pass), \(name)" }

    static let all = plain + layout + normalization + fusion + quantization

    private static let plain = [
        PassExample(RemoveIdentity.self, "nothing done") { maker in
            var x = maker.input([1, 4, 4, 2])
            x = try maker(Reshape(shape: [1, 4, 4, 2]), x)
            x = try maker(Slice(starts: [0, 0, 0, 0], steps: [1, 1, 1, 1], sizes: [1, 4, 4, 2]), x)
            x = try maker(Concatenate(axis: 3), x)
            x = try maker(Cast(to: .float32), x)
            x = try maker(Pad(before: [0, 0, 0, 0], after: [0, 0, 0, 0], mode: .edge), x)
            x = try maker.all(Split(axis: 3, sizes: [2]), [x])[0]
            x = try maker(Binary(.multiply), x, maker.reals([2], [1, 1]))
            maker.output(try maker(Unary(.absolute), x))
        },
        PassExample(CommonSubexpressions.self, "the same twice") { maker in
            let x = maker.input([1, 4])
            let (a, b) = (try maker.quantize(x, 0.5, 3), try maker.quantize(x, 0.5, 3))
            maker.output(try maker(Binary(.add), maker.dequantize(a, 0.5, 3), maker.dequantize(b, 0.5, 3)))
        },
        PassExample(FoldConstants.self, "known beforehand") { maker in
            let x = maker.input([1, 3])
            let known = try maker(Binary(.add), maker.reals([3], [1, 2, 3]), maker.reals([], [10]))
            maker.output(try maker(Binary(.add), x, known))
        },
        PassExample(FoldConstants.self, "weights stay integers") { maker in
            let x = maker.input([1, 4, 4, 2])
            let weights = try maker.transpose(
                maker.weights([3, 2, 2, 2], [0.5, 0.25, 1], axis: 0), [0, 2, 3, 1])
            maker.output(try maker(Convolution(), x, weights))
        },
        PassExample(DeadCode.self, "nobody asks") { maker in
            let x = maker.input([2])
            _ = try maker(Unary(.exp), maker(Unary(.negate), x))
            maker.output(try maker(Unary(.absolute), x))
        },
    ]

    private static let layout = [
        PassExample(EliminateTransposes.self, "channels first") { maker in
            var x = maker.input([1, 2, 5, 5])
            let first = try maker.onImage(x, maker.convolution(3, 3, of: 2))
            x = try maker.clamp(first)
            let second = try maker.onImage(x, maker.convolution(3, 3, of: 3))
            x = try maker(Binary(.add), maker(Binary(.multiply), second, maker.counting([3, 1, 1])), x)
            x = try maker(Concatenate(axis: 1), x, first)
            x = try maker(Slice(starts: [0, 1, 0, 0], steps: [1, 1, 1, 1], sizes: [1, 5, 5, 4]), x)
            maker.output(try maker(Reduce(.mean, axes: [2, 3], keepsDimensions: false), x))
        },
        PassExample(EliminateTransposes.self, "flattened into a product") { maker in
            var x = maker.input([1, 3, 3, 2])
            x = try maker(maker.convolution(3, 1, of: 2), x, maker.weightsForConvolution)
            x = try maker(Reshape(shape: [1, 27]), maker.clamp(maker.transpose(x, [0, 3, 1, 2])))
            maker.output(try maker(MatrixProduct(), x, maker.counting([27, 4])))
        },
        PassExample(EliminateTransposes.self, "channel shuffle") { maker in
            var x = maker.input([1, 3, 3, 4])
            x = try maker.transpose(
                maker(maker.convolution(4, 1, of: 4), x, maker.weightsForConvolution), [0, 3, 1, 2])
            x = try maker.transpose(maker(Reshape(shape: [1, 2, 2, 3, 3]), x), [0, 2, 1, 3, 4])
            x = try maker(Reshape(shape: [1, 4, 3, 3]), x)
            x = try maker.onImage(x, maker.convolution(2, 1, of: 4))
            maker.output(try maker.transpose(x, [0, 2, 3, 1]))
        },
        PassExample(EliminateTransposes.self, "one dimension as two") { maker in
            var x = maker.input([1, 8, 2])
            x = try maker.transpose(x, [0, 2, 1])
            for _ in 0..<2 {
                let image = try maker(Reshape(shape: [1, 2, 1, 8]), x)
                let result = try maker.onImage(image, maker.convolution(2, 1, of: 2))
                x = try maker.clamp(maker(Reshape(shape: [1, 2, 8]), result))
            }
            maker.output(try maker.transpose(x, [0, 2, 1]))
        },
    ]

    private static let normalization = [
        PassExample(FoldBatchNormalization.self, "behind a convolution") { maker in
            var x = maker.input([1, 4, 4, 2])
            x = try maker(maker.convolution(3, 3, of: 2), x, maker.weightsForConvolution)
            maker.output(try maker.normalized(x))
        },
        PassExample(FoldBatchNormalization.self, "in front of one without padding") { maker in
            let x = try maker.normalized(maker.input([1, 4, 4, 2]))
            maker.output(try maker(maker.convolution(3, 1, of: 2), x, maker.weightsForConvolution))
        },
        PassExample(FoldBatchNormalization.self, "in front of one with padding") { maker in
            let x = try maker.normalized(maker.input([1, 4, 4, 2]))
            maker.output(try maker(maker.convolution(3, 3, of: 2), x, maker.weightsForConvolution))
        },
        PassExample(FoldBatchNormalization.self, "factors and offsets of a product") { maker in
            let product = try maker(MatrixProduct(), maker.input([1, 4]), maker.counting([4, 3]))
            let scaled = try maker(Binary(.multiply), product, maker.reals([3], [1, 2, 4]))
            maker.output(try maker(Binary(.add), maker.reals([1, 3], [5, 6, 7]), scaled))
        },
    ]

    private static let fusion = [
        PassExample(FuseActivation.self, "relu, then relu6") { maker in
            var x = maker.input([1, 4, 4, 2])
            x = try maker(maker.convolution(3, 3, of: 2), x, maker.weightsForConvolution)
            x = try maker.clamp(maker.clamp(x), .relu6)
            maker.output(try maker.clamp(maker(Binary(.add), x, x)))
        },
        PassExample(FusePadding.self, "zeros in front") { maker in
            let x = maker.input([1, 4, 4, 2])
            func padded(_ level: Float) throws -> ValueID {
                try maker(Pad(before: [0, 1, 1, 0], after: [0, 1, 0, 0], mode: .constant(level)), x)
            }
            maker.output(try maker(maker.convolution(3, 1, of: 2), padded(0), maker.weightsForConvolution))
            maker.output(try maker(Pool(.average, kernel: Pair(2, 2)), padded(0)))
            maker.output(try maker(Pool(.maximum, kernel: Pair(2, 2)), padded(-.infinity)))
        },
    ]

    private static let quantization = [
        PassExample(FoldQuantization.self, "convolutions and their sum") { maker in
            let x = try maker.dequantize(maker.input([1, 4, 4, 2], .int8), 0.5, -1)
            var sides: [ValueID] = []
            for _ in 0..<2 {
                let weights = maker.constant(
                    [2, 1, 1, 2], .int8([1, 2, -1, 3]),
                    quantization: ValueQuantization(scales: [0.5, 0.25], zeroPoints: [0, 0], axis: 0))
                let bias = maker.constant(
                    [2], .int32([8, -8]),
                    quantization: ValueQuantization(scales: [0.25, 0.125], zeroPoints: [0, 0], axis: 0))
                let side = try maker.quantize(maker(Convolution(), x, weights, bias), 2, 5)
                sides.append(try maker.dequantize(side, 2, 5))
            }
            maker.output(try maker.quantize(maker(Binary(.add), sides[0], sides[1]), 4, 0))
        },
        PassExample(FoldQuantization.self, "what only moves") { maker in
            let x = try maker.dequantize(maker.quantize(maker.input([1, 4, 4, 2]), 0.5, 3), 0.5, 3)
            let pooled = try maker(Pool(.maximum, kernel: Pair(2, 2)), x)
            let flat = try maker.clamp(maker(Reshape(shape: [1, 18]), pooled))
            maker.output(try maker.quantize(flat, 0.5, 3))
            maker.output(try maker.quantize(flat, 1, 0))
        },
        PassExample(FoldQuantization.self, "an island") { maker in
            let x = try maker.dequantize(maker.input([1, 4], .int8), 0.5)
            let cumulative = try maker(CumulativeSum(axis: 1), x)
            maker.output(try maker.quantize(cumulative, 1))
        },
        PassExample(SignedBytes.self, "bytes") { maker in
            let half = ValueQuantization(scales: [0.5], zeroPoints: [128])
            let x = maker.input([1, 4], .uint8, quantization: half)
            let weights = maker.constant(
                [2, 4], .uint8([1, 2, 3, 4, 130, 131, 132, 133]),
                quantization: ValueQuantization(scales: [1], zeroPoints: [130]))
            var product = MatrixProduct()
            product.transposesB = true
            let y = try maker(product, x, weights)
            maker.setStored(y, as: .uint8, ValueQuantization(scales: [16], zeroPoints: [7]))
            maker.output(y, try maker.dequantize(y, 16, 7))
        },
    ]
}

extension ModelMaker {
    /// A convolution with a square kernel that keeps the image's size; ``weightsForConvolution`` is made with it.
    mutating func convolution(_ out: Int, _ kernel: Int, of channels: Int) -> Convolution {
        var operation = Convolution()
        let margin = kernel / 2
        operation.padding = Padding(top: margin, left: margin, bottom: margin, right: margin)
        weightsForConvolution = counting([out, kernel, kernel, channels])
        return operation
    }

    /// As an importer leaves it: transposed there and back again.
    mutating func onImage(_ x: ValueID, _ operation: Convolution) throws -> ValueID {
        try transpose(self(operation, transpose(x, [0, 2, 3, 1]), weightsForConvolution), [0, 3, 1, 2])
    }

    mutating func normalized(_ x: ValueID) throws -> ValueID {
        let channels = shape(x)[3]
        let variance = reals([channels], (0..<channels).map { $0.isMultiple(of: 2) ? 3.5 : 0.5 })
        return try self(
            BatchNormalization(epsilon: 0.5), x, counting([channels]), counting([channels]), counting([channels]),
            variance)
    }
}
