/// Parts of a tensor.
enum TFLiteSlices {
    static let rules: [String: TFLiteRule] = [
        "SLICE": slice,
        "STRIDED_SLICE": stridedSlice,
        "SPLIT": split,
        "SPLIT_V": splitBySizes,
        "UNPACK": unpack,
        "GATHER": gather,
        "REVERSE_V2": reverse,
    ]

    /// A size of -1 goes to the end.
    private static func slice(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let shape = graph.model[x].shape
        let starts = try graph.integers(1, "begin")
        var sizes = try graph.integers(2, "size")
        guard starts.count == shape.count, sizes.count == shape.count else {
            throw .malformed(
                .init("begin and size", expected: "\(shape.count) numbers", found: "\(starts.count) and \(sizes.count)")
            )
        }
        for axis in sizes.indices where sizes[axis] == -1 { sizes[axis] = shape[axis] - starts[axis] }
        try graph.write(Slice(starts: starts, steps: shape.map { _ in 1 }, sizes: sizes), [x])
    }

    private static func stridedSlice(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let options = try graph.options(.stridedSlice)
        let specification = StridedSlice(
            begin: try graph.integers(1, "begin"), end: try graph.integers(2, "end"),
            strides: try graph.integers(3, "strides"), beginMask: try options.int("begin_mask", 0),
            endMask: try options.int("end_mask", 1), ellipsisMask: try options.int("ellipsis_mask", 2),
            newAxisMask: try options.int("new_axis_mask", 3), shrinkMask: try options.int("shrink_axis_mask", 4),
            endIsOffset: try options.flag("offset", 5))
        let (slice, shape) = try specification.resolved(on: graph.model[x].shape)
        if shape == slice.sizes { return try graph.write(slice, [x]) }
        try graph.write(Reshape(shape: shape), [try graph.compute(slice, [x], "slice", like: x)])
    }

    private static func split(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(1, "operand")
        let axis = try graph.axis(try graph.integer(0, "axis"), of: x)
        let (extent, parts) = (graph.model[x].shape[axis], graph.current.outputs.count)
        guard try graph.options(.split).int("num_splits", 0) == parts, extent % parts == 0 else {
            throw .malformed(
                .init("parts", expected: "as many as outputs, of \(extent) in all", found: "\(parts) outputs"))
        }
        try graph.write(Split(axis: axis, sizes: Array(repeating: extent / parts, count: parts)), [x])
    }

    /// One size of -1 is what is left.
    private static func splitBySizes(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let axis = try graph.axis(try graph.integer(2, "axis"), of: x)
        var sizes = try graph.integers(1, "sizes")
        if let open = sizes.firstIndex(of: -1) {
            sizes[open] = graph.model[x].shape[axis] - sizes.reduce(1, +)
        }
        guard sizes.allSatisfy({ $0 > 0 }) else {
            throw .malformed(.init("sizes", expected: "above zero, one of them -1", found: "\(sizes)"))
        }
        try graph.write(Split(axis: axis, sizes: sizes), [x])
    }

    private static func unpack(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.unpack)
        let x = try graph.operand(0, "operand")
        let axis = try graph.axis(try options.int("axis", 1), of: x)
        var shape = graph.model[x].shape
        guard shape[axis] == graph.current.outputs.count, try options.int("num", 0) == shape[axis] else {
            throw .malformed(.init("outputs", expected: "\(shape[axis])", found: "\(graph.current.outputs.count)"))
        }
        var (starts, sizes) = (shape.map { _ in 0 }, shape)
        sizes[axis] = 1
        shape.remove(at: axis)
        for (index, output) in graph.current.outputs.enumerated() {
            starts[axis] = index
            let slice = Slice(starts: starts, steps: sizes.map { _ in 1 }, sizes: sizes)
            let part = try graph.compute(slice, [x], "slice_\(index)", like: x)
            try graph.write(Reshape(shape: shape), [part], to: [output])
        }
    }

    private static func gather(_ graph: inout TFLiteGraph) throws(ModelError) {
        let options = try graph.options(.gather)
        guard try options.int("batch_dims", 1) == 0 else {
            throw .unsupported(
                .init(
                    "batch_dims", expected: "0", found: "more",
                    advice: "gather from each batch by itself before converting"))
        }
        let x = try graph.operand(0, "operand")
        let axis = try graph.axis(try options.int("axis", 0), of: x)
        try graph.write(Gather(axis: axis), [x, try graph.operand(1, "indices")])
    }

    private static func reverse(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let shape = graph.model[x].shape
        var slice = Slice(starts: shape.map { _ in 0 }, steps: shape.map { _ in 1 }, sizes: shape)
        for given in try graph.integers(1, "axes") {
            let axis = try graph.axis(given, of: x)
            slice.starts[axis] = shape[axis] - 1
            slice.steps[axis] = -1
        }
        try graph.write(slice, [x])
    }
}
