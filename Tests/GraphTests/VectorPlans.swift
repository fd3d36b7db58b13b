import Graph

/// The plan that computes a vector under a contract.
struct VectorPlan {
    private var builder: PlanBuilder
    private let contract: any Contract.Type
    private let vector: Vector
    private var inputs: [TensorID] = []

    private var parameters: Vector.Parameters { vector.parameters }
    private var output: Quantization { vector.output.quantization }
    private var isUnsigned: Bool { vector.inputs[0].isUnsigned || vector.output.isUnsigned }

    /// - Throws: ``PlanError``, and ``Unknown`` for an operator that nobody has written down here.
    static func bytes(_ vector: Vector, _ name: String, _ contract: String) throws -> [UInt8] {
        var plan = VectorPlan(
            builder: PlanBuilder(contract: contract), contract: try Contracts.named(contract), vector: vector)
        plan.builder.output(try plan.append(name))
        return try plan.builder.encode()
    }

    /// Bytes of what the plan reads: every operand that is no constant of the operator.
    static func input(_ vector: Vector, _ name: String) -> [UInt8] {
        vector.inputs.prefix(["add", "sub", "mul", "batch_matmul"].contains(name) ? 2 : 1).flatMap(\.bytes)
    }

    struct Unknown: Error { var name: String }

    private mutating func input(_ index: Int) -> TensorID {
        let operand = vector.inputs[index]
        return builder.input(
            name: "input \(index)", type: operand.type == "float32" ? .float32 : .int8, shape: operand.shape,
            quantization: operand.type == "float32" ? .identity : operand.quantization)
    }

    private mutating func append(_ name: String) throws -> TensorID {
        switch name {
        case "add", "sub":
            return try builder.addition(
                input(0), input(1), subtracts: name == "sub", isUnsigned: isUnsigned, output: output, clamp: clamp)
        case "mul":
            return try builder.multiplication(
                input(0), input(1), isUnsigned: isUnsigned, output: output, clamp: clamp)
        case "batch_matmul":
            return try builder.matrixProduct(input(0), input(1), isRightRowMajor: true, output: output)
        case "conv_2d", "depthwise_conv_2d", "transpose_conv", "fully_connected": return try sum(name)
        case "average_pool_2d", "max_pool_2d":
            return try builder.pool(
                name == "max_pool_2d" ? .maximum : .average, input(0),
                window: window(parameters.kernel ?? 1, parameters.kernel ?? 1), isUnsigned: isUnsigned,
                output: output, clamp: clamp)
        case "mean", "sum":
            let axes = parameters.axes ?? []
            return try builder.mean(
                input(0), kind: name == "sum" ? .sum : .mean, axes: (axes.first ?? 0)..<(axes.last ?? 0) + 1,
                shape: vector.output.shape, isUnsigned: isUnsigned, output: output)
        case "softmax":
            return try builder.softmax(input(0), beta: parameters.beta ?? 1, isUnsigned: isUnsigned, output: output)
        case "l2_normalization": return try builder.l2Normalization(input(0), isUnsigned: isUnsigned)
        case "quantize_float": return try builder.quantize(input(0), output: output)
        case "dequantize": return try builder.dequantize(input(0), isUnsigned: isUnsigned)
        case "resize_bilinear", "resize_nearest_neighbor": return try resize(name)
        case "prelu":
            let slopes = vector.inputs[1]
            let tables = try slopes.int8s.map { slope in
                try table(
                    .prelu(
                        slope: Int32(slope) - slopes.quantization.zeroPoint, scale: slopes.quantization.scale))
            }
            return try builder.channelLookup(input(0), tables: tables, output: output)
        default: return try builder.lookup(input(0), table: table(function(name)), output: output)
        }
    }

    private func function(_ name: String) throws -> UnaryFunction {
        switch name {
        case "quantize": .identity
        case "relu": .clamp(low: 0, high: .infinity)
        case "relu6": .clamp(low: 0, high: 6)
        case "relu_n1_to_1": .clamp(low: -1, high: 1)
        case "leaky_relu": .leakyRelu(slope: parameters.alpha ?? 0)
        case "hard_swish": .hardSwish
        case "logistic": .sigmoid
        case "tanh": .tanh
        case "elu": .elu
        case "exp": .exp
        default: throw Unknown(name: name)
        }
    }

    private func table(_ function: UnaryFunction) throws -> FunctionTable {
        guard let table = contract.table(function, input: vector.inputs[0].quantization, output: output) else {
            throw Unknown(name: "\(function) from \(vector.inputs[0].quantization) to \(output)")
        }
        return table
    }

    private var clamp: ClosedRange<Int32> {
        let bounds: (Float, Float) =
            switch parameters.activation {
            case "RELU": (0, .infinity)
            case "RELU6": (0, 6)
            case "RELU_N1_TO_1": (-1, 1)
            default: (-.infinity, .infinity)
            }
        func bound(_ value: Float) -> Int32 {
            value.isInfinite
                ? (value < 0 ? -128 : 127)
                : min(max(contract.bound(value, output, isUnsigned: isUnsigned), -128), 127)
        }
        return bound(bounds.0)...bound(bounds.1)
    }
}

// MARK: windows

extension VectorPlan {
    private func window(_ height: Int, _ width: Int) -> Window {
        let (stride, dilation) = (parameters.stride ?? 1, parameters.dilation ?? 1)
        var pads = parameters.pads ?? [0, 0, 0, 0]
        if parameters.padding == "SAME" {
            func padding(_ size: Int, _ kernel: Int) -> (Int, Int) {
                let reach = ((size + stride - 1) / stride - 1) * stride + (kernel - 1) * dilation + 1
                let total = max(0, reach - size)
                return (total / 2, total - total / 2)
            }
            let shape = vector.inputs[0].shape
            let (vertical, horizontal) = (padding(shape[1], height), padding(shape[2], width))
            pads = [vertical.0, horizontal.0, vertical.1, horizontal.1]
        }
        return Window(
            kernel: (height, width), strides: (stride, stride), dilations: (dilation, dilation),
            padding: (pads[0], pads[1], pads[2], pads[3]))
    }

    private mutating func sum(_ name: String) throws -> TensorID {
        let (operand, shape) = (vector.inputs[1], vector.inputs[1].shape)
        let bias = vector.inputs[2].numbers ?? []
        var weights = Weights.Source(
            elements: operand.int8s, scales: operand.scales ?? [],
            zeroPoints: operand.isUnsigned
                ? Array(repeating: Int8(operand.quantization.zeroPoint), count: bias.count) : nil, bias: bias)
        let input = input(0)
        switch name {
        case "fully_connected": return try builder.fullyConnected(input, weights, output: output, clamp: clamp)
        case "conv_2d":
            return try builder.convolution(
                input, weights, window: window(shape[1], shape[2]), output: output, clamp: clamp)
        case "depthwise_conv_2d" where parameters.depthMultiplier == 1:
            return try builder.depthwiseConvolution(
                input, weights, window: window(shape[1], shape[2]), output: output, clamp: clamp)
        case "depthwise_conv_2d":
            // Channels of the output one behind the other, and a group for each of the input.
            let elements = weights.elements
            let (taps, channels) = (shape[1] * shape[2], shape[3])
            weights.elements = (0..<channels).flatMap { channel in
                (0..<taps).map { elements[$0 * channels + channel] }
            }
            return try builder.convolution(
                input, weights, window: window(shape[1], shape[2]), groups: vector.inputs[0].shape[3],
                origin: .depthwise, output: output, clamp: clamp)
        default: return try transposed(input, weights)
        }
    }

    /// Pixels spread by the stride, then a convolution with the kernel turned around.
    private mutating func transposed(_ input: TensorID, _ weights: Weights.Source) throws -> TensorID {
        let (shape, from, to) = (vector.inputs[1].shape, vector.inputs[0].shape, vector.output.shape)
        let stride = parameters.stride ?? 1
        func padding(_ axis: Int) -> (before: Int, after: Int) {
            let (spread, kernel) = ((from[axis] - 1) * stride + 1, shape[axis])
            let lost = parameters.padding == "SAME" ? max(0, spread - 1 + kernel - to[axis]) / 2 : 0
            let before = kernel - 1 - lost
            return (before, to[axis] - spread - before + kernel - 1)
        }
        let (rows, columns) = (padding(1), padding(2))
        let padded = try builder.pad(
            input, before: [0, rows.before, columns.before, 0], after: [0, rows.after, columns.after, 0],
            between: [0, stride - 1, stride - 1, 0], fill: Int8(vector.inputs[0].quantization.zeroPoint))
        var turned = weights
        let (taps, depth) = (shape[1] * shape[2], shape[3])
        for index in weights.elements.indices {
            let (channel, rest) = index.quotientAndRemainder(dividingBy: taps * depth)
            let tap = taps - 1 - rest / depth
            turned.elements[(channel * taps + tap) * depth + rest % depth] = weights.elements[index]
        }
        return try builder.convolution(
            padded, turned, window: Window(kernel: (shape[1], shape[2])), origin: .transposed, output: output)
    }

    private mutating func resize(_ name: String) throws -> TensorID {
        let coordinates: ResizeArithmetic.Coordinates =
            parameters.alignCorners == true
            ? .alignCorners : parameters.halfPixelCenters == true ? .halfPixel : .asymmetric
        let (from, to) = (vector.inputs[0].shape, vector.output.shape)
        let arithmetic =
            name == "resize_bilinear" ? contract.bilinear(isUnsigned: isUnsigned) : ResizeArithmetic.nearest
        return try builder.resize(
            input(0), arithmetic, rows: arithmetic.axis(to[1], of: from[1], coordinates),
            columns: arithmetic.axis(to[2], of: from[2], coordinates))
    }
}
