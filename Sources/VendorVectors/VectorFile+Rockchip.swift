internal import Graph

extension VectorFile {
    /// Rockchip's simulator: layers in order, all tensors asymmetric int8, weights with zero points a channel.
    func rockchip() throws(VectorError) -> (tensors: [String: VectorTensor], layers: [VectorLayer]) {
        var tensors: [String: VectorTensor] = [:]
        var layers: [VectorLayer] = []
        let described = try root.child("tensors")
        func tensor(_ key: String) throws(VectorError) -> VectorTensor {
            let one = try described.child(key)
            return try self.tensor(
                "t_\(key)", scale: Float(one.child("scale").number()),
                zeroPoint: one.child("zero_point").integer(in: -128...127))
        }
        for node in try root.child("layers").items() {
            let input = try node.child("input").text()
            let output = try node.child("output").text()
            if tensors[input] == nil {
                tensors[input] = try tensor(input)
                if layers.isEmpty, let real = root.optional("float_input") {
                    layers.append(try quantize(real.text(), to: input))
                }
            }
            tensors[output] = try tensor(output)
            layers.append(
                VectorLayer(
                    output: output, operation: try rockchip(node, input), relu: try node.child("relu").flag(),
                    share: try node.child("emulator_match").number()))
            if let residual = node.optional("residual") {
                let key = try residual.text()
                if tensors[key] == nil { tensors[key] = try tensor(key) }
            }
        }
        return (tensors, layers)
    }

    private func rockchip(_ node: VectorNode, _ input: String) throws(VectorError) -> VectorLayer.Operation {
        let word = try node.child("op").text()
        let stride = try node.child("stride").integers(in: 1...256)
        switch word {
        case "max", "avg":
            return .pool(
                word == "max" ? .maximum : .average, input, kernel: try node.child("kernel").integers(in: 1...256),
                stride: stride, padding: try node.optional("pads")?.integers(in: 0...256) ?? [0])
        case "conv", "dw", "gemm", "convadd", "gapA", "gapB":
            let groups = try node.child("group").integer(in: 1...65_536)
            let (product, kernel) = try convolution(
                input, weights: node.child("weight").text(), bias: node.child("bias").text(),
                scales: node.child("w_scale").floats(), zeroPoints: node.child("w_zero_point").integers(in: -128...127),
                groups: groups)
            return .convolution(
                product, stride: stride, padding: try node.child("pads").integers(in: 0...256), groups: groups,
                kernel: kernel, residual: try node.optional("residual")?.text())
        default:
            throw VectorError(
                node.place, expected: "op conv, dw, gemm, convadd, gapA, gapB, max or avg", found: word)
        }
    }

    /// The real numbers that become the first tensor.
    func quantize(_ array: String, to output: String) throws(VectorError) -> VectorLayer {
        let real = try floats(array)
        let order = Self.channelsLast(real.shape).order
        return VectorLayer(output: output, operation: .quantize(order.map { real.values[$0] }), relu: false, share: 1)
    }
}
