/// uint8 values become int8 values with the same real numbers: elements and zero points less 128.
///
/// - Quantization: exact; graph inputs and outputs remember in ``Value/presentedType`` what the caller hands in and
///   gets.
package enum SignedBytes: Pass {
    package static let name = "signed-bytes"
    package static let summary = "Carries uint8 tensors to int8, with every element and zero point 128 lower."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            let all = editor.model.values.indices.map(ValueID.init(index:))
            let bytes = Set(all.filter { isUnsigned($0, editor) })
            for id in bytes { convert(id, &editor) }
            for number in editor.nodeNumbers {
                guard let node = editor.node(number) else { continue }
                switch node.operation {
                case var quantize as Quantize where editor[node.outputs[0]].type == .int8 && quantize.type == .uint8:
                    quantize.type = .int8
                    editor.setOperation(number, quantize)
                    lowerZeroPoint(number, node, &editor)
                case is Dequantize:
                    if let x = node.inputs[0], bytes.contains(x) { lowerZeroPoint(number, node, &editor) }
                default: break
                }
            }
        }
    }

    /// Bare bytes stay: a cast or an index means the number itself.
    private static func isUnsigned(_ id: ValueID, _ editor: ModelEditor) -> Bool {
        guard editor[id].type == .uint8, editor[id].quantization != nil else { return false }
        for reader in editor.readers(of: id) {
            guard let node = editor.node(reader), node.operation.readsBareIntegers else { continue }
            guard node.inputs[0] == id, editor.parameters(node) != nil else { return false }
        }
        if let writer = editor.writer(of: id), let node = editor.node(writer), node.operation.readsBareIntegers {
            return editor.parameters(node) != nil
        }
        return true
    }

    private static func convert(_ id: ValueID, _ editor: inout ModelEditor) {
        editor[id].type = .int8
        editor[id].isFromUnsigned = true
        let zeroPoints = editor[id].quantization?.zeroPoints.map { $0 - 128 }
        editor[id].quantization?.zeroPoints = zeroPoints ?? []
        if case .uint8(let elements) = editor[id].constant?.elements {
            editor[id].constant?.elements = .int8(elements.map { Int8(bitPattern: $0 ^ 0x80) })
        }
        if editor.isInput(id) || editor.isOutput(id) { editor[id].presentedType = .uint8 }
        editor.noteChange()
    }

    /// A left-out zero point is 0, which is -128 now.
    private static func lowerZeroPoint(_ number: Int, _ node: Node, _ editor: inout ModelEditor) {
        let scale = node.inputs[1].map { editor[$0].shape } ?? []
        var lowered = Array(repeating: Int8(-128), count: scale.reduce(1, *))
        if node.inputs.count > 2, let old = editor.constant(node.inputs[2]) {
            lowered = old.elements.integers.map { Int8(truncatingIfNeeded: $0 - 128) }
        }
        let zeroPoint = editor.addConstant(node.name + ".zero_point", TensorData(shape: scale, .int8(lowered)))
        editor.setInputs(number, Array(node.inputs.prefix(2)) + [zeroPoint])
    }
}
