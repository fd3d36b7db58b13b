import Graph
import Seeded
import Testing

/// One small network for each operator, from a seed.
struct OperatorCase: Sendable, CustomTestStringConvertible {
    var name: String
    var make: @Sendable (inout PlanBuilder, inout SplitMix64) throws -> TensorID

    var testDescription: String { name }

    static func quantization(_ random: inout SplitMix64) -> Quantization {
        Quantization(
            scale: .random(in: 0.01...0.2, using: &random), zeroPoint: .random(in: -128...127, using: &random))
    }

    static func image(
        _ builder: inout PlanBuilder, _ random: inout SplitMix64, height: Int, width: Int, channels: Int
    ) -> TensorID {
        builder.input(name: "x", shape: [1, height, width, channels], quantization: quantization(&random))
    }

    private static func weights(
        _ channels: Int, _ depth: Int, _ random: inout SplitMix64, isPerTensor: Bool = false, hasZeros: Bool = false
    ) -> Weights.Source {
        Weights.Source(
            elements: (0..<channels * depth).map { _ in .random(in: -128...127, using: &random) },
            scales: (0..<(isPerTensor ? 1 : channels)).map { _ in .random(in: 0.000_5...0.02, using: &random) },
            zeroPoints: hasZeros ? (0..<channels).map { _ in .random(in: -128...127, using: &random) } : nil,
            bias: (0..<channels).map { _ in .random(in: -3_000...3_000, using: &random) })
    }

    private static func convolution(
        _ name: String, channels: (Int, Int), window: Window, groups: Int = 1, hasZeros: Bool = false
    ) -> OperatorCase {
        OperatorCase(name: name) { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: channels.0)
            return try builder.convolution(
                x,
                weights(
                    channels.1, window.taps * channels.0 / groups, &random, isPerTensor: hasZeros, hasZeros: hasZeros),
                window: window, groups: groups, output: quantization(&random), clamp: -100...110)
        }
    }

    private static func depthwise(_ name: String, channels: Int, window: Window, hasZeros: Bool = false) -> OperatorCase
    {
        OperatorCase(name: name) { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: channels)
            return try builder.depthwiseConvolution(
                x, weights(channels, window.taps, &random, isPerTensor: hasZeros, hasZeros: hasZeros), window: window,
                output: quantization(&random))
        }
    }

    static let all = windows + pairs + functions + movements

    private static let windows: [OperatorCase] = [
        convolution("convolution 1x1", channels: (24, 40), window: Window(kernel: (1, 1))),
        convolution(
            "convolution 3x3 padded", channels: (16, 33), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1))),
        convolution(
            "convolution 3x3 stride 2, padded unevenly", channels: (3, 8),
            window: Window(kernel: (3, 3), strides: (2, 2), padding: (0, 0, 1, 1))),
        convolution(
            "convolution 3x2 dilated", channels: (5, 17),
            window: Window(kernel: (3, 2), dilations: (2, 3), padding: (2, 1, 0, 3))),
        convolution(
            "convolution in groups", channels: (12, 18), window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)),
            groups: 3),
        convolution(
            "convolution with weight zero points", channels: (10, 20),
            window: Window(kernel: (2, 2), padding: (1, 0, 0, 1)), hasZeros: true),
        convolution(
            "convolution of width 1", channels: (8, 16), window: Window(kernel: (3, 1), padding: (1, 0, 1, 0))),
        depthwise("depthwise 3x3", channels: 19, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1))),
        depthwise(
            "depthwise 3x3 stride 2", channels: 32,
            window: Window(kernel: (3, 3), strides: (2, 2), padding: (0, 0, 1, 1))),
        depthwise(
            "depthwise 5x4 dilated", channels: 7,
            window: Window(kernel: (5, 4), dilations: (2, 1), padding: (3, 2, 1, 0))),
        depthwise(
            "depthwise with weight zero points", channels: 24, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)),
            hasZeros: true),
        OperatorCase(name: "maximum of windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(
                .maximum, x, window: Window(kernel: (3, 2), strides: (2, 1), padding: (1, 0, 1, 1)), clamp: -90...90)
        },
        OperatorCase(name: "average of windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(.average, x, window: Window(kernel: (3, 3), padding: (1, 1, 1, 1)))
        },
        OperatorCase(name: "average of uint8 windows") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 5)
            return try builder.pool(
                .average, x, window: Window(kernel: (3, 3), strides: (2, 2), padding: (1, 1, 1, 1)), isUnsigned: true)
        },
        OperatorCase(name: "average of a whole image") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.pool(.average, x, window: Window(kernel: (9, 11)), isUnsigned: true)
        },
        OperatorCase(name: "mean") { builder, random in
            let x = image(&builder, &random, height: 9, width: 11, channels: 21)
            return try builder.mean(x, axes: 1..<3, shape: [1, 1, 1, 21], output: quantization(&random))
        },
        OperatorCase(name: "average of windows with a stride, two images") { builder, random in
            let x = builder.input(name: "x", shape: [2, 7, 5, 3], quantization: quantization(&random))
            return try builder.pool(
                .average, x, window: Window(kernel: (4, 3), strides: (3, 2), padding: (2, 0, 1, 2)),
                isUnsigned: true, clamp: -100...99)
        },
        OperatorCase(name: "dense layer") { builder, random in
            let x = builder.input(name: "x", shape: [3, 29], quantization: quantization(&random))
            return try builder.fullyConnected(x, weights(21, 29, &random), output: quantization(&random))
        },
    ]
}
