internal import Graph

extension Binary: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let output = try lowering.quantization(of: node.outputs[0])
        let clamp = lowering.clamp(activation, output, of: node.outputs[0])
        let value = lowering.model[node.outputs[0]]
        if let join = lowering.joins[node.outputs[0]] {
            lowering.set(
                node.outputs[0],
                try lowering.convolution(
                    join.convolution, join.operation, residual: join.other, output, clamp, name: value.name))
            return
        }
        var a = try lowering.input(node, 0)
        var b = try lowering.input(node, 1)
        switch function {
        case .add, .subtract:
            // The kernels repeat the second operand, and a sum does not mind which is which.
            if function == .add, lowering.builder.isSmaller(a, than: b) { swap(&a, &b) }
        case .multiply: if lowering.builder.isSmaller(a, than: b) { swap(&a, &b) }
        case .minimum, .maximum:
            a = try lowering.requantized(a, to: output)
            b = try lowering.requantized(b, to: output)
            if lowering.builder.isSmaller(a, than: b) { swap(&a, &b) }
        default:
            throw lowering.unsupported(node, "add, subtract, multiply, minimum or maximum, not \(function.rawValue)")
        }
        let function = function
        let (left, right) = (a, b)
        let result = try lowering.planned { (builder) throws(PlanError) in
            switch function {
            case .multiply:
                try builder.multiplication(left, right, output: output, clamp: clamp, name: value.name)
            case .minimum, .maximum:
                try builder.extremum(left, right, isMaximum: function == .maximum, name: value.name)
            default:
                try builder.addition(
                    left, right, subtracts: function == .subtract, isUnsigned: value.isFromUnsigned, output: output,
                    clamp: clamp, name: value.name)
            }
        }
        lowering.set(node.outputs[0], result)
    }
}

extension PlanBuilder {
    func isSmaller(_ a: TensorID, than b: TensorID) -> Bool {
        elementCount(of: a) < elementCount(of: b)
    }
}

extension Unary: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let output = try lowering.quantization(of: node.outputs[0])
        let source = try lowering.input(node)
        let input = lowering.builder.quantization(of: source)
        let table = try lowering.table(try planned(input), from: input, to: output)
        let name = lowering.model[node.outputs[0]].name
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.lookup(source, table: table, output: output, name: name)
        }
        lowering.set(node.outputs[0], result)
    }

    /// The function as contracts know it: by name where they have arithmetic of their own for it, else by its values.
    private func planned(_ input: Graph.Quantization) throws(ModelError) -> UnaryFunction {
        switch function {
        case .identity: return .identity
        case .clamp(let activation): return .clamp(low: activation.low, high: activation.high)
        case .leakyRelu(let slope): return .leakyRelu(slope: slope)
        case .hardSwish: return .hardSwish
        case .sigmoid: return .sigmoid
        case .tanh: return .tanh
        default:
            let reals = (-128...127).map { input.dequantize(Int8($0)) }
            let results = try evaluate([TensorData(shape: [256], .float32(reals))])
            guard case .float32(let values) = results[0].elements else {
                throw .unsupported(.init("function", expected: "real numbers", found: "\(function)"))
            }
            return .sampled(values)
        }
    }
}

extension Lowering {
    /// The same real numbers under another quantization.
    mutating func requantized(_ tensor: TensorID, to output: Graph.Quantization) throws(ModelError) -> TensorID {
        let input = builder.quantization(of: tensor)
        guard input != output else { return tensor }
        let table = try table(.identity, from: input, to: output)
        return try planned { (builder) throws(PlanError) in
            try builder.lookup(tensor, table: table, output: output)
        }
    }
}

extension Softmax: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let value = lowering.model[node.outputs[0]]
        guard !isLogarithm, axis == value.shape.count - 1 else {
            throw lowering.unsupported(node, "a plain softmax along the last dimension")
        }
        let output = try lowering.quantization(of: node.outputs[0])
        let source = try lowering.input(node)
        let beta = beta
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.softmax(
                source, beta: beta, isUnsigned: value.isFromUnsigned, output: output, name: value.name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Quantize: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        guard let source = node.inputs[0], lowering.model[source].type == .float32 else {
            throw lowering.unsupported(node, "real numbers to quantize")
        }
        let output = try lowering.parameters(node)
        let tensor = try lowering.tensor(source)
        let name = lowering.model[node.outputs[0]].name
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.quantize(tensor, output: output, name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Dequantize: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let tensor = try lowering.input(node)
        let name = lowering.model[node.outputs[0]].name
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.dequantize(tensor, name: name)
        }
        lowering.set(node.outputs[0], result)
    }
}

extension Lowering {
    /// Scale and zero point, operands 1 and 2 of a node, which must be constants of one element.
    func parameters(_ node: Node) throws(ModelError) -> Graph.Quantization {
        guard node.inputs.count > 1, let scale = node.inputs[1],
            case .float32(let scales) = model[scale].constant?.elements, scales.count == 1
        else { throw unsupported(node, "one constant scale") }
        var zeroPoint: Int32 = 0
        if node.inputs.count > 2, let id = node.inputs[2] {
            guard case .int8(let points) = model[id].constant?.elements, points.count == 1 else {
                throw unsupported(node, "one constant int8 zero point")
            }
            zeroPoint = Int32(points[0])
        }
        return Quantization(scale: scales[0], zeroPoint: zeroPoint)
    }
}

extension L2Normalization: Lowerable {
    func lower(_ node: Node, _ lowering: inout Lowering) throws(ModelError) {
        let value = lowering.model[node.outputs[0]]
        guard axis == value.shape.count - 1 else {
            throw lowering.unsupported(node, "a normalization along the last dimension")
        }
        let source = try lowering.input(node)
        let result = try lowering.planned { (builder) throws(PlanError) in
            try builder.l2Normalization(source, isUnsigned: value.isFromUnsigned, name: value.name)
        }
        lowering.set(
            node.outputs[0], try lowering.requantized(result, to: try lowering.quantization(of: node.outputs[0])))
    }
}
