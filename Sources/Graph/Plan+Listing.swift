extension Plan {
    /// What the plan is and does: a table with one line a step, then totals; for people and golden files.
    package var listing: String {
        var lines = ["plan version \(PlanFormat.version), \(ListingTable.grouped(fileBytes)) bytes"]
        lines.append("contract \(contract.name): \(contract.summary)")
        for tensor in inputs { lines.append("input  \(Self.text(tensor))") }
        lines.append("")
        lines += steps.text
        lines.append("")
        for tensor in outputs { lines.append("output \(Self.text(tensor))") }
        lines += totals
        return lines.joined(separator: "\n") + "\n"
    }

    private var steps: ListingTable {
        var table = ListingTable([
            ("step", .right), ("operator", .left), ("shapes", .left), ("MAC", .right), ("share", .right),
            ("weights", .right), ("scale", .left), ("zero", .right), ("output", .left),
        ])
        let work = multiplyAdds
        for (index, node) in operators.enumerated() {
            let output = tensors[node.outputs[0].index]
            let shapes = node.inputs.map { Self.shape(tensors[$0.index]) }.joined(separator: ", ")
            let isQuantized = output.type == .int8
            table.append([
                "\(index + 1)", node.summary, "\(shapes) -> \(Self.shape(output))",
                node.multiplyAdds == 0 ? "" : ListingTable.grouped(node.multiplyAdds),
                node.multiplyAdds == 0 ? "" : Self.share(node.multiplyAdds, of: work),
                node.constantBytes == 0 ? "" : ListingTable.grouped(node.constantBytes),
                isQuantized ? "\(output.quantization.scale)" : "\(output.type)",
                isQuantized ? "\(output.quantization.zeroPoint)" : "", String(output.shortName),
            ])
        }
        return table
    }

    private var totals: [String] {
        let constants = tensors.reduce(0) { $0 + ($1.constant == nil ? 0 : 1) }
        var words = [
            "\(operators.count) operators", "\(ListingTable.grouped(multiplyAdds)) MAC",
            "\(ListingTable.grouped(constantBytes)) bytes of constants",
        ]
        if constants > 0 { words.append("\(constants) constant operands") }
        words.append("card \(ListingTable.grouped(card.count)) bytes")
        words.append("receipt \(receiptCases) cases")
        let islands = operators.filter(\.isFloatInside)
        let names = islands.map { type(of: $0).name }
        return [
            "total  " + words.joined(separator: ", "),
            "float  " + (names.isEmpty ? "none: integers from end to end" : "\(names.count) steps: \(counted(names))"),
        ]
    }

    /// `softmax, 2 quantize`.
    private func counted(_ names: [String]) -> String {
        var seen: [(name: String, count: Int)] = []
        for name in names {
            if let index = seen.firstIndex(where: { $0.name == name }) {
                seen[index].count += 1
            } else {
                seen.append((name, 1))
            }
        }
        return seen.map { $0.count == 1 ? $0.name : "\($0.count) \($0.name)" }.joined(separator: ", ")
    }

    private static func text(_ tensor: Tensor) -> String {
        let type = tensor.isPresentedUnsigned ? "uint8" : "\(tensor.type)"
        let zeroPoint = tensor.quantization.zeroPoint + (tensor.isPresentedUnsigned ? 128 : 0)
        let scale = tensor.type == .int8 ? ", scale \(tensor.quantization.scale), zero \(zeroPoint)" : ""
        return "\(tensor.name): \(type) \(shape(tensor))\(scale)"
    }

    private static func shape(_ tensor: Tensor) -> String {
        tensor.shape.map(String.init).joined(separator: "x")
    }

    /// `12.3 %`.
    private static func share(_ part: Int, of whole: Int) -> String {
        let thousandths = (part * 1_000 + whole / 2) / max(whole, 1)
        return "\(thousandths / 10).\(thousandths % 10) %"
    }
}
