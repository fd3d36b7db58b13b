/// Elements added around a tensor.
enum TFLitePads {
    static let rules: [String: TFLiteRule] = [
        "PAD": pad,
        "PADV2": padWithNumber,
        "MIRROR_PAD": mirrorPad,
    ]

    private static func pad(_ graph: inout TFLiteGraph) throws(ModelError) {
        try write(&graph, .constant(0))
    }

    private static func padWithNumber(_ graph: inout TFLiteGraph) throws(ModelError) {
        try write(&graph, .constant(try graph.number(2, "number to pad with")))
    }

    private static func mirrorPad(_ graph: inout TFLiteGraph) throws(ModelError) {
        let mode = try graph.options(.mirrorPad).byte("mode", 0)
        guard (0...1).contains(mode) else {
            throw .malformed(.init("mode", expected: "0 (REFLECT) or 1 (SYMMETRIC)", found: "\(mode)"))
        }
        try write(&graph, mode == 0 ? .reflect : .symmetric)
    }

    private static func write(_ graph: inout TFLiteGraph, _ mode: Pad.Mode) throws(ModelError) {
        let x = try graph.operand(0, "operand")
        let (before, after) = try graph.paddings(1, rank: graph.model[x].shape.count)
        try graph.write(Pad(before: before, after: after, mode: mode), [x])
    }
}

extension TFLiteGraph {
    /// A constant operand `[rank, 2]`: what is added before and after along each dimension, none below zero.
    func paddings(_ index: Int, rank: Int) throws(ModelError) -> (before: [Int], after: [Int]) {
        let paddings = try integers(index, "paddings")
        guard paddings.count == 2 * rank, paddings.allSatisfy({ $0 >= 0 }) else {
            throw .malformed(
                .init("paddings", expected: "\(rank) pairs of numbers, none below zero", found: "\(paddings)"))
        }
        return ((0..<rank).map { paddings[2 * $0] }, (0..<rank).map { paddings[2 * $0 + 1] })
    }
}
