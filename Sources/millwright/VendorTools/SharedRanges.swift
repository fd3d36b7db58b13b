import Compiler
import Graph

/// Which tensors of a model file stand for a tensor of the plan.
///
/// A plan fuses: its convolution ends where the relu behind it does, and its tensor has the name of one of the two. A
/// vendor's tool fuses too and keeps another name. So a range goes to all tensors between which nothing but shape, bias
/// and clamping happens.
enum SharedRanges {
    /// - Returns: quantization by the file's names, of the plan's own tensors and of those that share theirs.
    static func named(_ plan: Plan, in model: Model) -> [String: Quantization] {
        var own: [String: Quantization] = [:]
        for tensor in plan.tensors where tensor.constant == nil && tensor.type == .int8 {
            own[tensor.name] = tensor.quantization
        }
        // An importer puts transposes before a node and names them like it; what the file calls so comes last.
        var last: [String: ValueID] = [:]
        for (index, value) in model.values.enumerated() where value.constant == nil {
            last[value.name] = ValueID(index: index)
        }
        var ranges: [ValueID: Quantization] = [:]
        for (name, id) in last { ranges[id] = own[PlanBuilder.plain(name)] }
        var readers = [Int](repeating: 0, count: model.values.count)
        for node in model.nodes { for case let id? in node.inputs { readers[id.index] += 1 } }
        for id in model.outputs { readers[id.index] += 1 }
        // Forward, then backward: a chain of several links passes in one walk each way.
        for node in model.nodes {
            guard let (from, to) = link(node, model, readers) else { continue }
            if let range = ranges[from], ranges[to] == nil { ranges[to] = range }
        }
        for node in model.nodes.reversed() {
            guard let (from, to) = link(node, model, readers) else { continue }
            if let range = ranges[to], ranges[from] == nil { ranges[from] = range }
        }
        return last.compactMapValues { ranges[$0] }
    }

    /// Before and behind a node whose result has the range of its only operand that is no constant.
    private static func link(_ node: Node, _ model: Model, _ readers: [Int]) -> (ValueID, ValueID)? {
        let data = node.inputs.compactMap { $0 }.filter { model[$0].constant == nil }
        guard data.count == 1, node.outputs.count == 1 else { return nil }
        switch node.operation {
        // The same elements in another order or shape, whoever else reads them.
        case is Compiler.Reshape, is Compiler.Transpose: return (data[0], node.outputs[0])
        case is BatchNormalization: break
        case let unary as Unary:
            switch unary.function {
            case .identity, .clamp: break
            default: return nil
            }
        case let binary as Binary:
            guard [.add, .subtract, .multiply, .divide].contains(binary.function) else { return nil }
        default: return nil
        }
        return readers[data[0].index] == 1 ? (data[0], node.outputs[0]) : nil
    }
}
