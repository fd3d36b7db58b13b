/// Pixels moved between an image and its channels or its batch; with `CONV_2D` between them, a dilated convolution.
enum TFLiteBlocks {
    static let rules: [String: TFLiteRule] = [
        "SPACE_TO_DEPTH": spaceToDepth,
        "DEPTH_TO_SPACE": depthToSpace,
        "SPACE_TO_BATCH_ND": spaceToBatch,
        "BATCH_TO_SPACE_ND": batchToSpace,
    ]

    private static func spaceToDepth(_ graph: inout TFLiteGraph) throws(ModelError) {
        let block = try graph.options(.spaceToDepth).extent("block_size", 0)
        let x = try graph.operand(0, "operand")
        let shape = try graph.shape(x, rank: 4, "operand")
        guard shape[1] % block == 0, shape[2] % block == 0 else {
            throw .malformed(.init("height and width", expected: "multiples of \(block)", found: "\(shape)"))
        }
        let (rows, columns) = (shape[1] / block, shape[2] / block)
        try graph.write(
            x, as: [shape[0], rows, block, columns, block, shape[3]], permutation: [0, 1, 3, 2, 4, 5],
            then: [shape[0], rows, columns, block * block * shape[3]])
    }

    private static func depthToSpace(_ graph: inout TFLiteGraph) throws(ModelError) {
        let block = try graph.options(.depthToSpace).extent("block_size", 0)
        let x = try graph.operand(0, "operand")
        let shape = try graph.shape(x, rank: 4, "operand")
        let channels = shape[3] / (block * block)
        guard shape[3] == channels * block * block else {
            throw .malformed(.init("channels", expected: "a multiple of \(block * block)", found: "\(shape[3])"))
        }
        try graph.write(
            x, as: [shape[0], shape[1], shape[2], block, block, channels], permutation: [0, 1, 3, 2, 4, 5],
            then: [shape[0], shape[1] * block, shape[2] * block, channels])
    }

    /// `[n, height, width, c]` to `[blocks * n, height / block, width / block, c]`; a block is a pixel's place within it.
    private static func spaceToBatch(_ graph: inout TFLiteGraph) throws(ModelError) {
        var x = try graph.operand(0, "operand")
        let blocks = try blocks(graph, x)
        let shape = graph.model[x].shape
        let (before, after) = try graph.paddings(2, rank: blocks.count)
        let behind = shape.dropFirst(blocks.count + 1).map { _ in 0 }
        if before.contains(where: { $0 > 0 }) || after.contains(where: { $0 > 0 }) {
            let pad = Pad(before: [0] + before + behind, after: [0] + after + behind, mode: .constant(0))
            x = try graph.compute(pad, [x], "pad", like: x)
        }
        let padded = graph.model[x].shape
        var (split, result) = ([padded[0]], [padded[0]])
        for (axis, block) in blocks.enumerated() {
            guard padded[axis + 1] % block == 0 else {
                throw .malformed(
                    .init("dimension \(axis + 1)", expected: "a multiple of \(block)", found: "\(padded)"))
            }
            split += [padded[axis + 1] / block, block]
            result.append(padded[axis + 1] / block)
            result[0] *= block
        }
        let rest = Array(padded.dropFirst(blocks.count + 1))
        let places = blocks.indices.map { 2 * $0 + 2 }
        let cells = blocks.indices.map { 2 * $0 + 1 }
        let permutation = places + [0] + cells + rest.indices.map { 2 * blocks.count + 1 + $0 }
        try graph.write(x, as: split + rest, permutation: permutation, then: result + rest)
    }

    /// The other way round, and rows and columns cut off at the end.
    private static func batchToSpace(_ graph: inout TFLiteGraph) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let blocks = try blocks(graph, x)
        let shape = graph.model[x].shape
        let (before, after) = try graph.paddings(2, rank: blocks.count)
        let places = blocks.reduce(1, *)
        guard shape[0] % places == 0 else {
            throw .malformed(.init("batch", expected: "a multiple of \(places)", found: "\(shape[0])"))
        }
        let inner = Array(shape.dropFirst())
        let rest = inner.dropFirst(blocks.count)
        var permutation = [blocks.count]
        for axis in blocks.indices { permutation += [blocks.count + 1 + axis, axis] }
        permutation += rest.indices.map { blocks.count + 1 + $0 }
        let whole = [shape[0] / places] + blocks.indices.map { inner[$0] * blocks[$0] } + rest
        let turned = blocks + [shape[0] / places] + inner
        guard before.contains(where: { $0 > 0 }) || after.contains(where: { $0 > 0 }) else {
            return try graph.write(x, as: turned, permutation: permutation, then: whole)
        }
        let split = try graph.compute(Reshape(shape: turned), [x], "split", like: x)
        let moved = try graph.compute(Transpose(permutation: permutation), [split], "transpose", like: x)
        let joined = try graph.compute(Reshape(shape: whole), [moved], "join", like: x)
        var slice = Slice(starts: whole.map { _ in 0 }, steps: whole.map { _ in 1 }, sizes: whole)
        for axis in blocks.indices {
            slice.starts[axis + 1] = before[axis]
            slice.sizes[axis + 1] -= before[axis] + after[axis]
        }
        try graph.write(slice, [joined])
    }

    private static func blocks(_ graph: TFLiteGraph, _ x: ValueID) throws(ModelError) -> [Int] {
        let blocks = try graph.integers(1, "block shape")
        let rank = graph.model[x].shape.count
        // Two dimensions and a rest at most: the operands of convolutions, and within what a transpose handles.
        guard (1...2).contains(blocks.count), rank > blocks.count, rank <= 4,
            blocks.allSatisfy({ (1...Self.maximumBlock).contains($0) })
        else {
            throw .malformed(
                .init(
                    "block shape", expected: "1 or 2 numbers, 1 to \(Self.maximumBlock), for 4 dimensions at most",
                    found: "\(blocks) for \(rank) dimensions"))
        }
        return blocks
    }

    /// A dilation beyond it would leave a kernel one tap within any image.
    private static let maximumBlock = 4_096
}

extension TFLiteGraph {
    /// Writes the output as a value split into more dimensions, turned, and joined into fewer.
    mutating func write(
        _ x: ValueID, as split: [Int], permutation: [Int], then joined: [Int]
    ) throws(ModelError) {
        let parts = try compute(Reshape(shape: split), [x], "split", like: x)
        let moved = try compute(Transpose(permutation: permutation), [parts], "transpose", like: x)
        try write(Reshape(shape: joined), [moved])
    }
}
