/// The model as it grows operator by operator, and what the translation of one operator asks of it.
struct TFLiteGraph {
    let file: TFLiteFile
    var model: Model
    /// The operator that is being translated.
    private(set) var current: TFLiteFile.Operator
    /// The value of each tensor that is known so far, by the tensor's number.
    var values: [ValueID?]

    init(_ file: TFLiteFile, name: String) throws(ModelError) {
        self.file = file
        model = Model(name: name)
        values = Array(repeating: nil, count: file.tensors.count)
        guard let first = file.operators.first else {
            throw .malformed(.init("operators", expected: "at least 1", found: "0"))
        }
        current = first
    }

    /// Translates all operators in the order of the file.
    mutating func translate() throws(ModelError) -> Model {
        for number in file.inputs { try declareInput(file.tensors[number]) }
        for row in file.operators {
            current = row
            do throws(ModelError) {
                try translateCurrent()
            } catch {
                throw error.at(row.place)
            }
        }
        guard !file.outputs.isEmpty else { throw .malformed(.init("outputs of the model", expected: "1", found: "0")) }
        for number in file.outputs { model.outputs.append(try value(of: file.tensors[number])) }
        return model
    }

    private mutating func declareInput(_ tensor: TFLiteTensor) throws(ModelError) {
        guard values[tensor.number] == nil, try constantRange(tensor) == nil else {
            throw .malformed(
                .init(
                    "inputs of the model", expected: "tensors without elements, each once",
                    found: "a constant or a tensor twice", place: tensor.place))
        }
        if let open = tensor.isOpen.dropFirst().firstIndex(of: true) {
            throw .unsupported(
                .init(
                    "dimension \(open) of the input", expected: "a number", found: "any length", place: tensor.place,
                    advice: "convert the model with a fixed input shape; only the batch may be left open (it becomes 1)"
                ))
        }
        guard !tensor.shape.contains(0) else {
            throw .unsupported(
                .init(
                    "shape of the input", expected: "at least 1 element", found: "\(tensor.shape)", place: tensor.place)
            )
        }
        let id = model.add(
            Value(
                name: tensor.name, type: try tensor.elementType(), shape: tensor.shape,
                quantization: try tensor.quantization()))
        guard tensor.type != .float16 else { throw Self.halfFloat(tensor) }
        values[tensor.number] = id
        model.inputs.append(id)
    }

    private mutating func translateCurrent() throws(ModelError) {
        guard let rule = TFLiteOperators.rules[current.kind.name] else {
            throw TFLiteOperators.unsupported(current, in: file)
        }
        guard !current.outputs.isEmpty else { throw .malformed(.init("outputs", expected: "at least 1", found: "0")) }
        for number in current.outputs {
            let tensor = file.tensors[number]
            guard values[number] == nil, try constantRange(tensor) == nil, !tensor.isVariable else {
                throw .malformed(
                    .init(
                        "outputs", expected: "tensors that nothing has written yet",
                        found: "\(tensor.place), an input, a constant or written before"))
            }
        }
        try rule(&self)
        if let missing = current.outputs.first(where: { values[$0] == nil }) {
            throw .unsupported(
                .init("outputs", expected: "those in use", found: "\(file.tensors[missing].place) besides them"))
        }
    }

    // MARK: Tensors and values

    /// The value that a tensor has become; a constant becomes one when it is first asked for.
    mutating func value(of tensor: TFLiteTensor) throws(ModelError) -> ValueID {
        if let id = values[tensor.number] { return id }
        let (data, quantization) = try constant(tensor)
        let id = model.constant(tensor.name, data, quantization: quantization)
        values[tensor.number] = id
        return id
    }

    /// Elements that are known from the file, or by folding.
    func constant(_ tensor: TFLiteTensor) throws(ModelError) -> (TensorData, ValueQuantization?) {
        if let id = values[tensor.number] {
            guard let data = model[id].constant else {
                throw .unsupported(
                    .init(
                        "\(tensor.place)", expected: "a constant", found: "a tensor computed while the model runs",
                        advice: "convert the model with fixed shapes, so that the converter can fold it"))
            }
            return (data, model[id].quantization)
        }
        let range = try constantRange(tensor)
        guard range != nil || (tensor.shape.contains(0) && !tensor.isVariable) else {
            throw .malformed(
                .init(
                    "\(tensor.place)", expected: "a model input, a constant or what an earlier node writes",
                    found: tensor.isVariable ? "a variable" : "none of them",
                    advice: tensor.isVariable ? "variables are not kept from run to run: convert without them" : nil))
        }
        return (try tensor.constant(in: range, of: file.buffer), try tensor.quantization())
    }

    /// Where a tensor's elements lie in the file; nil for one without.
    private func constantRange(_ tensor: TFLiteTensor) throws(ModelError) -> Range<Int>? {
        guard tensor.buffer < file.constants.count || tensor.buffer == 0 else {
            throw .malformed(
                .init(
                    "buffer of \(tensor.place)", expected: "less than \(file.constants.count)",
                    found: "\(tensor.buffer)"))
        }
        // The schema keeps buffer 0 for "no elements".
        return tensor.buffer == 0 ? nil : file.constants[tensor.buffer]
    }

    static func halfFloat(_ tensor: TFLiteTensor) -> ModelError {
        .unsupported(
            .init(
                "type", expected: "float16 in constants only", found: "a float16 tensor that is computed",
                place: tensor.place, advice: "convert the model with float32 inputs and float16 weights"))
    }
}
