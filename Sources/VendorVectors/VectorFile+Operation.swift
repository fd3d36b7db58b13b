internal import Arrays
internal import Graph

extension VectorFile {
    /// One operator: VeriSilicon's emulator, and SHL's reference.
    func operation(_ base: String) throws(VectorError) -> (tensors: [String: VectorTensor], layers: [VectorLayer]) {
        let words = try root.child("op").text().split(separator: " ").map(String.init)
        // All sides are of one type, which x says, or y where x is real numbers.
        let typed = if let x = root.optional("x") { x } else { try root.child("y") }
        let type = try typed.optional("dtype")?.text()
        func tensor(_ key: String, shared: [Int]? = nil) throws(VectorError) -> VectorTensor {
            let one = try root.child(key)
            return try self.tensor(
                key, scale: Float(one.child("scale").number()),
                zeroPoint: one.child("zero_point").integer(in: -128...255), declared: type, shared: shared)
        }
        guard words.first != "quantize" else { return (["y": try tensor("y")], [try quantize("x", to: "y")]) }
        let x = try tensor("x")
        var tensors = ["x": x, "y": try tensor("y")]
        if root.optional("x2") != nil { tensors["x2"] = try tensor("x2", shared: try array("x").shape) }
        func number(_ key: String, _ usual: Int, from least: Int = 1) throws(VectorError) -> Int {
            let range = least...256
            if let node = root.optional(key) { return try node.integer(in: range) }
            // "conv2d 3x3 stride 1 pad 1"
            guard let place = words.firstIndex(of: key) else { return usual }
            guard words.indices.contains(place + 1), let found = Int(words[place + 1]), range.contains(found) else {
                throw VectorError(
                    "\(root.place): op", expected: "an integer in \(range) behind \(key)",
                    found: words.joined(separator: " "))
            }
            return found
        }
        let (stride, padding) = (try number("stride", 1), try number("pad", 0, from: 0))
        let layer = VectorLayer(
            output: "y",
            operation: try operation(
                words.first ?? "", stride: stride, padding: padding, kernel: try number("kernel", 1),
                x: x.shape),
            relu: try root.optional("relu")?.flag() ?? false,
            emulatorMatch: try root.optional("emulator_match")?.share() ?? 1)
        return (tensors, [layer])
    }

    private func operation(_ word: String, stride: Int, padding: Int, kernel: Int, x: [Int]) throws(VectorError)
        -> VectorLayer.Operation
    {
        let channels = x.last ?? 1
        switch word {
        case "add": return .addition("x", "x2")
        case "max", "avg":
            return .pool(
                word == "max" ? .maximum : .average, "x", kernel: [kernel], stride: [stride], padding: [padding])
        case "conv", "conv2d", "dw", "fc":
            let weight = try root.child("weight")
            let scaling = Scaling(
                scales: try weight.child("scale").scales(),
                zeroPoints: try weight.child("zero_point").integers(in: -128...255))
            guard word != "fc" else {
                return .dense(
                    try dense("x", weights: "w", bias: "b", isInputFirst: false, image: x, scaling))
            }
            let (product, size) = try convolution(
                "x", weights: "w", bias: "b", scaling, groups: word == "dw" ? channels : 1)
            return .convolution(
                product, stride: [stride], padding: [padding], groups: word == "dw" ? channels : 1, kernel: size,
                residual: nil)
        default:
            throw VectorError(root.place, expected: "op conv, conv2d, dw, fc, add, max, avg or quantize", found: word)
        }
    }
}
