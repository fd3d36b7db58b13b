/// How an operation that works the same on dimensions in another order is said on them: `new[d] = old[permutation[d]]`.
enum Layout {
    /// Whether the node treats all dimensions alike but for the ones that it names, so that its operands and results
    /// can be laid out in another order; all of those have the same number of dimensions then.
    static func isFree(_ node: Node, _ model: Model) -> Bool {
        guard let first = node.outputs.first else { return false }
        let rank = model[first].shape.count
        guard rank >= 2, node.outputs.allSatisfy({ model[$0].shape.count == rank }),
            !node.outputs.contains(where: { model[$0].quantization?.axis != nil }),
            renamed(node.operation, Array(0..<rank)) != nil
        else { return false }
        guard !laidOperands(node, model).isEmpty else { return false }
        return node.inputs.enumerated().allSatisfy { place, operand in
            guard let operand else { return true }
            let value = model[operand]
            if !moves(node, operand: place) { return true }
            if value.constant != nil, isBroadcasting(node) {
                return value.shape.count <= rank
            }
            return value.shape.count == rank || value.elementCount == 1 && isBroadcasting(node)
        }
    }

    /// Places of the operands that are laid out like the result and not constants.
    static func laidOperands(_ node: Node, _ model: Model) -> [Int] {
        node.inputs.indices.filter { place in
            guard let operand = node.inputs[place], moves(node, operand: place) else { return false }
            let isScalar = isBroadcasting(node) && model[operand].shape.count < model[node.outputs[0]].shape.count
            return model[operand].constant == nil && !isScalar
        }
    }

    /// Places of the constants that are laid out like the result.
    static func laidConstants(_ node: Node, _ model: Model) -> [Int] {
        node.inputs.indices.filter { place in
            guard let operand = node.inputs[place], moves(node, operand: place) else { return false }
            return model[operand].constant != nil && !(isBroadcasting(node) && model[operand].elementCount == 1)
        }
    }

    private static func isBroadcasting(_ node: Node) -> Bool {
        node.operation is Binary || node.operation is Select || node.operation is PRelu
    }

    private static func moves(_ node: Node, operand place: Int) -> Bool {
        switch node.operation {
        case is Binary, is Select, is PRelu, is Concatenate: true
        default: place == 0
        }
    }

    /// The operation on dimensions in another order; nil if it is bound to its order.
    static func renamed(_ operation: any Operation, _ permutation: [Int]) -> (any Operation)? {
        let rank = permutation.count
        let places = Permutation.inverse(permutation)
        func axis(_ old: Int) -> Int? { old < rank ? places[old] : nil }
        func list<Element>(_ old: [Element]) -> [Element]? {
            old.count == rank ? Permutation.apply(permutation, to: old) : nil
        }
        switch operation {
        case is Unary, is Binary, is Select, is PRelu, is Cast: return operation
        case var operation as Concatenate:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as Split:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as Softmax:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as L2Normalization:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as CumulativeSum:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as Gather:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as ArgumentReduce where operation.keepsDimensions:
            return axis(operation.axis).map {
                operation.axis = $0; return operation
            }
        case var operation as Reduce where operation.keepsDimensions:
            guard operation.axes.allSatisfy({ $0 < rank }) else { return nil }
            operation.axes = operation.axes.map { places[$0] }.sorted()
            return operation
        case var operation as Quantize:
            if let old = operation.axis { operation.axis = axis(old) }
            return operation
        case var operation as Dequantize:
            if let old = operation.axis { operation.axis = axis(old) }
            return operation
        case let operation as Slice:
            guard let starts = list(operation.starts), let steps = list(operation.steps),
                let sizes = list(operation.sizes)
            else { return nil }
            return Slice(starts: starts, steps: steps, sizes: sizes)
        case let operation as Pad:
            guard let before = list(operation.before), let after = list(operation.after) else { return nil }
            return Pad(before: before, after: after, mode: operation.mode)
        case let operation as Tile: return list(operation.repeats).map(Tile.init)
        case let operation as Broadcast: return list(operation.shape).map(Broadcast.init)
        default: return nil
        }
    }
}
