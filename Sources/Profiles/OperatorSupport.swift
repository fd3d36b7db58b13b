/// Where the vendor's tools put which operator, by its name in ONNX: `Conv`, `ConvTranspose`, `Softmax`.
package struct OperatorSupport: Hashable, Sendable {
    /// On the NPU, in int8.
    package var npu: Fact<[String]>?
    /// On the NPU, but converted to float16 and back.
    package var float16: Fact<[String]>?
    /// On the CPU beside the NPU.
    package var fallback: Fact<[String]>?
    package var limits: [OperatorLimit]

    package init(
        npu: Fact<[String]>? = nil, float16: Fact<[String]>? = nil, fallback: Fact<[String]>? = nil,
        limits: [OperatorLimit] = []
    ) {
        self.npu = npu
        self.float16 = float16
        self.fallback = fallback
        self.limits = limits
    }
}

/// A bound within which an operator runs on the NPU; beyond it, it falls back.
package struct OperatorLimit: Hashable, Sendable {
    package var `operator`: String
    package var quantity: Quantity
    package var most: Fact<Int>

    package init(operator: String, quantity: Quantity, most: Fact<Int>) {
        self.operator = `operator`
        self.quantity = quantity
        self.most = most
    }

    package enum Quantity: String, CaseIterable, Hashable, Sendable {
        /// Height, and width, of the window.
        case kernelEdge = "kernel_edge"
        /// Height * width * input channels of one group.
        case kernelVolume = "kernel_volume"
        /// Input, and output, channels without groups.
        case channels
        /// Input, and output, channels of one of several groups.
        case channelsPerGroup = "channels_per_group"
        /// Height * width of the input.
        case inputPositions = "input_positions"
        case batch
        /// Number of dimensions.
        case rank
        /// Bytes of the input.
        case inputBytes = "input_bytes"
    }
}
