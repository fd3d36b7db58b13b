internal import Graph

/// Where each tensor of a plan lies in the arena: tensors that are never alive together share bytes.
struct ArenaPlan {
    /// Bytes from the start of the arena, one a tensor.
    private(set) var offsets: [Int]
    /// Length of the arena, without scratch and constants.
    private(set) var bytes = 0
    /// The most that is alive at once, each tensor rounded up to a cache line: no arena can be smaller.
    private(set) var lowerBound = 0
    /// Constant operands: they lie behind the tensors and are filled in once.
    private(set) var constants: [(tensor: Int, offset: Int)] = []
    private(set) var constantBytes = 0

    static let alignment = 64

    /// Tensors that share one stretch of bytes: one, and what is computed in its place.
    private struct Life {
        var root: Int
        var bytes: Int
        /// Steps: 0 before the first operator, `count + 1` after the last.
        var first: Int
        var last: Int
    }

    init(_ plan: Plan) {
        offsets = Array(repeating: 0, count: plan.tensors.count)
        let lastRead = Self.lastReads(plan)
        var roots = Array(plan.tensors.indices)
        var lives = plan.tensors.enumerated().map { index, tensor in
            Life(root: index, bytes: Self.aligned(tensor.byteCount), first: 0, last: lastRead[index])
        }
        for (number, node) in plan.operators.enumerated() {
            let step = number + 1
            for id in node.outputs { lives[id.index].first = step }
            guard let output = node.outputs.first?.index else { continue }
            guard let source = Self.place(of: node, at: step, plan, lastRead, roots, lives) else { continue }
            roots[output] = roots[source]
            lives[roots[source]].last = max(lives[roots[source]].last, lastRead[output])
        }
        let own = lives.filter { roots[$0.root] == $0.root && plan.tensors[$0.root].constant == nil }
        place(own)
        for index in offsets.indices { offsets[index] = offsets[roots[index]] }
        lowerBound = Self.lowerBound(own, steps: plan.operators.count + 2)
        var end = bytes
        for (index, tensor) in plan.tensors.enumerated() where tensor.constant != nil {
            offsets[index] = end
            constants.append((index, end))
            end += Self.aligned(tensor.byteCount)
        }
        constantBytes = end - bytes
    }

    /// The step that reads each tensor last; the end for outputs of the plan.
    private static func lastReads(_ plan: Plan) -> [Int] {
        var last = [Int](repeating: 0, count: plan.tensors.count)
        for (number, node) in plan.operators.enumerated() {
            for id in node.inputs + node.outputs { last[id.index] = number + 1 }
        }
        for id in plan.outputIDs { last[id.index] = plan.operators.count + 1 }
        return last
    }

    /// The tensor in whose bytes an operator may leave its result, nil for bytes of its own.
    private static func place(
        of node: any Operator, at step: Int, _ plan: Plan, _ lastRead: [Int], _ roots: [Int], _ lives: [Life]
    ) -> Int? {
        let candidates: [Int]
        switch node.reuse {
        case .none: return nil
        case .alias:
            let source = node.inputs[0].index
            return plan.tensors[source].constant == nil ? source : nil
        case .inPlace(let numbers): candidates = numbers.map { node.inputs[$0].index }
        }
        return candidates.first { source in
            let root = roots[source]
            // Nobody reads the bytes afterwards under any name, they suffice, and no other operand is among them.
            return lives[root].last == step && plan.tensors[root].constant == nil
                && lives[root].bytes >= aligned(plan.tensors[node.outputs[0].index].byteCount)
                && node.inputs.filter { roots[$0.index] == root }.count == 1
        }
    }

    /// Largest first, each at the lowest place that is free over its whole life.
    private mutating func place(_ lives: [Life]) {
        var placed: [Life] = []
        for life in lives.sorted(by: { ($1.bytes, $0.root) < ($0.bytes, $1.root) }) {
            let neighbours = placed.filter { $0.first <= life.last && life.first <= $0.last }
                .map { offsets[$0.root]..<offsets[$0.root] + $0.bytes }.sorted { $0.lowerBound < $1.lowerBound }
            var offset = 0
            for taken in neighbours where offset + life.bytes > taken.lowerBound {
                offset = max(offset, taken.upperBound)
            }
            offsets[life.root] = offset
            bytes = max(bytes, offset + life.bytes)
            placed.append(life)
        }
    }

    private static func lowerBound(_ lives: [Life], steps: Int) -> Int {
        var change = [Int](repeating: 0, count: steps + 1)
        for life in lives {
            change[life.first] += life.bytes
            change[life.last + 1] -= life.bytes
        }
        var alive = 0
        var most = 0
        for step in change {
            alive += step
            most = max(most, alive)
        }
        return most
    }

    static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}
