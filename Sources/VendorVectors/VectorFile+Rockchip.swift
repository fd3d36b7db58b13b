internal import Arrays
internal import Graph

extension VectorFile {
    /// Rockchip's simulator: layers in order, all tensors asymmetric int8, weights with zero points a channel.
    ///
    /// The real numbers become the tensor that no layer makes.
    func rockchip() throws(VectorError) -> (tensors: [String: VectorTensor], layers: [VectorLayer]) {
        var tensors: [String: VectorTensor] = [:]
        var layers: [VectorLayer] = []
        let described = try root.child("tensors")
        func tensor(_ key: String) throws(VectorError) -> VectorTensor {
            let one = try described.child(key)
            return try self.tensor(
                "t_\(key)", scale: Float(one.child("scale").number()),
                zeroPoint: one.child("zero_point").integer(in: -128...127),
                declared: one.optional("dtype")?.text())
        }
        for node in try root.child("layers").items() {
            let input = try node.child("input").text()
            let output = try node.child("output").text()
            if tensors[input] == nil { tensors[input] = try tensor(input) }
            let layer = VectorLayer(
                output: output, operation: try rockchip(node, input, image: tensors[input]?.shape ?? []),
                relu: try node.child("relu").flag(),
                emulatorMatch: try node.optional("emulator_match")?.share() ?? 1)
            for key in layer.inputs + [output] where tensors[key] == nil { tensors[key] = try tensor(key) }
            layers.append(layer)
        }
        let real = try root.optional("float_input")?.text()
        let given = try given(layers)
        if let real, let input = given.first { layers.insert(try quantize(real, to: input), at: 0) }
        return (tensors, layers)
    }

    /// - Parameter image: the input's shape, channels last.
    private func rockchip(_ node: VectorNode, _ input: String, image: [Int]) throws(VectorError)
        -> VectorLayer.Operation
    {
        let word = try node.child("op").text()
        let stride = try node.child("stride").integers(in: 1...256, counts: [1, 2])
        switch word {
        case "max", "avg":
            return .pool(
                word == "max" ? .maximum : .average, input,
                kernel: try node.child("kernel").integers(in: 1...256, counts: [1, 2]), stride: stride,
                padding: try node.optional("pads")?.integers(in: 0...256, counts: [1, 2, 4]) ?? [0])
        case "add": return .addition(input, try node.child("residual").text())
        case "conv", "dw", "gemm", "convadd", "gapA", "gapB":
            let (weights, bias) = (try node.child("weight").text(), try node.child("bias").text())
            let scaling = Scaling(
                scales: try node.child("w_scale").scales(),
                zeroPoints: try node.child("w_zero_point").integers(in: -128...127))
            if word == "gemm", try array(weights).shape.count == 2 {
                return .dense(
                    try dense(input, weights: weights, bias: bias, isInputFirst: false, image: image, scaling))
            }
            let groups = try node.child("group").integer(in: 1...65_536)
            let residual = try node.optional("residual")?.text()
            let (product, kernel) = try convolution(
                input, weights: weights, bias: bias, scaling, groups: groups, isJoined: residual != nil)
            return .convolution(
                product, stride: stride, padding: try node.child("pads").integers(in: 0...256, counts: [1, 2, 4]),
                groups: groups, kernel: kernel, residual: residual)
        default:
            throw VectorError(
                node.place, expected: "op conv, dw, gemm, convadd, add, gapA, gapB, max or avg", found: word)
        }
    }
}
