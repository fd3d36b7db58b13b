/// Elements picked, joined, repeated and moved.
enum MovementOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Concat": { (node) throws(ModelError) in [try concatenate(&node, try node.allInputs())] },
        "Split": split, "Slice": slice, "Pad": pad, "Gather": gather, "Expand": expand, "Tile": tile,
    ]

    static func concatenate(_ node: inout NodeImport, _ parts: [ValueID]) throws(ModelError) -> ValueID {
        guard let stated = try node.int("axis") else {
            throw .malformed(.init("attribute axis", expected: "a dimension", found: "none"))
        }
        let axis = try node.axis(stated, rank: node.shape(parts[0]).count)
        return parts.count == 1 ? parts[0] : try node.addAll(Concatenate(axis: axis), parts)[0]
    }

    /// Sizes as an attribute, since operator set 13 as an operand; else as many equal parts as there are outputs.
    private static func split(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let shape = node.shape(x)
        let axis = try node.axis(try node.int("axis", default: 0), rank: shape.count)
        let stated = node.version < 13 ? try node.ints("split") : try node.integers(1, "split")
        let count = try node.int("num_outputs", default: node.node.outputs.count)
        if let sizes = stated, !sizes.isEmpty { return try node.addAll(Split(axis: axis, sizes: sizes), [x]) }
        guard count >= 1, count <= node.node.outputs.count else {
            throw .mismatch(.init("outputs", expected: "\(count)", found: "\(node.node.outputs.count)"))
        }
        // The last is smaller where they cannot be equal, which is allowed since operator set 18.
        let size = (shape[axis] + count - 1) / count
        let last = shape[axis] - size * (count - 1)
        guard last == size || (node.version >= 18 && last >= 0) else {
            throw .mismatch(.init("parts", expected: "a divisor of \(shape[axis])", found: "\(count)"))
        }
        return try node.addAll(
            Split(axis: axis, sizes: [Int](repeating: size, count: count - 1) + [last]), [x])
    }

    /// Bounds as attributes, since operator set 10 as operands.
    private static func slice(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let shape = node.shape(x)
        let isOperand = node.version >= 10
        let starts = isOperand ? try node.requiredIntegers(1, "starts") : try node.ints("starts") ?? []
        let ends = isOperand ? try node.requiredIntegers(2, "ends") : try node.ints("ends") ?? []
        let axes = isOperand ? try node.integers(3, "axes") : try node.ints("axes")
        let steps = (isOperand ? try node.integers(4, "steps") : nil) ?? starts.map { _ in 1 }
        let dimensions = axes ?? Array(starts.indices)
        guard starts.count == ends.count, dimensions.count == starts.count, steps.count == starts.count else {
            throw .mismatch(
                .init("starts, ends, axes and steps", expected: "as many of each", found: "other numbers of them"))
        }
        var operation = Slice(starts: shape.map { _ in 0 }, steps: shape.map { _ in 1 }, sizes: shape)
        for (index, dimension) in dimensions.enumerated() {
            let axis = try node.axis(dimension, rank: shape.count)
            guard steps[index] != 0 else { throw .malformed(.init("steps", expected: "not 0", found: "0")) }
            let (start, size) = Self.range(starts[index], ends[index], steps[index], extent: shape[axis])
            operation.starts[axis] = start
            operation.sizes[axis] = size
            // A step that is never taken is beyond what the shape rule allows.
            operation.steps[axis] = size > 1 ? steps[index] : 1
        }
        return [operation.sizes == shape && operation.steps.allSatisfy { $0 == 1 } ? x : try node.add(operation, x)]
    }

    /// The first element and how many, bounds cut off at the ends as Python does.
    private static func range(_ start: Int, _ end: Int, _ step: Int, extent: Int) -> (start: Int, size: Int) {
        let start = start < 0 ? start + extent : start
        let end = end < 0 ? end + extent : end
        if step > 0 {
            let (first, last) = (min(max(start, 0), extent), min(max(end, 0), extent))
            return (first, max(0, (last - first + step - 1) / step))
        }
        let (first, last) = (min(max(start, -1), extent - 1), min(max(end, -1), extent - 1))
        return (max(first, 0), max(0, (first - last - step - 1) / -step))
    }

    /// Amounts as attributes, since operator set 11 as operands.
    private static func pad(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let rank = node.shape(x).count
        let isOperand = node.version >= 11
        let amounts = isOperand ? try node.requiredIntegers(1, "pads") : try node.ints("pads") ?? []
        let value = (isOperand ? try node.real(2, "constant_value") : try node.float("value")) ?? 0
        var axes = Array(0..<rank)
        if let stated = isOperand ? try node.integers(3, "axes") : nil {
            axes = []
            for axis in stated { axes.append(try node.axis(axis, rank: rank)) }
        }
        guard amounts.count == 2 * axes.count, Set(axes).count == axes.count else {
            throw .mismatch(.init("pads", expected: "\(2 * axes.count)", found: "\(amounts.count)"))
        }
        let mode: Pad.Mode
        switch try node.string("mode", default: "constant") {
        case "constant": mode = .constant(value)
        case "reflect": mode = .reflect
        case "edge": mode = .edge
        case "wrap": mode = .wrap
        case let other: throw .malformed(.init("mode", expected: "constant, reflect, edge or wrap", found: other))
        }
        var operation = Pad(
            before: [Int](repeating: 0, count: rank), after: [Int](repeating: 0, count: rank), mode: mode)
        for (index, axis) in axes.enumerated() {
            operation.before[axis] = amounts[index]
            operation.after[axis] = amounts[axes.count + index]
        }
        return [amounts.allSatisfy { $0 == 0 } ? x : try node.add(operation, x)]
    }

    private static func gather(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let axis = try node.axis(try node.int("axis", default: 0), rank: node.shape(x).count)
        return [try node.add(Gather(axis: axis), x, try node.input(1))]
    }

    private static func expand(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let wanted = try node.requiredIntegers(1, "shape")
        guard let shape = Shape.broadcast(node.shape(x), wanted) else {
            throw .mismatch(.init("shape", expected: "one that broadcasts with \(node.shape(x))", found: "\(wanted)"))
        }
        return [shape == node.shape(x) ? x : try node.add(Broadcast(shape: shape), x)]
    }

    private static func tile(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let repeats = try node.requiredIntegers(1, "repeats")
        return [repeats.allSatisfy { $0 == 1 } ? x : try node.add(Tile(repeats: repeats), x)]
    }
}
