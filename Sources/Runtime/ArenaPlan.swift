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
    /// In whose bytes each tensor lies: its own, or those of the one in whose place it was computed.
    private(set) var roots: [Int]
    /// When each tensor is alive: the step that writes it, 0 for what comes in, to the one that reads it last; one more
    /// than there are for what comes out.
    private(set) var lives: [ClosedRange<Int>]

    static let alignment = 64

    /// Tensors that share one stretch of bytes: one, and what is computed in its place.
    private struct Stretch {
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
        var stretches = plan.tensors.enumerated().map { index, tensor in
            Stretch(root: index, bytes: Self.aligned(tensor.byteCount), first: 0, last: lastRead[index])
        }
        for (number, node) in plan.operators.enumerated() {
            let step = number + 1
            for id in node.outputs { stretches[id.index].first = step }
            guard let output = node.outputs.first?.index else { continue }
            guard let source = Self.place(of: node, at: step, plan, lastRead, roots, stretches) else { continue }
            roots[output] = roots[source]
            stretches[roots[source]].last = max(stretches[roots[source]].last, lastRead[output])
        }
        self.roots = roots
        lives = stretches.map { $0.first...max($0.first, lastRead[$0.root]) }
        let own = stretches.filter { roots[$0.root] == $0.root && plan.tensors[$0.root].constant == nil }
        lowerBound = Self.lowerBound(own, steps: plan.operators.count + 2)
        placeBest(own)
        for index in offsets.indices { offsets[index] = offsets[roots[index]] }
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
        of node: any Operator, at step: Int, _ plan: Plan, _ lastRead: [Int], _ roots: [Int], _ lives: [Stretch]
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

    /// No order is best for every network, and each is quick to try: what needs the fewest bytes stays.
    private mutating func placeBest(_ lives: [Stretch]) {
        let orders: [(Stretch, Stretch) -> Bool] = [
            { ($1.bytes, $0.root) < ($0.bytes, $1.root) },
            { ($1.bytes * ($1.last - $1.first + 1), $0.root) < ($0.bytes * ($0.last - $0.first + 1), $1.root) },
            { ($0.first, $1.bytes, $0.root) < ($1.first, $0.bytes, $1.root) },
            { ($1.last, $1.bytes, $0.root) < ($0.last, $0.bytes, $1.root) },
        ]
        var best: (bytes: Int, offsets: [Int])?
        for order in orders where best?.bytes != lowerBound {
            let placed = place(lives.sorted(by: order))
            if placed.bytes < best?.bytes ?? .max { best = placed }
        }
        if let (crowded, peak) = crowd(lives) {
            let first = Set(crowded.map(\.root))
            let rest = lives.filter { !first.contains($0.root) }.sorted { ($1.bytes, $0.root) < ($0.bytes, $1.root) }
            // Those that are alive together at the fullest moment, one beside the other: first those that end with it.
            let sides = crowded.sorted {
                ($0.first == peak ? 1 : 0, $1.bytes, $0.root) < ($1.first == peak ? 1 : 0, $0.bytes, $1.root)
            }
            let placed = place(sides + rest)
            if placed.bytes < best?.bytes ?? .max { best = placed }
        }
        (bytes, offsets) = best ?? (0, offsets)
    }

    /// The tensors that are alive at the fullest moment, and that moment.
    private func crowd(_ lives: [Stretch]) -> ([Stretch], Int)? {
        let moments = Set(lives.map(\.first)).sorted()
        let peak = moments.max { moment, other in
            lives.reduce(0) { $0 + ($1.first <= moment && moment <= $1.last ? $1.bytes : 0) }
                < lives.reduce(0) { $0 + ($1.first <= other && other <= $1.last ? $1.bytes : 0) }
        }
        return peak.map { peak in (lives.filter { $0.first <= peak && peak <= $0.last }, peak) }
    }

    /// In the given order, each at the lowest place that is free over its whole life.
    private func place(_ lives: [Stretch]) -> (bytes: Int, offsets: [Int]) {
        var offsets = [Int](repeating: 0, count: offsets.count)
        var bytes = 0
        var placed: [Stretch] = []
        for life in lives {
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
        return (bytes, offsets)
    }

    private static func lowerBound(_ lives: [Stretch], steps: Int) -> Int {
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
