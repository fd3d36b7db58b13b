extension Plan {
    /// What the plan is and does, a line a step, for people and golden files.
    package var listing: String {
        var lines = ["plan version \(PlanFormat.version), contract \(contract.name), \(fileBytes) bytes"]
        for tensor in inputs { lines.append("input   \(Self.text(tensor))") }
        for (index, node) in operators.enumerated() {
            let from = node.inputs.map { tensors[$0.index].name }.joined(separator: ", ")
            let to = node.outputs.map { Self.text(tensors[$0.index]) }.joined(separator: ", ")
            lines.append("\(index + 1)  \(node.summary): \(from) -> \(to), \(node.multiplyAdds) MAC")
        }
        for tensor in outputs { lines.append("output  \(Self.text(tensor))") }
        let work = operators.reduce(0) { $0 + $1.multiplyAdds }
        lines.append(
            "\(operators.count) operators, \(work) MAC, \(constantBytes) bytes of constants, "
                + "card \(card.count) bytes, receipt \(receipt?.cases.count ?? 0) cases")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ tensor: Tensor) -> String {
        "\(tensor.name) \(tensor.shape) scale \(tensor.quantization.scale) zero \(tensor.quantization.zeroPoint)"
    }
}
