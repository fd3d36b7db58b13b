/// Transposes around matrix products, and the one form that constant weights have: `[out, in]`.
enum ProductRules {
    static func apply(
        _ number: Int, _ node: Node, _ product: MatrixProduct, _ editor: inout ModelEditor
    ) throws(ModelError) {
        absorbOperands(number, &editor)
        try turnWeights(number, &editor)
        try permuteRows(number, &editor)
    }

    /// A transpose of the last two dimensions of an operand is the product's own.
    private static func absorbOperands(_ number: Int, _ editor: inout ModelEditor) {
        for place in 0..<2 {
            guard let node = editor.node(number), var product = node.operation as? MatrixProduct,
                let operand = node.inputs[place], let writer = editor.writer(of: operand, as: Transpose.self),
                let source = editor.node(writer.number)?.inputs[0]
            else { continue }
            var swapped = Array(writer.operation.permutation.indices)
            guard swapped.count >= 2 else { continue }
            swapped.swapAt(swapped.count - 1, swapped.count - 2)
            guard writer.operation.permutation == swapped else { continue }
            if place == 0 { product.transposesA.toggle() } else { product.transposesB.toggle() }
            editor.setOperation(number, product)
            editor.setInput(number, place, source)
            editor.noteChange()
        }
    }

    private static func turnWeights(_ number: Int, _ editor: inout ModelEditor) throws(ModelError) {
        guard let node = editor.node(number), var product = node.operation as? MatrixProduct, !product.transposesB,
            let weights = node.inputs[1], editor[weights].constant != nil, editor[weights].shape.count == 2
        else { return }
        product.transposesB = true
        editor.setOperation(number, product)
        editor.setInput(number, 1, try editor.transposedConstant(weights, [1, 0]))
        editor.noteChange()
    }

    /// Flattened channels-first and multiplied: the weights' columns are put in the order of the image as it is.
    private static func permuteRows(_ number: Int, _ editor: inout ModelEditor) throws(ModelError) {
        guard let node = editor.node(number), let product = node.operation as? MatrixProduct, product.transposesB,
            !product.transposesA, let a = node.inputs[0], let weights = node.inputs[1],
            editor[weights].constant != nil, editor[weights].shape.count == 2,
            editor[weights].quantization?.axis ?? 0 == 0, let found = flattening(a, editor),
            let transposed = editor.node(found.transpose), let source = transposed.inputs[0],
            let permutation = (transposed.operation as? Transpose)?.permutation
        else { return }
        let old = Permutation.apply(permutation, to: editor[source].shape)
        guard let kept = flattened(old, into: editor[a].shape), permutation[..<kept].elementsEqual(0..<kept) else {
            return
        }
        // Columns are numbered along the transposed dimensions; seen so, and put back into the order before.
        let tail = permutation[kept...].map { $0 - kept }
        let (rows, columns) = (editor[weights].shape[0], editor[weights].shape[1])
        guard let seen = editor.reshapedConstant(weights, [rows] + old[kept...]) else { return }
        let moved = try editor.transposedConstant(seen, [0] + Permutation.inverse(tail).map { $0 + 1 })
        guard let matrix = editor.reshapedConstant(moved, [rows, columns]) else { return }
        editor.setInput(number, 1, matrix)
        for reader in found.below {
            editor.setInput(reader, 0, source)
        }
        for link in found.between {
            if let output = editor.node(link)?.outputs[0] { editor[output].shape = editor[source].shape }
        }
        editor.noteChange()
    }

    /// Up from a product's operand, through nodes that work element by element and that nothing else reads, over one
    /// reshape, to a transpose.
    private static func flattening(
        _ a: ValueID, _ editor: ModelEditor
    ) -> (transpose: Int, below: [Int], between: [Int])? {
        var value = a
        var reader: Int?
        var reshape: Int?
        var between: [Int] = []
        while editor.onlyReader(of: value) != nil, let writer = editor.writer(of: value),
            let step = editor.node(writer),
            let x = step.inputs[0]
        {
            if step.operation is Transpose {
                guard reshape != nil, let reader else { return nil }
                return (writer, [reader], between)
            }
            if step.operation is Reshape {
                if reshape != nil { return nil }
                reshape = writer
            } else if ReshapeRules.isElementwise(step, editor) {
                if reshape != nil { between.append(writer) }
            } else {
                return nil
            }
            reader = writer
            value = x
        }
        return nil
    }

    /// How many first dimensions a reshape keeps that joins all others into the last one.
    private static func flattened(_ shape: [Int], into flat: [Int]) -> Int? {
        guard let last = flat.last else { return nil }
        var product = 1
        for kept in shape.indices.reversed() {
            product *= shape[kept]
            if product == last, kept < shape.count - 1, shape[..<kept].reduce(1, *) == flat.dropLast().reduce(1, *) {
                return kept
            }
        }
        return nil
    }
}
