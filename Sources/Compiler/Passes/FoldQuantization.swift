/// `dequantize, operation, quantize` with known scales becomes the operation on quantized values.
///
/// In this order: integers get the quantization that the nodes around them agree on; dequantizing moves down and
/// quantizing moves up through what only moves elements; what then has quantized values on all sides is taken over. A
/// node that cannot be stays in real numbers between its ``Dequantize`` and ``Quantize``: an island, see
/// ``Model/floatNodes``.
/// - Quantization: a bias is int32 with the scale of the operand times that of the weights.
/// - Source: ONNX Runtime 1.32's QDQ propagation and selectors.
package enum FoldQuantization: Pass {
    package static let name = "fold-quantization"
    package static let summary = "Turns operations between dequantize and quantize nodes into operations on integers."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            QuantizationClasses.assign(&editor)
            sinkDequantize(&editor)
            raiseQuantize(&editor)
            for number in editor.nodeNumbers {
                guard let node = editor.node(number) else { continue }
                if node.operation is Quantize {
                    requantize(number, node, &editor)
                } else if let argument = node.operation as? ArgumentReduce {
                    readIntegers(number, node, argument, &editor)
                } else if NodeQuantization.takeOver(number, node, &editor) {
                    editor.noteChange()
                }
            }
        }
    }

    // MARK: What the nodes around a value say

    /// The integers that a value of real numbers is dequantized from, whose quantization says just that.
    static func integers(behind real: ValueID, _ editor: ModelEditor) -> ValueID? {
        guard let writer = editor.writer(of: real, as: Dequantize.self), let node = editor.node(writer.number),
            let x = node.inputs[0], editor[x].type.isQuantizable, let quantization = editor[x].quantization,
            quantization.axis == nil, quantization == editor.parameters(node)
        else { return nil }
        return x
    }

    /// The node that quantizes a value, where nothing else reads it and its result says how.
    static func quantize(of real: ValueID, _ editor: ModelEditor) -> (number: Int, result: ValueID)? {
        guard let reader = editor.onlyReader(of: real), let node = editor.node(reader), node.operation is Quantize,
            node.inputs[0] == real, let quantization = editor[node.outputs[0]].quantization, quantization.axis == nil,
            editor[node.outputs[0]].type.isQuantizable
        else { return nil }
        return (reader, node.outputs[0])
    }

    // MARK: Motion through what only moves

    /// `dequantize, move` becomes `move, dequantize`.
    private static func sinkDequantize(_ editor: inout ModelEditor) {
        for number in editor.nodeNumbers {
            guard let node = editor.node(number), let moved = Movement.movedOperands(node),
                node.outputs.allSatisfy({ editor[$0].quantization == nil && editor[$0].type == .float32 })
            else { continue }
            var sources: [ValueID] = []
            for place in moved {
                if let operand = node.inputs[place], let source = integers(behind: operand, editor) {
                    sources.append(source)
                }
            }
            guard sources.count == moved.count, let first = sources.first,
                let quantization = editor[first].quantization,
                sources.allSatisfy({ editor[$0].quantization == quantization && editor[$0].type == editor[first].type }
                ),
                Movement.isExact(node.operation, quantization, type: editor[first].type),
                let dequantize = node.inputs[0].flatMap({ editor.writer(of: $0) }).flatMap({ editor.node($0) })
            else { continue }
            let reals = node.outputs
            var inputs = node.inputs
            for (place, source) in zip(moved, sources) { inputs[place] = source }
            var results: [ValueID] = []
            for real in reals {
                var value = editor[first]
                value.name = editor[real].name + ".quantized"
                value.shape = editor[real].shape
                value.presentedType = nil
                results.append(editor.addValue(value))
            }
            editor.setInputs(number, inputs)
            editor.setOutputs(number, results)
            for (real, result) in zip(reals, results) {
                editor.addNode(
                    Node(
                        name: editor[real].name + ".dequantize", dequantize.operation,
                        inputs: [result] + dequantize.inputs.dropFirst(), outputs: [real]))
            }
            editor.noteChange()
        }
    }

    /// `move, quantize` becomes `quantize, move`.
    private static func raiseQuantize(_ editor: inout ModelEditor) {
        for number in editor.nodeNumbers.reversed() {
            guard let node = editor.node(number), let moved = Movement.movedOperands(node), node.outputs.count == 1,
                moved.allSatisfy({ node.inputs[$0].map { editor[$0].type } == .float32 }),
                let (quantizer, result) = quantize(of: node.outputs[0], editor), let quantize = editor.node(quantizer)
            else { continue }
            var inputs = node.inputs
            for place in moved {
                guard let operand = node.inputs[place] else { continue }
                let name = editor[operand].name + ".quantized"
                inputs[place] = editor.addNode(
                    name, quantize.operation, inputs: [operand] + quantize.inputs.dropFirst(), like: result,
                    shape: editor[operand].shape)
            }
            editor.remove(quantizer)
            editor.setInputs(number, inputs)
            editor.setOutputs(number, [result])
            editor.noteChange()
        }
    }

    // MARK: Nodes on their own

    /// `dequantize, quantize` is nothing, or a change of scale.
    private static func requantize(_ number: Int, _ node: Node, _ editor: inout ModelEditor) {
        guard let real = node.inputs[0], let source = integers(behind: real, editor),
            let quantization = editor[node.outputs[0]].quantization, quantization.axis == nil,
            quantization == editor.parameters(node)
        else { return }
        let result = node.outputs[0]
        if editor[source].type == editor[result].type, editor[source].quantization == quantization,
            editor.replaceUses(of: result, with: source)
        {
            editor.remove(number)
        } else {
            editor.setOperation(number, Unary(.identity))
            editor.setInputs(number, [source])
        }
        editor.noteChange()
    }

    /// The place of the largest element is the same before and after dequantizing.
    private static func readIntegers(
        _ number: Int, _ node: Node, _ argument: ArgumentReduce, _ editor: inout ModelEditor
    ) {
        guard let real = node.inputs[0], let source = integers(behind: real, editor) else { return }
        editor.setInput(number, 0, source)
        editor.noteChange()
    }
}

extension Model {
    /// The nodes that compute on real numbers: not those between them and integers, nor those that move.
    package var floatNodes: [Node] {
        nodes.filter { node in
            !node.operation.readsBareIntegers
                && (node.inputs.compactMap { $0 } + node.outputs).contains {
                    self[$0].type == .float32 && self[$0].constant == nil
                }
        }
    }
}
