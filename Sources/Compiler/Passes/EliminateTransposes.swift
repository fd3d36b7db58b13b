/// Layout: transposes that importers put around image operations are cancelled, moved to where they cost least, or
/// turned into what costs nothing.
package enum EliminateTransposes: Pass {
    package static let name = "eliminate-transposes"
    package static let summary =
        "Chooses the order of dimensions for each part of the network so that next to nothing is transposed."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor throws(ModelError) in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number) else { continue }
                switch node.operation {
                case let transpose as Transpose: simplify(number, node, transpose, &editor)
                case let reshape as Reshape: ReshapeRules.apply(number, node, reshape, &editor)
                case let product as MatrixProduct: try ProductRules.apply(number, node, product, &editor)
                case let reduce as Reduce: absorb(number, node, reduce, &editor)
                case is Binary: ReshapeRules.sinkBelowBinary(number, node, &editor)
                default: break
                }
            }
            if editor.changes == 0 {
                for _ in 0..<(try LayoutChoice.run(&editor)) { editor.noteChange() }
            }
            if editor.changes == 0 { reshapeWhatMovesNothing(&editor) }
        }
    }

    /// Two in a row are one, and one that changes nothing goes.
    private static func simplify(
        _ number: Int, _ node: Node, _ transpose: Transpose, _ editor: inout ModelEditor
    ) {
        guard let x = node.inputs[0] else { return }
        if Permutation.isIdentity(transpose.permutation) {
            if editor.isRead(node.outputs[0]), editor.replaceUses(of: node.outputs[0], with: x) {
                editor.remove(number)
                editor.noteChange()
            }
            return
        }
        guard let first = editor.writer(of: x, as: Transpose.self), let source = editor.node(first.number)?.inputs[0]
        else { return }
        editor.setOperation(
            number, Transpose(permutation: Permutation.joined(first.operation.permutation, transpose.permutation)))
        editor.setInput(number, 0, source)
        editor.noteChange()
    }

    /// A reduction that drops dimensions reads the source of a transpose, where the others stay in order.
    private static func absorb(_ number: Int, _ node: Node, _ reduce: Reduce, _ editor: inout ModelEditor) {
        guard !reduce.keepsDimensions, let x = node.inputs[0],
            let transpose = editor.writer(of: x, as: Transpose.self),
            let source = editor.node(transpose.number)?.inputs[0]
        else { return }
        let permutation = transpose.operation.permutation
        let kept = permutation.indices.filter { !reduce.axes.contains($0) }.map { permutation[$0] }
        guard zip(kept, kept.dropFirst()).allSatisfy({ $0 < $1 }) else { return }
        var operation = reduce
        operation.axes = reduce.axes.map { permutation[$0] }.sorted()
        editor.setOperation(number, operation)
        editor.setInput(number, 0, source)
        editor.noteChange()
    }

    /// Last, because a reshape hides from the other rules what it was.
    private static func reshapeWhatMovesNothing(_ editor: inout ModelEditor) {
        for number in editor.nodeNumbers {
            guard let node = editor.node(number), let transpose = node.operation as? Transpose, let x = node.inputs[0],
                Permutation.movesNothing(transpose.permutation, of: editor[x].shape),
                editor[x].quantization?.axis == nil
            else { continue }
            editor.setOperation(number, Reshape(shape: editor[node.outputs[0]].shape))
            editor.noteChange()
        }
    }
}
