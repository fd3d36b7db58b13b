internal import Arrays
internal import Graph

extension VectorFile {
    /// One operator: VeriSilicon's emulator, and SHL's reference.
    func operation(_ base: String) throws(VectorError) -> (tensors: [String: VectorTensor], layers: [VectorLayer]) {
        func tensor(_ key: String, samples: Int? = nil) throws(VectorError) -> VectorTensor {
            let one = try root.child(key)
            return try self.tensor(
                key, scale: Float(one.child("scale").number()),
                zeroPoint: one.child("zero_point").integer(in: -128...255),
                samples: samples)
        }
        let x = try tensor("x")
        var tensors = ["x": x, "y": try tensor("y")]
        if root.optional("x2") != nil { tensors["x2"] = try tensor("x2", samples: x.shape[0]) }
        let words = try root.child("op").text().split(separator: " ").map(String.init)
        func number(_ key: String, _ usual: Int) throws(VectorError) -> Int {
            if let node = root.optional(key) { return try node.integer(in: 0...256) }
            // "conv2d 3x3 stride 1 pad 1"
            guard let place = words.firstIndex(of: key), words.indices.contains(place + 1),
                let found = Int(words[place + 1])
            else { return usual }
            return found
        }
        let (stride, padding) = (try number("stride", 1), try number("pad", 0))
        let layer = VectorLayer(
            output: "y",
            operation: try operation(
                words.first ?? "", stride: stride, padding: padding, kernel: try number("kernel", 1),
                channels: x.shape.last ?? 0),
            relu: try root.optional("relu")?.flag() ?? false, share: try root.child("emulator_match").number())
        return (tensors, [layer])
    }

    private func operation(_ word: String, stride: Int, padding: Int, kernel: Int, channels: Int) throws(VectorError)
        -> VectorLayer.Operation
    {
        switch word {
        case "add": return .addition("x", "x2")
        case "max", "avg":
            return .pool(
                word == "max" ? .maximum : .average, "x", kernel: [kernel], stride: [stride], padding: [padding])
        case "conv", "conv2d", "dw", "fc":
            let weight = try root.child("weight")
            let scales = try weight.child("scale").floats()
            let zeroPoints = try weight.child("zero_point").integers(in: -128...255)
            let isUnsigned = try array("w").kind == .uint8
            // Points of uint8 weights are those of uint8; one for all of them.
            let points = !isUnsigned && zeroPoints == [0] ? nil : zeroPoints
            guard word != "fc" else {
                return .dense(
                    try dense(
                        "x", weights: "w", bias: "b", isInputFirst: false, image: [], scales: scales, zeroPoints: points
                    ))
            }
            let (product, size) = try convolution(
                "x", weights: "w", bias: "b", scales: scales, zeroPoints: points, groups: word == "dw" ? channels : 1)
            return .convolution(
                product, stride: [stride], padding: [padding], groups: word == "dw" ? channels : 1, kernel: size,
                residual: nil)
        default: throw VectorError(root.place, expected: "op conv, conv2d, dw, fc, add, max or avg", found: word)
        }
    }
}
