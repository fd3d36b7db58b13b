/// Moves scale between two layers, channel by channel, so that no channel of the int8 tensor between them is drowned by
/// another one: `relu(s * x) == s * relu(x)` for s above zero.
///
/// The first layer's output channel c is divided by `s[c]` and the second's input channel c multiplied by it. Weights
/// have a scale an output channel of their own, so the first layer's and a depthwise second's do not care, and its
/// channels come out alike; a second layer that sums over channels shares one scale among them, and meets half-way.
/// - Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1, with
///   the numbers seen in place of the first layer's weights.
package enum Equalization {
    /// Two layers, or what stands between them.
    package struct Pair: Hashable, Sendable {
        package var first: String
        package var second: String
        /// nil where the pair was equalized.
        package var reasonSkipped: String?
    }

    private struct Link {
        var first: Int
        var second: Int
        var between: ValueID
    }

    /// The most that a channel is scaled by in either direction: a channel that hardly ever fires stays small.
    private static let factorLimit: Float = 64
    /// Each round sees what its neighbours did.
    private static let roundLimit = 8
    /// Nothing moves any more.
    private static let settled: Float = 1.01

    /// - Parameter model: of real numbers, with activations fused.
    /// - Returns: all pairs of layers one behind the other.
    static func run(_ model: inout Model, samples: [[TensorData]]) throws(ModelError) -> [Pair] {
        var editor = ModelEditor(model)
        let (links, pairs) = find(editor)
        guard !links.isEmpty else { return pairs }
        let calibration = try Calibration(model, samples: samples, channels: Set(links.map(\.between)))
        var maxima = calibration.channelMaxima
        for _ in 0..<roundLimit {
            var largest: Float = 1
            for link in links {
                guard let ranges = maxima[link.between], let factors = factors(link, ranges, editor),
                    apply(factors, to: link, &editor)
                else { continue }
                maxima[link.between] = zip(ranges, factors).map { $0 / $1 }
                largest = factors.reduce(largest) { max($0, $1, 1 / $1) }
            }
            if largest < settled { break }
        }
        model = editor.finish()
        return pairs
    }

    // MARK: Pairs

    private static func find(_ editor: ModelEditor) -> (links: [Link], pairs: [Pair]) {
        var links: [Link] = []
        var pairs: [Pair] = []
        for first in editor.nodeNumbers {
            guard let node = editor.node(first), let weights = ConstantWeights(node, editor),
                editor.plainReals(weights.id) != nil, let between = node.outputs.first
            else { continue }
            for second in editor.readers(of: between) {
                guard let reader = editor.node(second), reader.inputs[0] == between,
                    ConstantWeights(reader, editor) != nil
                else { continue }
                let reason = obstacle(weights, reader, between, editor)
                if reason == nil { links.append(Link(first: first, second: second, between: between)) }
                pairs.append(Pair(first: node.name, second: reader.name, reasonSkipped: reason))
            }
        }
        return (links, pairs)
    }

    private static func obstacle(
        _ weights: ConstantWeights, _ reader: Node, _ between: ValueID, _ editor: ModelEditor
    ) -> String? {
        let activation = weights.activation
        if activation.high < .infinity { return "the activation between them ends at \(activation.high)" }
        if activation.low > -.infinity, activation.low != 0 { return "the activation begins at \(activation.low)" }
        let count = editor.readers(of: between).count
        if count > 1 || editor.onlyReader(of: between) == nil {
            return count > 1 ? "\(count) nodes read what is between them" : "what is between them is an output too"
        }
        guard let channels = editor[between].shape.last, let results = editor[reader.outputs[0]].shape.last,
            weights.bias(channels, editor) != nil, let second = ConstantWeights(reader, editor),
            second.places(channels, results, editor) != nil, editor.plainReals(second.id) != nil
        else { return "the weights are no plain table of channels" }
        return nil
    }

    // MARK: Factors

    /// What each channel is divided by before and multiplied by behind.
    private static func factors(_ link: Link, _ ranges: [Float], _ editor: ModelEditor) -> [Float]? {
        guard let reader = editor.node(link.second), let weights = ConstantWeights(reader, editor),
            let reals = editor.plainReals(weights.id), let results = editor[reader.outputs[0]].shape.last,
            let places = weights.places(ranges.count, results, editor)
        else { return nil }
        let isDepthwise = (reader.operation as? Convolution).map { $0.groups == ranges.count } ?? false
        var columns = [Float](repeating: 0, count: ranges.count)
        for (weight, place) in zip(reals, places) { columns[place.input] = max(columns[place.input], abs(weight)) }
        let wanted = zip(ranges, columns).map { range, column -> Float in
            if range <= 0 || column <= 0 { return 0 }
            return isDepthwise ? range : (range / column).squareRoot()
        }
        // The widest channel stays as wide as it is: only what the others have of its levels matters.
        let scaled = zip(ranges, wanted).map { $1 > 0 ? $0 / $1 : 0 }
        guard let before = ranges.max(), let after = scaled.max(), before > 0, after > 0 else { return nil }
        let unit = after / before
        return wanted.map { $0 > 0 ? min(max($0 * unit, 1 / factorLimit), factorLimit) : 1 }
    }

    private static func apply(_ factors: [Float], to link: Link, _ editor: inout ModelEditor) -> Bool {
        guard let first = editor.node(link.first), let second = editor.node(link.second),
            let before = ConstantWeights(first, editor), let after = ConstantWeights(second, editor),
            let results = editor[second.outputs[0]].shape.last, let bias = before.bias(factors.count, editor),
            let divided = before.scaled(byOutput: factors.map { 1 / $0 }, editor),
            let multiplied = after.scaled(byInput: factors, factors.count, results, editor)
        else { return false }
        let offsets = TensorData(shape: [factors.count], .float32(zip(bias, factors).map { $0 / $1 }))
        let name = editor[before.id].name
        editor.setInputs(
            link.first,
            [
                first.inputs[0], editor.addConstant(name, divided),
                editor.addConstant(first.name + ".bias", offsets),
            ])
        editor.setInput(link.second, 1, editor.addConstant(editor[after.id].name, multiplied))
        return true
    }
}
