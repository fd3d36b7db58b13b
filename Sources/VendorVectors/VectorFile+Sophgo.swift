internal import Graph
internal import Trust

extension VectorFile {
    /// Sophgo's C-model: symmetric tensors, int8, or uint8 behind a ReLU; the compiler's integer constants are told, the
    /// weights' scales are not.
    /// - Parameter isHighMultiply: multipliers have 31 digits behind the point, and shifts come on top.
    func sophgo(isHighMultiply: Bool) throws(VectorError) -> (tensors: [String: VectorTensor], layers: [VectorLayer]) {
        var tensors: [String: VectorTensor] = [:]
        let described = try root.child("tensors")
        for member in described.value.objectValue ?? [] {
            let one = VectorNode(place: "\(described.place): \(member.name)", value: member.value)
            let zeroPoint = try one.child("zero_point").integer(in: 0...255)
            let scale = try one.child("scale").number()
            tensors[member.name] = try tensor(
                "t_\(member.name)", scale: Float(scale), zeroPoint: zeroPoint, declared: one.optional("dtype")?.text())
        }
        var layers: [VectorLayer] = []
        for node in try root.child("layers").items() {
            let output = try node.child("output").text()
            var inputs: [String] = []
            for item in try node.child("inputs").items() { inputs.append(try item.text()) }
            guard inputs.allSatisfy({ tensors[$0] != nil }) && tensors[output] != nil else {
                throw VectorError(node.place, expected: "tensors that are described", found: "\(inputs) and \(output)")
            }
            guard !inputs.isEmpty else {
                layers.append(try quantize("x_float", to: output))
                continue
            }
            var layer = VectorLayer(
                output: output, operation: try sophgo(node, inputs, tensors, isHighMultiply),
                relu: try node.child("relu").flag(),
                emulatorMatch: try node.optional("emulator_match")?.share() ?? 1)
            // Of sums of products it is the name of an array.
            if let multipliers = node.optional("mult"), multipliers.value.stringValue == nil {
                let values = try multipliers.integers(in: 0...Int(Int32.max))
                let shifts = try node.child("shift").integers(in: 0...62, counts: [1, values.count])
                layer.stated = values.enumerated().map { ($0.element, shifts[shifts.count == 1 ? 0 : $0.offset]) }
            }
            layers.append(layer)
        }
        _ = try given(layers)
        return (tensors, layers)
    }

    private func sophgo(
        _ node: VectorNode, _ inputs: [String], _ tensors: [String: VectorTensor], _ isHighMultiply: Bool
    ) throws(VectorError) -> VectorLayer.Operation {
        let word = try node.child("op").text()
        switch word {
        case "add":
            guard inputs.count == 2 else { throw VectorError(node.place, expected: "two inputs", found: "\(inputs)") }
            return .addition(inputs[0], inputs[1])
        case "pool2d":
            return .pool(
                try node.child("mode").word(among: ["max", "avg"]) == "max" ? .maximum : .average, inputs[0],
                kernel: try node.child("kernel").integers(in: 1...4_096, counts: [1, 2]),
                stride: try node.child("strides").integers(in: 1...4_096, counts: [1, 2]),
                padding: try node.optional("pads")?.integers(in: 0...256, counts: [1, 2, 4]) ?? [0])
        case "conv2d":
            let groups = try node.child("group").integer(in: 1...65_536)
            let ratios = try ratios(node, isHighMultiply)
            let (product, kernel) = try convolution(
                inputs[0], weights: node.child("weight").text(), bias: node.child("bias").text(),
                // A scale a channel, which the stated ratios replace.
                Scaling(scales: ratios.map { _ in 1 }, ratios: ratios), groups: groups)
            return .convolution(
                product, stride: try node.child("strides").integers(in: 1...256, counts: [1, 2]),
                padding: try node.child("pads").integers(in: 0...256, counts: [1, 2, 4]), groups: groups,
                kernel: kernel, residual: nil)
        case "matmul":
            return .dense(
                try dense(
                    inputs[0], weights: node.child("weight").text(), bias: node.child("bias").text(),
                    isInputFirst: node.child("weight_layout").word(among: ["[in,out]", "[out,in]"]) == "[in,out]",
                    image: tensors[inputs[0]]?.shape ?? [], Scaling(scales: [1], ratios: ratios(node, isHighMultiply))))
        default: throw VectorError(node.place, expected: "op conv2d, matmul, pool2d or add", found: word)
        }
    }

    /// What sums are multiplied with, from the compiler's integers.
    /// - Throws: where a float32 number does not hold it.
    private func ratios(_ node: VectorNode, _ isHighMultiply: Bool) throws(VectorError) -> [Float] {
        let multipliers = try integers(node.child("mult").text(), in: 0...Int(Int32.max)).values
        let shifts = try integers(node.child("shift").text(), in: -32...62).values
        guard shifts.count == 1 || shifts.count == multipliers.count else {
            throw VectorError(
                "\(node.place): shift", expected: "1 or \(multipliers.count) numbers", found: "\(shifts.count)")
        }
        var ratios: [Float] = []
        for (index, multiplier) in multipliers.enumerated() {
            let shift = shifts[shifts.count == 1 ? 0 : index] + (isHighMultiply ? 31 : 0)
            let exact = Double(multiplier) / Double(sign: .plus, exponent: shift, significand: 1)
            guard Double(Float(exact)) == exact else {
                throw VectorError(
                    "\(node.place): mult", expected: "multipliers of at most 24 digits",
                    found: "\(multiplier) / 2^\(shift)")
            }
            ratios.append(Float(exact))
        }
        return ratios
    }
}
