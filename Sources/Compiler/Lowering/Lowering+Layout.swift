internal import Graph

extension Reshape: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let source = try lowering.input(node)
        let value = lowering.model[node.outputs[0]]
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.reshape(source, shape: Lowering.shape(of: value), name: value.name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Transpose: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let source = try lowering.input(node)
        let name = lowering.model[node.outputs[0]].name
        let permutation = permutation
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.transpose(source, permutation: permutation, name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Concatenate: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let output = try lowering.quantization(of: node.outputs[0])
        var sources: [TensorID] = []
        for index in node.inputs.indices {
            sources.append(try lowering.requantized(try lowering.input(node, index), to: output))
        }
        let name = lowering.model[node.outputs[0]].name
        let axis = axis
        let result = try lowering.planned { [sources] (builder) throws(PlanError) in
            try builder.concatenation(sources, axis: axis, name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Split: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let source = try lowering.input(node)
        var start = 0
        for (part, id) in node.outputs.enumerated() {
            let shape = lowering.model[id].shape
            var starts = shape.map { _ in 0 }
            starts[axis] = start
            start += sizes[part]
            let name = lowering.model[id].name
            let from = starts
            let slice = try lowering.planned { (builder) throws(PlanError) in
                try builder.slice(source, starts: from, steps: shape.map { _ in 1 }, sizes: shape, name: name)
            }
            lowering.set(id, try lowering.requantized(slice, to: try lowering.quantization(of: id)))
        }
    }
}

extension Slice: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let source = try lowering.input(node)
        let name = lowering.model[node.outputs[0]].name
        let (starts, steps, sizes) = (starts, steps, sizes)
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.slice(source, starts: starts, steps: steps, sizes: sizes, name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Pad: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard (before + after).allSatisfy({ $0 >= 0 }) else {
            throw lowering.unsupported(node, "padding that adds")
        }
        let source = try lowering.input(node)
        let quantization = lowering.builder.quantization(of: source)
        let planned: Graph.Pad.Mode
        var fill: Int8 = 0
        switch mode {
        case .constant(let value):
            planned = .constant
            fill = quantization.quantize(value)
        case .reflect: planned = .reflect
        case .symmetric: planned = .symmetric
        case .edge: planned = .edge
        case .wrap: throw lowering.unsupported(node, "padding by a constant, mirrored or by the edge")
        }
        let name = lowering.model[node.outputs[0]].name
        let (before, after, filling) = (before, after, fill)
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.pad(source, before: before, after: after, mode: planned, fill: filling, name: name)
        }
        lowering.set(
            node.outputs[0], try lowering.requantized(result, to: try lowering.quantization(of: node.outputs[0])))
    }
}

extension ArgumentReduce: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let value = lowering.model[node.outputs[0]]
        guard resultType == .int32 else { throw lowering.unsupported(node, "an int32 result") }
        let source = try lowering.input(node)
        let (axis, isMinimum, takesLast, keeps) = (axis, !isMaximum, takesLast, keepsDimensions)
        let result = try lowering.planned { (builder) throws(PlanError) in
            let found = try builder.argumentMaximum(
                source, axis: axis, isMinimum: isMinimum, takesLast: takesLast, name: keeps ? value.name : nil)
            return keeps ? found : try builder.reshape(found, shape: Lowering.shape(of: value), name: value.name)
        }
        lowering.set(node.outputs[0], result)
    }
}
