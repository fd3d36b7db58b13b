/// Runs a float model and its int8 form side by side, a node at a time over all samples: how far each layer is off, and
/// by how much on average, which its bias takes back before the next layer sees it.
///
/// - Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2, with
///   the expected error measured.
struct PairedRun {
    private(set) var twin: QuantizedTwin
    private let samples: [[TensorData]]
    /// For each value, a tensor a sample: real numbers, of both models.
    private var held: [[(float: TensorData, quantized: TensorData)]?]
    private let lastReads: [[ValueID]]
    /// Values whose reader does not see all of them: what their range leaves out is no noise.
    private let partlySeen: Set<ValueID>

    /// Memory for results that some later node still reads. More samples than fit are left out.
    private static let memoryLimitBytes = 768 << 20

    /// How many samples the run takes.
    var sampleCount: Int { samples.count }

    init(_ twin: QuantizedTwin, samples: [[TensorData]], partlySeen: Set<ValueID> = []) {
        self.twin = twin
        self.partlySeen = partlySeen
        held = Array(repeating: nil, count: twin.float.values.count)
        lastReads = Self.lastReads(of: twin.float)
        let bytes = Self.peakElements(twin.float, lastReads) * 2 * MemoryLayout<Float>.size
        self.samples = Array(samples.prefix(max(Self.memoryLimitBytes / max(bytes, 1), 1)))
    }

    /// - Parameter correctsBias: whether the mean error of each channel is taken from the layer's bias.
    /// - Parameter progress: called with the number of nodes done.
    /// - Returns: one a node; nil for those that only move elements.
    mutating func run(
        rules: [ScaleRule], correctsBias: Bool, progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> [LayerNoise?] {
        for (place, id) in twin.float.inputs.enumerated() {
            var pairs: [(float: TensorData, quantized: TensorData)] = []
            for sample in samples { pairs.append((sample[place], try rounded(sample[place], as: id))) }
            held[id.index] = pairs
        }
        var noises: [LayerNoise?] = []
        for (number, node) in twin.float.nodes.enumerated() {
            do throws(ModelError) {
                noises.append(try run(number, node, rules[number], correctsBias: correctsBias))
            } catch {
                throw error.at(node.place)
            }
            for id in lastReads[number] { held[id.index] = nil }
            progress(number + 1)
        }
        return noises
    }

    // MARK: One node

    private mutating func run(
        _ number: Int, _ node: Node, _ rule: ScaleRule, correctsBias: Bool
    ) throws(ModelError) -> LayerNoise? {
        let layer = twin.layers[number]
        let operation = layer?.products ?? node.operation
        let constants = try quantizedConstants(number)
        let value = twin.float[node.outputs[0]]
        var noise = LayerNoise(name: node.name, operation: type(of: node.operation).name, shape: value.shape)
        var results: [[(float: TensorData, quantized: TensorData)]] = node.outputs.map { _ in [] }
        for sample in samples.indices {
            var (reals, integers, mixed): ([TensorData?], [TensorData?], [TensorData?]) = ([], [], [])
            for (place, id) in node.inputs.enumerated() {
                let pair = id.flatMap { held[$0.index]?[sample] }
                reals.append(pair?.float ?? id.flatMap { twin.float[$0].constant })
                integers.append(pair?.quantized ?? constants[place])
                mixed.append(pair?.float ?? constants[place])
            }
            // The twin has a bias where the float layer may have none.
            if constants.count > node.inputs.count {
                integers.append(constants[node.inputs.count])
                mixed.append(constants[node.inputs.count])
            }
            let float = try operation.evaluate(reals)
            for (place, (a, b)) in zip(float, try operation.evaluate(integers)).enumerated() {
                results[place].append((a, b))
            }
            if rule.computes(node.operation) {
                let own = try operation.evaluate(mixed)[0]
                noise.add(
                    seen(activated(float[0], layer), as: node.outputs[0]),
                    own: try rounded(activated(own, layer), as: node.outputs[0]))
            }
        }
        if let layer, correctsBias { try correct(layer, &results[0]) }
        for (place, id) in node.outputs.enumerated() {
            for sample in samples.indices {
                let (float, quantized) = results[place][sample]
                results[place][sample] = (
                    activated(float, layer), try rounded(activated(quantized, layer), as: id)
                )
            }
            held[id.index] = results[place]
        }
        guard rule.computes(node.operation) else { return nil }
        for (float, quantized) in results[0] { noise.add(seen(float, as: node.outputs[0]), quantized) }
        return noise
    }

    private func quantizedConstants(_ number: Int) throws(ModelError) -> [TensorData?] {
        var constants: [TensorData?] = []
        for id in twin.quantized.nodes[number].inputs {
            constants.append(try id.flatMap { id throws(ModelError) in try twin.real(id) })
        }
        return constants
    }

    /// Takes the mean error of each channel, in front of the activation, out of the bias and out of the results.
    private mutating func correct(
        _ layer: QuantizedTwin.Layer, _ results: inout [(float: TensorData, quantized: TensorData)]
    ) throws(ModelError) {
        guard let old = try twin.real(layer.bias)?.elements.reals, let first = results.first else { return }
        let rows = first.float.elements.count / max(old.count, 1) * results.count
        guard rows > 0 else { return }
        var errors = [Double](repeating: 0, count: old.count)
        for (float, quantized) in results {
            for (position, (a, b)) in zip(float.elements.reals, quantized.elements.reals).enumerated() {
                errors[position % old.count] += Double(b) - Double(a)
            }
        }
        twin.setBias(zip(old, errors).map { $0 - Float($1 / Double(rows)) }, of: layer.node)
        guard let new = try twin.real(layer.bias)?.elements.reals else { return }
        for sample in results.indices {
            var reals = results[sample].quantized.elements.reals
            for position in reals.indices {
                reals[position] += new[position % new.count] - old[position % old.count]
            }
            results[sample].quantized.elements = .float32(reals)
        }
    }

    private func activated(_ data: TensorData, _ layer: QuantizedTwin.Layer?) -> TensorData {
        guard let layer, case .float32(var reals) = data.elements else { return data }
        layer.activation.apply(to: &reals)
        return TensorData(shape: data.shape, .float32(reals))
    }

    /// Rounded into the int8 form's value and back.
    private func rounded(_ data: TensorData, as id: ValueID) throws(ModelError) -> TensorData {
        guard case .float32(let reals) = data.elements, let quantization = twin.quantized[id].quantization else {
            return data
        }
        let parameters = QuantizationParameters(quantization)
        let elements = parameters.quantize(reals, shape: data.shape, type: .int8)
        return TensorData(
            shape: data.shape, .float32(try parameters.dequantize(elements, shape: data.shape)))
    }

    /// Within the range that the int8 form holds, where the rest is left out because nothing sees it.
    private func seen(_ data: TensorData, as id: ValueID) -> TensorData {
        guard partlySeen.contains(id), case .float32(var reals) = data.elements,
            let limits = twin.quantized[id].quantization?.limits(.int8)
        else { return data }
        Activation(low: limits.low, high: limits.high).apply(to: &reals)
        return TensorData(shape: data.shape, .float32(reals))
    }

    // MARK: Memory

    private static func lastReads(of model: Model) -> [[ValueID]] {
        var seen: Set<ValueID> = []
        var reads: [[ValueID]] = []
        for node in model.nodes.reversed() {
            reads.append((node.inputs.compactMap(\.self) + node.outputs).filter { seen.insert($0).inserted })
        }
        return reads.reversed()
    }

    /// The most elements held at once for a sample.
    private static func peakElements(_ model: Model, _ lastReads: [[ValueID]]) -> Int {
        var now = model.inputs.reduce(0) { $0 + model[$1].elementCount }
        var peak = now
        for (node, ended) in zip(model.nodes, lastReads) {
            now += node.outputs.reduce(0) { $0 + model[$1].elementCount }
            peak = max(peak, now)
            now -= ended.filter { model[$0].constant == nil }.reduce(0) { $0 + model[$1].elementCount }
        }
        return peak
    }
}

extension ScaleRule {
    /// Whether a node of this rule makes new numbers and does not just move or pick them.
    fileprivate func computes(_ operation: any Operation) -> Bool {
        switch self {
        case .own, .fixed: true
        case .operand: (operation as? Pool)?.kind == .average || (operation as? Resize)?.method == .bilinear
        case .shared: operation is Binary
        case .whole: false
        }
    }
}

extension LayerNoise {
    fileprivate mutating func add(_ float: TensorData, own: TensorData) {
        guard case .float32(let a) = float.elements, case .float32(let b) = own.elements else { return }
        ownNoise += zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
    }

    fileprivate mutating func add(_ float: TensorData, _ quantized: TensorData) {
        guard case .float32(let a) = float.elements, case .float32(let b) = quantized.elements else { return }
        for (a, b) in zip(a, b) {
            signal += Double(a) * Double(a)
            noise += (Double(a) - Double(b)) * (Double(a) - Double(b))
        }
    }
}
