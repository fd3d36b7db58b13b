extension Operation {
    /// Whether the operation handles quantization itself, on integers as they are.
    package var readsBareIntegers: Bool { self is Quantize || self is Dequantize }
}

extension Value {
    /// The value as an operation's shape rule sees it: real numbers where it is quantized.
    package func operand(bare: Bool = false) -> Operand {
        let isReal = quantization != nil && !bare
        return Operand(type: isReal ? .float32 : type, shape: shape, constant: isReal ? nil : constant)
    }

    /// Checks shape, quantization and constant of the value against each other.
    /// - Throws: `.mismatch`, `.tooLarge` or `.malformed` at this value.
    package func check() throws(ModelError) {
        do throws(ModelError) {
            _ = try Shape.count(shape, of: "a value")
            if let constant, constant.type != type || constant.shape != shape {
                throw .mismatch(
                    .init("constant", expected: "\(type) \(shape)", found: "\(constant.type) \(constant.shape)"))
            }
            if let quantization { try check(quantization) }
        } catch {
            throw error.at("value \(name)")
        }
    }

    private func check(_ quantization: ValueQuantization) throws(ModelError) {
        guard ElementType.quantized.contains(type) || type == .int64 else {
            throw .mismatch(.init("type of a quantized value", expected: "whole numbers", found: type.rawValue))
        }
        if let axis = quantization.axis {
            guard shape.indices.contains(axis) else {
                throw .mismatch(.init("axis of scales", expected: "0..<\(shape.count)", found: "\(axis)"))
            }
            guard quantization.scales.count == shape[axis] else {
                throw .mismatch(
                    .init(
                        "scales along axis \(axis)", expected: "\(shape[axis])", found: "\(quantization.scales.count)"))
            }
        }
        for scale in quantization.scales where !(scale.isFinite && scale > 0) {
            throw .malformed(.init("scale", expected: "a finite number above 0", found: "\(scale)"))
        }
    }
}

extension Node {
    /// How messages name the node.
    package var place: String { "node \(name) (\(type(of: operation).name))" }
}

extension Model {
    /// The operands of a node as its shape rule sees them.
    /// - Throws: `.malformed` where the node names a value that the model does not have.
    package func operands(of node: Node) throws(ModelError) -> [Operand?] {
        var operands: [Operand?] = []
        for input in node.inputs {
            if let input, !values.indices.contains(input.index) {
                throw .malformed(
                    .init(
                        "operand", expected: "a value below \(values.count)", found: "\(input.index)", place: node.place
                    ))
            }
            operands.append(input.map { self[$0].operand(bare: node.operation.readsBareIntegers) })
        }
        return operands
    }

    /// Checks that each value is sound, that each node reads only what is there by then, and that each node's shape
    /// rule leaves what its outputs declare.
    /// - Throws: the first fault, at its node or value.
    package func check() throws(ModelError) {
        for value in values { try value.check() }
        var isWritten = values.map { $0.constant != nil }
        for input in inputs { try write(input, "graph input", &isWritten) }
        for node in nodes {
            for input in node.inputs { try read(input, node.place, isWritten) }
            do throws(ModelError) {
                try check(node)
                for output in node.outputs { try write(output, "output", &isWritten) }
            } catch {
                throw error.at(node.place)
            }
        }
        for output in outputs { try read(output, "the graph's outputs", isWritten) }
    }

    private func check(_ node: Node) throws(ModelError) {
        let results = try node.operation.outputs(for: try operands(of: node))
        guard results.count == node.outputs.count else {
            throw .mismatch(.init("outputs", expected: "\(results.count)", found: "\(node.outputs.count)"))
        }
        for (result, id) in zip(results, node.outputs) where values.indices.contains(id.index) {
            let value = self[id]
            guard result.shape == value.shape else {
                throw .mismatch(.init("shape of \(value.name)", expected: "\(result.shape)", found: "\(value.shape)"))
            }
            guard result.type == value.type || (result.type == .float32 && value.quantization != nil) else {
                let expected = result.type == .float32 ? "float32, or a quantization" : result.type.rawValue
                throw .mismatch(.init("type of \(value.name)", expected: expected, found: value.type.rawValue))
            }
        }
    }

    private func write(_ id: ValueID, _ what: String, _ isWritten: inout [Bool]) throws(ModelError) {
        guard isWritten.indices.contains(id.index) else {
            throw .malformed(.init(what, expected: "a value below \(isWritten.count)", found: "\(id.index)"))
        }
        guard !isWritten[id.index] else {
            throw .malformed(
                .init(what, expected: "a value that nothing else writes", found: "\(values[id.index].name) again"))
        }
        isWritten[id.index] = true
    }

    private func read(_ id: ValueID?, _ place: String, _ isWritten: [Bool]) throws(ModelError) {
        guard let id else { return }
        guard isWritten.indices.contains(id.index) else {
            throw .malformed(
                .init("operand", expected: "a value below \(isWritten.count)", found: "\(id.index)", place: place))
        }
        if !isWritten[id.index] {
            throw .malformed(
                .init(
                    "operand", expected: "an input, a constant or what an earlier node writes",
                    found: values[id.index].name, place: place))
        }
    }
}
