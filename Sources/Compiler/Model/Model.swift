/// A network as the importers leave it and the passes rewrite it, in one spelling whatever file it came from.
///
/// - Images are `[batch, height, width, channels]`, convolution weights `[out, height, width, in / groups]`; an importer
///   of another layout puts ``Transpose`` nodes around, which a pass takes out again.
/// - All shapes are known: an unknown batch is 1, any other unknown dimension is an error of the importer.
/// - A value with a ``Value/quantization`` stands for `scale * (element - zeroPoint)`, and a node whose values are
///   quantized computes what the plan's numeric contract says. ``Quantize`` and ``Dequantize`` alone write and read the
///   integers as they are, with the scale of their operands, whether or not the value has a quantization.
package struct Model: Hashable, Sendable {
    package var name: String
    package var values: [Value] = []
    /// Each reads only inputs, constants and what an earlier one writes.
    package var nodes: [Node] = []
    package var inputs: [ValueID] = []
    package var outputs: [ValueID] = []

    package init(name: String) { self.name = name }

    package subscript(_ id: ValueID) -> Value {
        get { values[id.index] }
        set { values[id.index] = newValue }
    }

    package mutating func add(_ value: Value) -> ValueID {
        values.append(value)
        return ValueID(index: values.count - 1)
    }

    package mutating func constant(_ name: String, _ data: TensorData, quantization: ValueQuantization? = nil)
        -> ValueID
    {
        add(Value(name: name, type: data.type, shape: data.shape, quantization: quantization, constant: data))
    }
}

/// The number of a value within one model.
package struct ValueID: Hashable, Sendable {
    package let index: Int
    package init(index: Int) { self.index = index }
}

/// One tensor of a model: an input, a constant, or what a node writes.
package struct Value: Hashable, Sendable {
    package var name: String
    package var type: ElementType
    package var shape: [Int]
    /// How integers stand for real numbers; nil where they stand for themselves.
    package var quantization: ValueQuantization?
    package var constant: TensorData?
    /// Of a graph input or output whose type a pass changed: what the caller hands in and gets. uint8 elements are
    /// those of the int8 value plus 128. nil where both are the same.
    package var presentedType: ElementType?
    /// Carried to int8 from uint8: some numeric contracts compute the two differently.
    package var isFromUnsigned = false

    package init(
        name: String, type: ElementType, shape: [Int], quantization: ValueQuantization? = nil,
        constant: TensorData? = nil
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        self.quantization = quantization
        self.constant = constant
    }

    package var elementCount: Int { shape.reduce(1, *) }
}

/// `real = scale * (element - zeroPoint)`, for a whole tensor or for each slice along an axis.
package struct ValueQuantization: Hashable, Sendable {
    /// One, or one a slice; each finite and above zero.
    package var scales: [Float]
    /// As many as scales.
    package var zeroPoints: [Int32]
    /// The dimension of the slices; nil for one scale.
    package var axis: Int?

    package init(scales: [Float], zeroPoints: [Int32], axis: Int? = nil) {
        precondition(scales.count == zeroPoints.count && (axis != nil || scales.count == 1))
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.axis = axis
    }
}

/// One step of a model.
package struct Node: Sendable, Hashable {
    /// As the file calls it, for messages.
    package var name: String
    package var operation: any Operation
    /// nil where an optional operand is left out.
    package var inputs: [ValueID?]
    package var outputs: [ValueID]

    package init(name: String, _ operation: any Operation, inputs: [ValueID?], outputs: [ValueID]) {
        self.name = name
        self.operation = operation
        self.inputs = inputs
        self.outputs = outputs
    }

    package static func == (a: Node, b: Node) -> Bool {
        a.name == b.name && a.inputs == b.inputs && a.outputs == b.outputs && a.operation.isEqual(to: b.operation)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(inputs)
        hasher.combine(outputs)
    }
}
