/// Reshapes joined, moved below what they stand above, and brought above transposes where whole runs of dimensions
/// move.
enum ReshapeRules {
    static func apply(_ number: Int, _ node: Node, _ reshape: Reshape, _ editor: inout ModelEditor) {
        guard let x = node.inputs[0] else { return }
        if let first = editor.writer(of: x, as: Reshape.self), let source = editor.node(first.number)?.inputs[0] {
            editor.setInput(number, 0, source)
            editor.noteChange()
            return
        }
        if joinThroughElements(number, node, &editor) { return }
        sinkTranspose(number, node, reshape, &editor)
    }

    /// `reshape, f, reshape` is `f, reshape` where f works element by element.
    private static func joinThroughElements(_ number: Int, _ node: Node, _ editor: inout ModelEditor) -> Bool {
        var chain: [Int] = []
        var value = node.inputs[0]
        while let id = value, editor.onlyReader(of: id) != nil, let writer = editor.writer(of: id),
            let step = editor.node(writer)
        {
            if step.operation is Reshape {
                guard let last = chain.last, let source = step.inputs[0] else { return false }
                editor.setInput(last, 0, source)
                for link in chain {
                    if let output = editor.node(link)?.outputs[0] { editor[output].shape = editor[source].shape }
                }
                editor.noteChange()
                return true
            }
            guard isElementwise(step, editor) else { return false }
            chain.append(writer)
            value = step.inputs[0]
        }
        return false
    }

    /// Whether a node with one moved operand works on each element alone.
    static func isElementwise(_ node: Node, _ editor: ModelEditor) -> Bool {
        switch node.operation {
        case is Unary, is Cast: true
        case let operation as Quantize: operation.axis == nil
        case let operation as Dequantize: operation.axis == nil
        default: false
        }
    }

    /// A sum of two tensors reshaped alike is the reshaped sum.
    static func sinkBelowBinary(_ number: Int, _ node: Node, _ editor: inout ModelEditor) {
        guard node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1], a != b else { return }
        let output = node.outputs[0]
        func source(_ id: ValueID) -> ValueID? {
            guard let writer = editor.writer(of: id, as: Reshape.self), editor.onlyReader(of: id) != nil else {
                return nil
            }
            return editor.node(writer.number)?.inputs[0]
        }
        guard let sourceA = source(a), let sourceB = source(b), editor[sourceA].shape == editor[sourceB].shape,
            editor[a].shape == editor[b].shape
        else { return }
        let shape = editor[output].shape
        var stored = editor[output]
        stored.name += ".sum"
        stored.shape = editor[sourceA].shape
        stored.presentedType = nil
        let sum = editor.addValue(stored)
        editor.setInputs(number, [sourceA, sourceB])
        editor.setOutputs(number, [sum])
        editor.addNode(Node(name: node.name + ".reshape", Reshape(shape: shape), inputs: [sum], outputs: [output]))
        editor.noteChange()
    }

    /// `transpose, reshape` becomes `reshape, transpose` where the transpose moves as a whole each run of dimensions
    /// that the reshape cuts up or joins.
    private static func sinkTranspose(_ number: Int, _ node: Node, _ reshape: Reshape, _ editor: inout ModelEditor) {
        guard let x = node.inputs[0], editor.onlyReader(of: x) == number,
            let writer = editor.writer(of: x, as: Transpose.self),
            let source = editor.node(writer.number)?.inputs[0],
            let exchange = DimensionRuns.exchange(
                editor[source].shape, writer.operation.permutation, reshape: reshape.shape)
        else { return }
        var inner = source
        if !Permutation.isIdentity(exchange.inner) {
            inner = editor.addNode(
                node.name + ".inner", Transpose(permutation: exchange.inner), inputs: [source], like: source,
                shape: Permutation.apply(exchange.inner, to: editor[source].shape))
        }
        let joined = editor.addNode(
            node.name + ".reshape", Reshape(shape: exchange.shape), inputs: [inner], like: node.outputs[0],
            shape: exchange.shape)
        editor.setOperation(number, Transpose(permutation: exchange.outer))
        editor.setInput(number, 0, joined)
        editor.noteChange()
    }
}
