extension VectorFile {
    /// Real numbers that become a tensor.
    func quantize(_ array: String, to output: String) throws(VectorError) -> VectorLayer {
        let real = try floats(array)
        let order = Self.channelsLast(real.shape).order
        return VectorLayer(
            output: output, operation: .quantize(order.map { real.values[$0] }), relu: false, emulatorMatch: 1)
    }

    /// The tensors that layers read and none makes.
    ///
    /// One of them may be the model's input where no layer makes that of real numbers; a file with more of them lists them
    /// as `inputs`.
    /// - Throws: which ones lack a layer.
    func given(_ layers: [VectorLayer]) throws(VectorError) -> [String] {
        let made = Set(layers.map(\.output))
        var given: [String] = []
        for input in layers.flatMap(\.inputs) where !made.contains(input) && !given.contains(input) {
            given.append(input)
        }
        var stated: Set<String> = []
        for item in try root.optional("inputs")?.items() ?? [] { stated.insert(try item.text()) }
        let isFed = layers.contains { $0.inputs.isEmpty }
        let orphans = given.filter { !stated.contains($0) }
        guard orphans.count <= (isFed || !stated.isEmpty ? 0 : 1) else {
            throw VectorError(
                "\(name).json: layers", expected: "a layer that makes each tensor but the model's input",
                found: "none that makes \(orphans.joined(separator: ", "))")
        }
        return given
    }
}
