extension Model {
    /// The model as a person reads it: inputs, a line a node with its operands' and results' shapes and types, outputs.
    ///
    /// Values are numbered as they first appear; a constant is shown by its shape, its type and its range.
    package var listing: String {
        var lister = ModelLister(model: self)
        return lister.text()
    }
}

/// Writes the listing of a model.
private struct ModelLister {
    let model: Model
    private var numbers: [ValueID: Int] = [:]
    private var constants: [ValueID: Int] = [:]
    private var lines: [String] = []

    init(model: Model) { self.model = model }

    mutating func text() -> String {
        lines = ["model \(model.name)"]
        for input in model.inputs { lines.append("input  \(declared(input)) \"\(model[input].name)\"") }
        for node in model.nodes {
            let operands = node.inputs.map { $0.map { used($0) } ?? "-" }.joined(separator: ", ")
            let results = node.outputs.map { declared($0) }.joined(separator: ", ")
            lines.append("\(results) = \(describe(node.operation)) \(operands)")
        }
        for output in model.outputs { lines.append("output \(used(output)) \"\(model[output].name)\"") }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func declared(_ id: ValueID) -> String {
        numbers[id] = numbers[id] ?? numbers.count
        return "%\(numbers[id] ?? 0): \(type(model[id]))"
    }

    private mutating func used(_ id: ValueID) -> String {
        if let number = numbers[id] { return "%\(number)" }
        guard let data = model[id].constant else { return declared(id) }
        if data.elements.count == 1, model[id].quantization == nil { return "\(number(data.elements.reals[0]))" }
        return "[\(type(model[id])) \(range(data.elements.reals))]"
    }

    private func type(_ value: Value) -> String {
        var text =
            "\(value.type.rawValue)\(value.shape.isEmpty ? "" : "[" + value.shape.map(String.init).joined(separator: "x") + "]")"
        if let presented = value.presentedType { text += " (as \(presented.rawValue))" }
        if let quantization = value.quantization { text += " " + describe(quantization) }
        return text
    }

    private func describe(_ quantization: ValueQuantization) -> String {
        let points = Set(quantization.zeroPoints)
        let zero =
            points == [0]
            ? ""
            : points.count == 1 ? " zero \(quantization.zeroPoints[0])" : " zeros \(spread(quantization.zeroPoints))"
        guard let axis = quantization.axis else { return "scale \(number(quantization.scales[0]))\(zero)" }
        return "scales \(range(quantization.scales)) along \(axis)\(zero)"
    }

    private func spread(_ integers: [Int32]) -> String { "\(integers.min() ?? 0)...\(integers.max() ?? 0)" }

    private func range(_ reals: [Float]) -> String {
        guard let low = reals.min(), let high = reals.max() else { return "empty" }
        return low == high ? number(low) : "\(number(low))...\(number(high))"
    }

    private func number(_ real: Float) -> String {
        real == real.rounded() && abs(real) < 1e9 ? "\(Int(real))" : "\(real)"
    }

    /// `convolution(strides: 2x2, groups: 8)`: what differs from the operation as it is made.
    private func describe(_ operation: any Operation) -> String {
        var name = Swift.type(of: operation).name
        let attributes = Mirror(reflecting: operation).children.compactMap { child -> String? in
            guard let label = child.label, let text = describe(child.value) else { return nil }
            if label == "groups", text == "1" { return nil }
            if label == "function" {
                name = operation is Reduce ? "\(name) \(text)" : text
                return nil
            }
            return label == "kind" || label == "method" ? text : "\(label): \(text)"
        }
        return attributes.isEmpty ? name : "\(name)(\(attributes.joined(separator: ", ")))"
    }

    /// nil for what says nothing: no activation, no padding, steps of one.
    private func describe(_ attribute: Any) -> String? {
        switch attribute {
        case let activation as Activation: activation == .none ? nil : describe(activation)
        case let padding as Padding:
            padding == .none ? nil : "\(padding.top) \(padding.left) \(padding.bottom) \(padding.right)"
        case let pair as Pair: pair == Pair(1, 1) ? nil : "\(pair.height)x\(pair.width)"
        case let function as Unary.Function:
            if case .clamp(let range) = function { "clamp \(describe(range))" } else { "\(function)" }
        case let flag as Bool: flag ? "yes" : nil
        case let count as Int: "\(count)"
        case let real as Float: number(real)
        case let list as [Int]: "[\(list.map(String.init).joined(separator: ", "))]"
        case let nothing as Optional<Any> where nothing == nil: nil
        default: "\(attribute)"
        }
    }

    private func describe(_ range: Activation) -> String {
        if range == .relu { return "relu" }
        if range == .relu6 { return "relu6" }
        return "\(number(range.low))...\(number(range.high))"
    }
}
