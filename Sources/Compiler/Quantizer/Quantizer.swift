/// Makes an int8 model of a float one, from inputs like those it will see.
///
/// In this order: the usual passes on real numbers (batch normalization folded, activations fused); ``Equalization``
/// between neighbouring layers; calibration, which chooses the range of each activation; int8 weights with a scale an
/// output channel and int32 biases; correction of each layer's mean error in its bias; the usual passes again.
/// - Quantization: activations int8 with a zero point, weights int8 in -127...127 without one, or what a chip's ``Scheme``
///   says; biases int32 with the product of both scales; shared and fixed scales as TensorFlow Lite's int8 operators have them.
package struct Quantizer: Sendable {
    package struct Options: Hashable, Sendable {
        package var method = RangeMethod.meanSquaredError
        package var equalizes = true
        package var correctsBias = true
        package var scheme = Scheme()
        /// Real numbers at the graph's inputs and outputs, quantized and dequantized within.
        package var hasFloatDoors = false

        package init() {}
    }

    /// What came of it.
    package struct Outcome: Sendable {
        /// On integers, through with the passes.
        package var model: Model
        /// The same network on real numbers, equalized.
        package var float: Model
        /// In the order of computation, without those that only move elements.
        package var layers: [LayerNoise]
        package var pairs: [Equalization.Pair]
        /// Inputs that the layers were compared on; fewer than were given where memory does not hold them all.
        package var comparedSamples: Int
    }

    /// What is being done, for a person who waits.
    package enum Stage: String, Hashable, Sendable {
        case equalizing, ranges, histograms, layers
    }

    private let options: Options

    package init(_ options: Options = Options()) { self.options = options }

    /// - Parameter imported: as an importer leaves it, of real numbers throughout.
    /// - Parameter samples: calibration inputs: a float32 tensor a graph input each.
    /// - Parameter progress: stage, steps done, steps in all.
    /// - Throws: `.mismatch` for a model that is quantized already, for no inputs, or inputs that do not fit it or are
    ///   no finite numbers; `.unsupported` naming each node that has no int8 form.
    package func quantize(
        _ imported: Model, samples: [[TensorData]], progress: (Stage, Int, Int) -> Void = { _, _, _ in }
    ) throws(ModelError) -> Outcome {
        try Self.checkIsFloat(imported)
        guard !samples.isEmpty else {
            throw .mismatch(.init("calibration inputs", expected: "at least one", found: "none"))
        }
        var model = imported
        try Passes.run(&model)
        Self.averageWithOwnScale(&model)
        // What has no int8 form is named before anybody waits for the numbers.
        var float = Self.withOwnConstants(model)
        var classes = try ScaleClasses(float)
        var pairs: [Equalization.Pair] = []
        if options.equalizes {
            progress(.equalizing, 0, 1)
            pairs = try Equalization.run(&model, samples: samples)
            float = Self.withOwnConstants(model)
            classes = try ScaleClasses(float)
            progress(.equalizing, 1, 1)
        }
        let values = float.realValues
        let visible = VisibleOperands(float)
        let extents = try ranges(of: values, visible, samples, progress)
        let quantizations = classes.quantizations(of: values, scheme: options.scheme) { extents[$0] }
        let twin = try QuantizedTwin(float, quantizations, options.scheme)
        var run = PairedRun(twin, samples: samples, partlySeen: Set(visible.parts.keys))
        let noises = try run.run(rules: classes.rules, correctsBias: options.correctsBias) {
            progress(.layers, $0, float.nodes.count)
        }
        var result = run.twin.quantized
        if options.hasFloatDoors { result.addFloatDoors() }
        try Passes.run(&result)
        try result.check()
        return Outcome(
            model: result, float: float, layers: noises.compactMap { $0 }, pairs: pairs,
            comparedSamples: run.sampleCount)
    }

    /// The range of each value on its own.
    private func ranges(
        of values: [ValueID], _ visible: VisibleOperands, _ samples: [[TensorData]],
        _ progress: (Stage, Int, Int) -> Void
    ) throws(ModelError) -> [ValueID: Extent] {
        let model = visible.model
        let calibration = try Calibration(model, samples: samples) { progress(.ranges, $0, samples.count) }
        var extents = calibration.extents
        if options.method.needsHistogram {
            // What a sensor or a camera hands in is not cut off: its extremes are what it can say.
            let cut = Set(values.map { visible.parts[$0] ?? $0 }).subtracting(model.inputs)
            let histograms = try calibration.histograms(of: cut, model, samples: samples) {
                progress(.histograms, $0, samples.count)
            }
            for (id, histogram) in histograms {
                // Without a zero point both ends are one number.
                let isMirrored = options.scheme.hasSymmetricActivations && histogram.low < 0
                extents[id] = options.method.range(isMirrored ? histogram.mirrored : histogram)
            }
        }
        for (id, part) in visible.parts { extents[id] = extents[part] }
        for id in values {
            guard case .float32(let reals)? = model[id].constant?.elements else { continue }
            extents[id] = Extent(of: reals)
            guard extents[id]?.isFinite ?? true else {
                throw .mismatch(
                    .init("constant", expected: "finite numbers", found: "others", place: "value \(model[id].name)"))
            }
        }
        for node in model.nodes {
            guard let pad = node.operation as? Pad, case .constant(let level) = pad.mode, level.isFinite else {
                continue
            }
            let fill = Extent(low: level, high: level)
            extents[node.outputs[0]] = extents[node.outputs[0]]?.joined(fill) ?? fill
        }
        return extents
    }

    private static func checkIsFloat(_ model: Model) throws(ModelError) {
        let advice = "compile it as it is, or quantize the float model that it was made from"
        for node in model.nodes
        where node.operation.readsBareIntegers || node.operation is DynamicQuantize {
            throw .mismatch(
                .init(
                    "model to quantize", expected: "real numbers throughout",
                    found: "\(type(of: node.operation).name): it is quantized already", place: node.place,
                    advice: advice))
        }
        for value in model.values where value.quantization != nil {
            throw .mismatch(
                .init(
                    "model to quantize", expected: "real numbers throughout",
                    found: "\(value.type) with a scale: it is quantized already", place: "value \(value.name)",
                    advice: advice))
        }
        for id in model.inputs where model[id].type != .float32 {
            throw .unsupported(
                .init("input \(model[id].name)", expected: "float32", found: "\(model[id].type) \(model[id].shape)"))
        }
    }

    /// An average over the whole image becomes a mean: a pool has its operand's scale, a mean one of its own, and what
    /// is left of sixty-four numbers spreads far less than they did.
    private static func averageWithOwnScale(_ model: inout Model) {
        for (number, node) in model.nodes.enumerated() {
            guard let pool = node.operation as? Pool, pool.kind == .average, pool.activation == .none,
                pool.padding == .none, let x = node.inputs[0], model[x].type == .float32,
                pool.kernel == Pair(model[x].shape[1], model[x].shape[2])
            else { continue }
            model.nodes[number].operation = Reduce(.mean, axes: [1, 2], keepsDimensions: true)
        }
    }

    /// Each constant read once: it is rounded as its reader needs it.
    private static func withOwnConstants(_ model: Model) -> Model {
        var model = model
        var taken: Set<ValueID> = []
        for number in model.nodes.indices {
            for (place, id) in model.nodes[number].inputs.enumerated() {
                guard let id, model[id].constant != nil, !taken.insert(id).inserted else { continue }
                model.nodes[number].inputs[place] = model.add(model[id])
            }
        }
        return model
    }
}

extension Model {
    /// Inputs, results and constant operands of real numbers: not weights, not biases.
    fileprivate var realValues: [ValueID] {
        var ids = inputs
        for node in nodes {
            let weights = weightOperands(of: node)
            ids += node.inputs.compactMap { $0 }.filter { self[$0].constant != nil && !weights.contains($0) }
            ids += node.outputs
        }
        return ids.filter { self[$0].type == .float32 }
    }

    /// Real numbers at the graph's inputs and outputs.
    fileprivate mutating func addFloatDoors() {
        for id in inputs {
            guard let quantization = self[id].quantization else { continue }
            var inner = self[id]
            inner.name += ".int8"
            let integers = add(inner)
            for number in nodes.indices {
                nodes[number].inputs = nodes[number].inputs.map { $0 == id ? integers : $0 }
            }
            for (place, output) in outputs.enumerated() where output == id { outputs[place] = integers }
            (self[id].type, self[id].quantization) = (.float32, nil)
            let operands = parameters(quantization, of: self[id].name)
            nodes.insert(
                Node(
                    name: self[id].name + ".quantize", Quantize(to: .int8), inputs: [id] + operands,
                    outputs: [integers]),
                at: 0)
        }
        for (place, id) in outputs.enumerated() {
            guard let quantization = self[id].quantization else { continue }
            let real = add(Value(name: self[id].name, type: .float32, shape: self[id].shape))
            self[id].name += ".int8"
            let operands = parameters(quantization, of: self[real].name)
            nodes.append(
                Node(
                    name: self[real].name + ".dequantize", Dequantize(), inputs: [id] + operands, outputs: [real]))
            outputs[place] = real
        }
    }

    private mutating func parameters(_ quantization: ValueQuantization, of name: String) -> [ValueID?] {
        [
            constant(name + ".scale", TensorData(shape: [], .float32(quantization.scales))),
            constant(
                name + ".zero",
                TensorData(shape: [], .int8(quantization.zeroPoints.map { Int8(clamping: $0) }))),
        ]
    }
}
