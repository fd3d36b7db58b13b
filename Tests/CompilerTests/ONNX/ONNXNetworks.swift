@testable import Compiler

/// Small networks as exporters write them.
enum ONNXNetworks {
    private typealias Node = ONNXDraft.Node

    private static func reals(_ shape: [Int], scale: Float = 0.125) -> TensorData {
        TensorData(shape: shape, .float32((0..<shape.reduce(1, *)).map { Float($0 % 13 - 6) * scale }))
    }

    private static func real(_ number: Float) -> TensorData { TensorData(shape: [], .float32([number])) }

    static func integers(_ numbers: Int64...) -> TensorData {
        TensorData(shape: [numbers.count], .int64(numbers))
    }

    /// Quantize and dequantize around a convolution with int8 weights, an activation, a pool and a dense layer.
    static let quantized = ONNXDraft(
        inputs: [.init(name: "image", shape: [-1, 2, 6, 6])],
        initializers: [
            ("scale", real(0.05)), ("zero", TensorData(shape: [], .uint8([128]))),
            ("weights", TensorData(shape: [4, 2, 3, 3], .int8((0..<72).map { Int8($0 % 15 - 7) }))),
            ("weight scales", TensorData(shape: [4], .float32([0.01, 0.02, 0.03, 0.04]))),
            ("weight zeros", TensorData(shape: [4], .int8([0, 0, 0, 0]))),
            ("bias", TensorData(shape: [4], .float32([0.5, -0.5, 0.25, 0]))),
            ("dense", reals([4, 3])), ("dense bias", reals([3])),
        ],
        nodes: [
            Node(type: "QuantizeLinear", name: "q", inputs: ["image", "scale", "zero"], outputs: ["bytes"]),
            Node(type: "DequantizeLinear", name: "dq", inputs: ["bytes", "scale", "zero"], outputs: ["real"]),
            Node(
                type: "DequantizeLinear", name: "dq weights", inputs: ["weights", "weight scales", "weight zeros"],
                outputs: ["real weights"], attributes: ["axis": .int(0)]),
            Node(
                type: "Conv", name: "conv", inputs: ["real", "real weights", "bias"], outputs: ["sum"],
                attributes: ["pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]), "kernel_shape": .ints([3, 3])]),
            Node(type: "Relu", name: "relu", inputs: ["sum"], outputs: ["positive"]),
            Node(type: "GlobalAveragePool", name: "pool", inputs: ["positive"], outputs: ["mean"]),
            Node(type: "Flatten", name: "flatten", inputs: ["mean"], outputs: ["row"]),
            Node(type: "Gemm", name: "dense", inputs: ["row", "dense", "dense bias"], outputs: ["logits"]),
            Node(type: "Softmax", name: "softmax", inputs: ["logits"], outputs: ["classes"]),
        ],
        outputs: ["classes"])

    /// What PyTorch leaves of `x.view(x.size(0), -1)`, and a slice, a pad and an expand by computed numbers.
    static let shapeArithmetic = ONNXDraft(
        inputs: [.init(name: "x", shape: [-1, 3, 4])],
        initializers: [
            ("0", TensorData(shape: [], .int64([0]))), ("axes", integers(0)), ("rest", integers(-1)),
            ("one", integers(1)), ("three", integers(3)), ("pads", integers(0, 1, 0, 0)), ("grow", integers(2, 1)),
        ],
        nodes: [
            Node(type: "Shape", name: "shape", inputs: ["x"], outputs: ["sizes"]),
            Node(
                type: "Gather", name: "gather", inputs: ["sizes", "0"], outputs: ["batch"],
                attributes: ["axis": .int(0)]),
            Node(type: "Unsqueeze", name: "unsqueeze", inputs: ["batch", "axes"], outputs: ["batches"]),
            Node(
                type: "Concat", name: "concat", inputs: ["batches", "rest"], outputs: ["flat"],
                attributes: ["axis": .int(0)]),
            Node(type: "Reshape", name: "view", inputs: ["x", "flat"], outputs: ["rows"]),
            Node(type: "Slice", name: "slice", inputs: ["rows", "one", "three", "one"], outputs: ["part"]),
            Node(type: "Pad", name: "pad", inputs: ["part", "pads"], outputs: ["padded"]),
            Node(type: "ConstantOfShape", name: "fill", inputs: ["grow"], outputs: ["zeros"]),
            Node(type: "Add", name: "add", inputs: ["padded", "zeros"], outputs: ["y"]),
        ],
        outputs: ["y"])

    /// An LSTM over three steps.
    static let recurrence = ONNXDraft(
        inputs: [.init(name: "x", shape: [3, 1, 2])],
        initializers: [("W", reals([1, 8, 2])), ("R", reals([1, 8, 2])), ("B", reals([1, 16]))],
        nodes: [
            Node(
                type: "LSTM", name: "lstm", inputs: ["x", "W", "R", "B"], outputs: ["steps", "last"],
                attributes: ["hidden_size": .int(2)]),
            Node(type: "Squeeze", name: "squeeze", inputs: ["steps"], outputs: ["y"]),
        ],
        outputs: ["y", "last"])
}
