/// Reshapes joined, moved below what they stand above, and brought above transposes where whole runs of dimensions move.
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
        let sum = editor.addValue(
            Value(
                name: editor[output].name + ".sum", type: editor[output].type, shape: editor[sourceA].shape,
                quantization: editor[output].quantization))
        editor.setInputs(number, [sourceA, sourceB])
        editor.setOutputs(number, [sum])
        editor.addNode(Node(name: node.name + ".reshape", Reshape(shape: shape), inputs: [sum], outputs: [output]))
        editor.noteChange()
    }

    /// `transpose, reshape` becomes `reshape, transpose` where the transpose moves as a whole each run of dimensions that
    /// the reshape cuts up or joins.
    private static func sinkTranspose(_ number: Int, _ node: Node, _ reshape: Reshape, _ editor: inout ModelEditor) {
        guard let x = node.inputs[0], editor.onlyReader(of: x) == number,
            let writer = editor.writer(of: x, as: Transpose.self),
            let source = editor.node(writer.number)?.inputs[0],
            let runs = DimensionRuns(from: editor[x].shape, to: reshape.shape),
            let order = runs.order(before: writer.operation.permutation)
        else { return }
        let permutation = Permutation.inverse(order)
        // A transpose that comes out as none is a gain; one that only moves on is none at a graph output.
        let shape = Permutation.apply(order, to: reshape.shape)
        let output = node.outputs[0]
        let joined = editor.addNode(
            node.name + ".reshape", Reshape(shape: shape), inputs: [source], like: output, shape: shape)
        editor.setOperation(number, Transpose(permutation: permutation))
        editor.setInput(number, 0, joined)
        editor.noteChange()
    }
}

/// The runs of dimensions on both sides of a reshape that hold the same elements.
struct DimensionRuns {
    /// Dimensions of the old shape and of the new one, by run.
    private var runs: [(old: [Int], new: [Int])] = []
    private let shape: [Int]

    /// - Returns: nil where a shape has no elements.
    init?(from old: [Int], to new: [Int]) {
        shape = old
        guard !old.contains(0) else { return nil }
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            var run = (old: [Int](), new: [Int]())
            var (a, b) = (1, 1)
            repeat {
                if a <= b, i < old.count {
                    a *= old[i]
                    run.old.append(i)
                    i += 1
                } else if j < new.count {
                    b *= new[j]
                    run.new.append(j)
                    j += 1
                } else if i < old.count {
                    a *= old[i]
                    run.old.append(i)
                    i += 1
                } else {
                    return nil
                }
            } while a != b || run.new.isEmpty && j < new.count && new[j] == 1
            runs.append(run)
        }
    }

    /// Where the old shape is a transposed one: the order of the new dimensions that goes with the shape before.
    /// - Returns: nil if the transpose tears a run apart.
    func order(before permutation: [Int]) -> [Int]? {
        var placed: [(first: Int, new: [Int])] = []
        var last = -1
        for run in runs {
            let real = run.old.filter { shape[$0] != 1 }.map { permutation[$0] }
            guard zip(real, real.dropFirst()).allSatisfy({ $1 > $0 }) else { return nil }
            // What lies between them before the transpose must be of one element.
            if let first = real.first, let end = real.last {
                let others = permutation.indices.filter { shape[$0] != 1 && !real.contains(permutation[$0]) }
                guard !others.contains(where: { (first...end).contains(permutation[$0]) }) else { return nil }
                last = first
            }
            placed.append((last, run.new))
        }
        return placed.enumerated().sorted { ($0.element.first, $0.offset) < ($1.element.first, $1.offset) }
            .flatMap(\.element.new)
    }
}
