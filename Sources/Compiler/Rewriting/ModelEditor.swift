/// A model while a pass rewrites it: who writes and who reads each value is known at each step.
///
/// Nodes keep their number until ``finish()``, which drops what nothing needs, puts writers before readers and numbers
/// the values anew. Every edit takes time in proportion to what it touches.
struct ModelEditor {
    private(set) var model: Model
    /// How many places the pass has rewritten.
    private(set) var changes = 0
    private var isRemoved: [Bool]
    /// The node that writes a value; nil for inputs and constants.
    private var writers: [Int?]
    /// The nodes that read a value, once an operand.
    private var readers: [[Int]]
    private var outputUses: [Int]
    private let inputs: Set<ValueID>

    init(_ model: Model) {
        self.model = model
        isRemoved = Array(repeating: false, count: model.nodes.count)
        writers = Array(repeating: nil, count: model.values.count)
        readers = Array(repeating: [], count: model.values.count)
        outputUses = Array(repeating: 0, count: model.values.count)
        inputs = Set(model.inputs)
        for (number, node) in model.nodes.enumerated() { connect(number, node) }
        for output in model.outputs { outputUses[output.index] += 1 }
    }

    private mutating func connect(_ number: Int, _ node: Node) {
        for case .some(let input) in node.inputs { readers[input.index].append(number) }
        for output in node.outputs { writers[output.index] = number }
    }

    private mutating func disconnect(_ number: Int) {
        let node = model.nodes[number]
        for case .some(let input) in node.inputs {
            if let place = readers[input.index].firstIndex(of: number) { readers[input.index].remove(at: place) }
        }
        for output in node.outputs where writers[output.index] == number { writers[output.index] = nil }
    }

    // MARK: Looking

    subscript(_ id: ValueID) -> Value {
        get { model[id] }
        set { model[id] = newValue }
    }

    /// Numbers of all nodes there are now; ``node(_:)`` is nil for those removed since.
    var nodeNumbers: Range<Int> { model.nodes.indices }

    func node(_ number: Int) -> Node? { isRemoved[number] ? nil : model.nodes[number] }

    func writer(of value: ValueID) -> Int? { writers[value.index] }

    /// The node that writes a value, if its operation is of that kind.
    func writer<Kind: Operation>(of value: ValueID, as kind: Kind.Type) -> (number: Int, operation: Kind)? {
        guard let number = writers[value.index], let operation = model.nodes[number].operation as? Kind else {
            return nil
        }
        return (number, operation)
    }

    /// Each node once, in ascending order.
    func readers(of value: ValueID) -> [Int] { Set(readers[value.index]).sorted() }

    func isRead(_ value: ValueID) -> Bool { outputUses[value.index] > 0 || !readers[value.index].isEmpty }

    func isOutput(_ value: ValueID) -> Bool { outputUses[value.index] > 0 }

    func isInput(_ value: ValueID) -> Bool { inputs.contains(value) }

    /// The one node that reads a value through one operand, if nothing else needs the value.
    func onlyReader(of value: ValueID) -> Int? {
        let numbers = readers[value.index]
        return numbers.count == 1 && !isOutput(value) ? numbers[0] : nil
    }

    func constant(_ value: ValueID?) -> TensorData? { value.flatMap { model[$0].constant } }

    // MARK: Changing

    /// Counts one rewritten place.
    mutating func noteChange() { changes += 1 }

    mutating func addValue(_ value: Value) -> ValueID {
        writers.append(nil)
        readers.append([])
        outputUses.append(0)
        return model.add(value)
    }

    mutating func addConstant(
        _ name: String, _ data: TensorData, quantization: ValueQuantization? = nil
    ) -> ValueID {
        addValue(
            Value(name: name, type: data.type, shape: data.shape, quantization: quantization, constant: data))
    }

    @discardableResult
    mutating func addNode(_ node: Node) -> Int {
        model.nodes.append(node)
        isRemoved.append(false)
        connect(model.nodes.count - 1, node)
        return model.nodes.count - 1
    }

    /// Adds a node with one output, which is stored as `like` is and has the shape given.
    mutating func addNode(
        _ name: String, _ operation: any Operation, inputs: [ValueID?], like: ValueID, shape: [Int]
    ) -> ValueID {
        var value = Value(name: name, type: model[like].type, shape: shape)
        value.quantization = model[like].quantization
        value.isFromUnsigned = model[like].isFromUnsigned
        let output = addValue(value)
        addNode(Node(name: name, operation, inputs: inputs, outputs: [output]))
        return output
    }

    mutating func remove(_ number: Int) {
        disconnect(number)
        isRemoved[number] = true
    }

    mutating func setOperation(_ number: Int, _ operation: any Operation) {
        model.nodes[number].operation = operation
    }

    mutating func setInputs(_ number: Int, _ inputs: [ValueID?]) {
        replace(number) { $0.inputs = inputs }
    }

    mutating func setInput(_ number: Int, _ place: Int, _ value: ValueID?) {
        replace(number) { $0.inputs[place] = value }
    }

    /// The node writes other values; the old ones have no writer until some node takes them over.
    mutating func setOutputs(_ number: Int, _ outputs: [ValueID]) {
        replace(number) { $0.outputs = outputs }
    }

    private mutating func replace(_ number: Int, _ change: (inout Node) -> Void) {
        disconnect(number)
        change(&model.nodes[number])
        connect(number, model.nodes[number])
    }

    /// All that read `old` read `new` from now on. A graph output keeps its name.
    /// - Returns: false, with nothing changed, if `old` is a graph output and `new` has a name of its own to keep.
    @discardableResult
    mutating func replaceUses(of old: ValueID, with new: ValueID) -> Bool {
        if isOutput(old) {
            if isInput(new) || isOutput(new) || model[new].constant != nil { return false }
            model[new].name = model[old].name
            model[new].presentedType = model[old].presentedType
            model[old].name += ".before"
            redirectOutput(old, to: new)
        }
        for number in Set(readers[old.index]) {
            for (place, input) in model.nodes[number].inputs.enumerated() where input == old {
                model.nodes[number].inputs[place] = new
            }
        }
        readers[new.index] += readers[old.index]
        readers[old.index] = []
        return true
    }

    /// The graph's outputs that were `old` are `new`; names stay with the values.
    mutating func redirectOutput(_ old: ValueID, to new: ValueID) {
        for (place, output) in model.outputs.enumerated() where output == old { model.outputs[place] = new }
        outputUses[new.index] += outputUses[old.index]
        outputUses[old.index] = 0
    }

    /// The graph's outputs that were `old` are `new` under the old name; a copy of it if it has a name of its own to
    /// keep.
    mutating func replaceOutput(_ old: ValueID, with new: ValueID) {
        var new = new
        if isInput(new) || isOutput(new) || model[new].constant != nil {
            // Not the shape of `new`: a pass may be about to change that.
            let shape = model[old].shape
            new = addNode(model[old].name + ".copy", Reshape(shape: shape), inputs: [new], like: new, shape: shape)
        }
        model[new].name = model[old].name
        model[new].presentedType = model[old].presentedType
        model[old].name += ".before"
        redirectOutput(old, to: new)
    }

    /// The value itself becomes a constant and its writer goes.
    mutating func makeConstant(_ value: ValueID, _ data: TensorData, quantization: ValueQuantization?) {
        if let number = writers[value.index] { remove(number) }
        model[value].type = data.type
        model[value].shape = data.shape
        model[value].quantization = quantization
        model[value].constant = data
    }

    // MARK: Finishing

    /// The model without what no output needs, writers before readers, values numbered anew.
    func finish() -> Model {
        let order = neededNodes()
        var isUsed = Array(repeating: false, count: model.values.count)
        for id in model.inputs + model.outputs { isUsed[id.index] = true }
        for number in order {
            for case .some(let input) in model.nodes[number].inputs { isUsed[input.index] = true }
            for output in model.nodes[number].outputs { isUsed[output.index] = true }
        }
        var numbers = Array(repeating: ValueID(index: -1), count: model.values.count)
        var result = Model(name: model.name)
        for (index, value) in model.values.enumerated() where isUsed[index] { numbers[index] = result.add(value) }
        result.inputs = model.inputs.map { numbers[$0.index] }
        result.outputs = model.outputs.map { numbers[$0.index] }
        result.nodes = order.map { number in
            var node = model.nodes[number]
            node.inputs = node.inputs.map { $0.map { numbers[$0.index] } }
            node.outputs = node.outputs.map { numbers[$0.index] }
            return node
        }
        return result
    }

    /// What the outputs need, in the old order where that has each writer before its readers.
    private func neededNodes() -> [Int] {
        var isNeeded = Array(repeating: false, count: model.nodes.count)
        var open = model.outputs.compactMap { writers[$0.index] }
        while let number = open.popLast() {
            if isNeeded[number] { continue }
            isNeeded[number] = true
            open += model.nodes[number].inputs.compactMap { $0.flatMap { writers[$0.index] } }
        }
        var isPlaced = Array(repeating: false, count: model.nodes.count)
        var order: [Int] = []
        for first in model.nodes.indices where isNeeded[first] {
            open = [first]
            while let number = open.last {
                let waiting = model.nodes[number].inputs.compactMap { $0.flatMap { writers[$0.index] } }
                    .filter { !isPlaced[$0] && $0 != number }
                if isPlaced[number] || waiting.isEmpty {
                    open.removeLast()
                    if !isPlaced[number] { order.append(number) }
                    isPlaced[number] = true
                } else {
                    // A model with a ring would never end here; no pass makes one, and importers refuse it.
                    precondition(open.count <= model.nodes.count * 64)
                    open += waiting.reversed()
                }
            }
        }
        return order
    }
}

extension Pass {
    /// Lets `rewrite` edit a model, and takes the result over if it changed anything.
    static func edit(
        _ model: inout Model, _ rewrite: (inout ModelEditor) throws(ModelError) -> Void
    ) throws(ModelError) -> Int {
        var editor = ModelEditor(model)
        try rewrite(&editor)
        if editor.changes > 0 { model = editor.finish() }
        return editor.changes
    }
}
