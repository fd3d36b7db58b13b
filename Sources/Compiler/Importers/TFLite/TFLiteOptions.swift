/// The attributes of an operator; the schema's defaults for an operator without.
struct TFLiteOptions {
    let table: FlatTable?

    /// The schema's `BuiltinOptions`, those that are read.
    enum Kind: Int {
        case convolution = 1
        case depthwise = 2
        case pool = 5
        case fullyConnected = 8
        case softmax = 9
        case concatenation = 10
        case add = 11
        case l2Normalization = 12
        case resizeBilinear = 15
        case reshape = 17
        case spaceToDepth = 19
        case multiply = 21
        case gather = 23
        case reducer = 27
        case subtract = 28
        case divide = 29
        case squeeze = 30
        case stridedSlice = 32
        case split = 35
        case cast = 37
        case argumentMaximum = 40
        case transposedConvolution = 49
        case shape = 55
        case argumentMinimum = 57
        case pack = 59
        case unpack = 64
        case lstm = 71
        case resizeNearest = 74
        case leakyRelu = 75
        case mirrorPad = 77
        case depthToSpace = 94
        case matrixProduct = 101
        case cumulativeSum = 102
        case gelu = 116
    }

    func int(_ field: String, _ slot: Int, default missing: Int32 = 0) throws(ModelError) -> Int {
        guard let table else { return Int(missing) }
        return try table.int(field, slot, default: missing)
    }

    func float(_ field: String, _ slot: Int) throws(ModelError) -> Float {
        guard let table else { return 0 }
        let number = try table.float(field, slot)
        guard number.isFinite else { throw .malformed(.init(field, expected: "a finite number", found: "\(number)")) }
        return number
    }

    func byte(_ field: String, _ slot: Int) throws(ModelError) -> Int { try table?.byte(field, slot) ?? 0 }

    func flag(_ field: String, _ slot: Int) throws(ModelError) -> Bool { try table?.flag(field, slot) ?? false }

    func integers(_ field: String, _ slot: Int) throws(ModelError) -> [Int]? {
        try table?.numbers(field, slot, of: Int32.self)?.map(Int.init)
    }

    /// A number of rows, columns or steps: at least 1.
    func extent(_ field: String, _ slot: Int, default missing: Int32 = 0) throws(ModelError) -> Int {
        let extent = try int(field, slot, default: missing)
        guard (1...Self.maximumExtent).contains(extent) else {
            throw .malformed(.init(field, expected: "1 to \(Self.maximumExtent)", found: "\(extent)"))
        }
        return extent
    }

    /// Two of them.
    func pair(
        _ field: String, height: Int, width: Int, default missing: Int32 = 0
    ) throws(ModelError) -> Pair {
        Pair(
            try extent("\(field)_h", height, default: missing), try extent("\(field)_w", width, default: missing))
    }

    /// What is done to each result.
    func activation(_ slot: Int) throws(ModelError) -> Activation {
        switch try byte("fused_activation_function", slot) {
        case 0: return .none
        case 1: return .relu
        case 2: return .reluN1To1
        case 3: return .relu6
        case let other:
            throw .unsupported(
                .init(
                    "fused_activation_function", expected: "NONE, RELU, RELU_N1_TO_1 or RELU6",
                    found: other == 4 ? "TANH" : other == 5 ? "SIGN_BIT" : "\(other)",
                    advice: "convert the model with the activation as an operator of its own"))
        }
    }

    /// Whether an image is padded so that strides alone make it smaller ("SAME"), or not at all ("VALID").
    func isPaddedSame(_ slot: Int) throws(ModelError) -> Bool {
        let padding = try byte("padding", slot)
        guard (0...1).contains(padding) else {
            throw .malformed(.init("padding", expected: "0 (SAME) or 1 (VALID)", found: "\(padding)"))
        }
        return padding == 0
    }

    /// No stride, dilation or window of a network that runs at the edge comes near it.
    private static let maximumExtent = 65_535
}
