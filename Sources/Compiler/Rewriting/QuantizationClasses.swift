/// Which integers stand for which real numbers, from the nodes that quantize and dequantize them.
///
/// Integers that are only moved from value to value form a class; if every node that quantizes into it or dequantizes
/// from it names the same scale and zero point, and nothing reads the integers for themselves, all of its values get
/// that quantization.
struct QuantizationClasses {
    private var parents: [Int]
    private var found: [Int: Set<ValueQuantization>] = [:]
    private var spoiled: Set<Int> = []

    static func assign(_ editor: inout ModelEditor) {
        var classes = QuantizationClasses(parents: Array(editor.model.values.indices))
        let isOpen = editor.model.values.map { $0.type.isQuantizable && $0.quantization == nil && $0.constant == nil }
        guard isOpen.contains(true) else { return }
        for number in editor.nodeNumbers {
            guard let node = editor.node(number) else { continue }
            classes.join(node, isOpen)
        }
        for number in editor.nodeNumbers {
            guard let node = editor.node(number) else { continue }
            classes.look(at: node, isOpen, editor)
        }
        for index in isOpen.indices where isOpen[index] {
            let root = classes.root(index)
            guard !classes.spoiled.contains(root), let all = classes.found[root], all.count == 1, let only = all.first
            else { continue }
            editor[ValueID(index: index)].quantization = only
            editor.noteChange()
        }
    }

    private mutating func root(_ index: Int) -> Int {
        var root = index
        while parents[root] != root {
            parents[root] = parents[parents[root]]
            root = parents[root]
        }
        return root
    }

    /// Operations that move integers of any meaning; one that compares or adds a level of its own is not among them.
    private func isMovement(_ node: Node) -> Bool {
        switch node.operation {
        case is Reshape, is Transpose, is Slice, is Split, is Tile, is Broadcast, is Gather, is Concatenate: true
        default: false
        }
    }

    private mutating func join(_ node: Node, _ isOpen: [Bool]) {
        guard isMovement(node), let moved = Movement.movedOperands(node) else { return }
        let values = (moved.compactMap { node.inputs[$0] } + node.outputs).map(\.index)
        guard values.allSatisfy({ isOpen[$0] }), let first = values.first else { return }
        for value in values {
            let (a, b) = (root(first), root(value))
            parents[max(a, b)] = min(a, b)
        }
    }

    private mutating func look(at node: Node, _ isOpen: [Bool], _ editor: ModelEditor) {
        let quantized =
            node.operation is Dequantize ? node.inputs[0] : node.operation is Quantize ? node.outputs[0] : nil
        if let quantized, isOpen[quantized.index] {
            let root = root(quantized.index)
            if let parameters = editor.parameters(node), parameters.axis == nil {
                found[root, default: []].insert(parameters)
            } else {
                spoiled.insert(root)
            }
        }
        let moved = isMovement(node) ? Movement.movedOperands(node) : nil
        let movedValues = Set((moved ?? 0..<0).compactMap { node.inputs[$0] } + node.outputs)
        let isMovedWhole = moved != nil && movedValues.allSatisfy { isOpen[$0.index] }
        for value in node.inputs.compactMap({ $0 }) + node.outputs where isOpen[value.index] && value != quantized {
            if !isMovedWhole || !movedValues.contains(value) { spoiled.insert(root(value.index)) }
        }
    }
}
