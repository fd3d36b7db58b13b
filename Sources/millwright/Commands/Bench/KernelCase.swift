import Graph

/// One operator at a size that occurs in networks of the edge, as a plan of its own.
struct KernelCase: Sendable {
    var name: String
    var build: @Sendable (inout PlanBuilder) throws -> TensorID

    private static let quantization = Quantization(scale: 0.05, zeroPoint: 3)

    /// Weights of all values, scaled so that outputs spread over int8.
    private static func weights(channels: Int, depth: Int) -> Weights.Source {
        Weights.Source(
            elements: (0..<channels * depth).map { Int8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 7) },
            scales: Array(repeating: 0.02 / Float(depth).squareRoot(), count: channels),
            bias: Array(repeating: 100, count: channels))
    }

    private static func product(_ size: Int) -> KernelCase {
        KernelCase(name: "matrix product \(size)") { builder in
            let x = builder.input(name: "x", shape: [size, size], quantization: quantization)
            return try builder.fullyConnected(x, weights(channels: size, depth: size), output: quantization)
        }
    }

    private static func image(_ builder: inout PlanBuilder, _ side: Int, _ channels: Int, name: String = "x")
        -> TensorID
    {
        builder.input(name: name, shape: [1, side, side, channels], quantization: quantization)
    }

    private static func convolution(
        _ side: Int, _ channels: (Int, Int), kernel: Int, stride: Int = 1
    ) -> KernelCase {
        let pad = kernel / 2
        let window = Window(
            kernel: (kernel, kernel), strides: (stride, stride), padding: (pad, pad, pad, pad))
        let name = "convolution \(kernel)x\(kernel)/\(stride) \(side)x\(side)x\(channels.0)-\(channels.1)"
        return KernelCase(name: name) { builder in
            try builder.convolution(
                image(&builder, side, channels.0),
                weights(channels: channels.1, depth: kernel * kernel * channels.0), window: window,
                output: quantization)
        }
    }

    private static func depthwise(_ side: Int, _ channels: Int, stride: Int) -> KernelCase {
        let window = Window(kernel: (3, 3), strides: (stride, stride), padding: (1, 1, 1, 1))
        return KernelCase(name: "depthwise 3x3/\(stride) \(side)x\(side)x\(channels)") { builder in
            try builder.depthwiseConvolution(
                image(&builder, side, channels), weights(channels: channels, depth: 9), window: window,
                output: quantization)
        }
    }

    static let all: [KernelCase] = [
        product(256), product(512), product(1_024),
        convolution(96, (3, 8), kernel: 3, stride: 2),
        convolution(32, (16, 16), kernel: 3),
        convolution(8, (64, 64), kernel: 3),
        convolution(28, (512, 512), kernel: 3),
        convolution(28, (192, 32), kernel: 1),
        convolution(7, (960, 160), kernel: 1),
        depthwise(56, 144, stride: 1),
        depthwise(56, 144, stride: 2),
        KernelCase(name: "dense 640-128") { builder in
            let x = builder.input(name: "x", shape: [1, 640], quantization: quantization)
            return try builder.fullyConnected(x, weights(channels: 128, depth: 640), output: quantization)
        },
        KernelCase(name: "addition 56x56x24") { builder in
            try builder.addition(
                image(&builder, 56, 24, name: "a"), image(&builder, 56, 24, name: "b"),
                output: Quantization(scale: 0.07, zeroPoint: -4))
        },
        KernelCase(name: "maximum 2x2/2 56x56x64") { builder in
            try builder.pool(
                .maximum, image(&builder, 56, 64), window: Window(kernel: (2, 2), strides: (2, 2)),
                output: quantization)
        },
        KernelCase(name: "average 7x7 7x7x1280") { builder in
            try builder.pool(
                .average, image(&builder, 7, 1_280), window: Window(kernel: (7, 7)), output: quantization)
        },
        KernelCase(name: "table 56x56x64") { builder in
            try builder.lookup(
                image(&builder, 56, 64), table: (0..<256).map { Int8(truncatingIfNeeded: $0 * 3) },
                output: quantization)
        },
    ]
}
