/// The same elements under other shapes, and shapes as tensors.
enum ShapeOperators {
    static let table: [String: ONNXOperators.Mapping] = [
        "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Flatten": flatten, "Transpose": transpose,
        "Shape": shape, "Size": size, "DepthToSpace": depthToSpace, "SpaceToDepth": spaceToDepth,
    ]

    /// 0 keeps a dimension (unless `allowzero`), -1 is what is left.
    private static func reshape(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let old = node.shape(x)
        let allowsZero = try node.flag("allowzero")
        var new = try node.requiredIntegers(1, "shape")
        for (index, extent) in new.enumerated() where extent == 0 && !allowsZero {
            guard index < old.count else {
                throw .mismatch(.init("shape", expected: "no 0 beyond dimension \(old.count)", found: "\(new)"))
            }
            new[index] = old[index]
        }
        let open = new.indices.filter { new[$0] == -1 }
        guard open.count <= 1, new.allSatisfy({ $0 >= -1 }) else {
            throw .mismatch(.init("shape", expected: "sizes, and at most one -1", found: "\(new)"))
        }
        if let index = open.first {
            new[index] = 1
            let others = try Shape.count(new, of: "the result")
            let count = try Shape.count(old, of: "x")
            guard others > 0, count % others == 0 else {
                throw .mismatch(.init("shape", expected: "a divisor of \(count) elements", found: "\(others)"))
            }
            new[index] = count / others
        }
        return [try node.reshape(x, new)]
    }

    /// `axes` as an attribute, since operator set 13 as an operand.
    static func axes(_ node: inout NodeImport, rank: Int) throws(ModelError) -> Set<Int>? {
        guard let stated = node.version < 13 ? try node.ints("axes") : try node.integers(1, "axes") else { return nil }
        var axes = Set<Int>()
        for axis in stated {
            guard axes.insert(try node.axis(axis, rank: rank)).inserted else {
                throw .malformed(.init("axes", expected: "each once", found: "\(stated.prefix(16))"))
            }
        }
        return axes
    }

    private static func squeeze(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let shape = node.shape(x)
        let axes = try axes(&node, rank: shape.count) ?? Set(shape.indices.filter { shape[$0] == 1 })
        guard axes.allSatisfy({ shape[$0] == 1 }) else {
            throw .mismatch(.init("axes", expected: "dimensions of size 1", found: "\(axes.sorted()) of \(shape)"))
        }
        return [try node.reshape(x, shape.indices.filter { !axes.contains($0) }.map { shape[$0] })]
    }

    private static func unsqueeze(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let old = node.shape(x)
        let stated = node.version < 13 ? try node.ints("axes") : try node.integers(1, "axes")
        guard let axes = try self.axes(&node, rank: old.count + (stated?.count ?? 0)) else {
            throw .malformed(.init("axes", expected: "a list", found: "none"))
        }
        var rest = old[...]
        return [try node.reshape(x, (0..<old.count + axes.count).map { axes.contains($0) ? 1 : rest.removeFirst() })]
    }

    private static func flatten(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let shape = node.shape(x)
        let axis = try node.axis(try node.int("axis", default: 1), rank: shape.count, upTo: shape.count + 1)
        return [try node.reshape(x, [shape[..<axis].reduce(1, *), shape[axis...].reduce(1, *)])]
    }

    private static func transpose(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let x = try node.input(0)
        let reversed = Array((0..<node.shape(x).count).reversed())
        return [try node.transpose(x, try node.ints("perm") ?? reversed)]
    }

    private static func shape(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let shape = node.shape(try node.input(0))
        func bound(_ index: Int) -> Int { min(max(index < 0 ? index + shape.count : index, 0), shape.count) }
        let start = bound(try node.int("start", default: 0))
        let end = max(bound(try node.int("end", default: shape.count)), start)
        let extents = shape[start..<end].map(Int64.init)
        return [try node.constant(TensorData(shape: [extents.count], .int64(extents)))]
    }

    private static func size(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let count = node.shape(try node.input(0)).reduce(1, *)
        return [try node.constant(TensorData(shape: [], .int64([Int64(count)])))]
    }

    private static func block(_ node: inout NodeImport) throws(ModelError) -> (x: ValueID, shape: [Int], size: Int) {
        let x = try node.input(0)
        try node.requireRank(x, in: 4...4, "x")
        guard let size = try node.int("blocksize"), (1...Shape.maximumExtent).contains(size) else {
            throw .malformed(.init("blocksize", expected: "a size above 0", found: "none"))
        }
        return (x, node.shape(x), size)
    }

    private static func depthToSpace(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let (x, shape, size) = try block(&node)
        let depth = shape[1] / size / size
        guard depth * size * size == shape[1] else {
            throw .mismatch(.init("channels of x", expected: "a multiple of \(size) squared", found: "\(shape[1])"))
        }
        let isColumnFirst = try node.string("mode", default: "DCR") == "CRD"
        let image = [shape[2], shape[3]]
        let split = isColumnFirst ? [shape[0], depth, size, size] : [shape[0], size, size, depth]
        let blocks = try node.reshape(x, split + image)
        let moved = try node.transpose(blocks, isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2])
        return [try node.reshape(moved, [shape[0], depth, image[0] * size, image[1] * size])]
    }

    private static func spaceToDepth(_ node: inout NodeImport) throws(ModelError) -> [ValueID] {
        let (x, shape, size) = try block(&node)
        let isColumnFirst = try node.string("mode", default: "DCR") == "CRD"
        let (height, width) = (shape[2] / size, shape[3] / size)
        guard height * size == shape[2], width * size == shape[3] else {
            throw .mismatch(.init("image", expected: "multiples of \(size)", found: "\(shape)"))
        }
        let blocks = try node.reshape(x, [shape[0], shape[1], height, size, width, size])
        let moved = try node.transpose(blocks, isColumnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
        return [try node.reshape(moved, [shape[0], shape[1] * size * size, height, width])]
    }
}
