internal import Graph

/// Where each tensor of a plan lies in the arena: tensors that are never alive together share bytes.
struct ArenaPlan {
    /// Bytes from the start of the arena, one a tensor.
    private(set) var offsets: [Int]
    /// Length of the arena, without scratch.
    private(set) var bytes = 0
    /// The most that is alive at once, each tensor rounded up to a cache line: no arena can be smaller.
    private(set) var lowerBound = 0

    static let alignment = 64

    private struct Life {
        var tensor: Int
        var bytes: Int
        /// Steps: 0 before the first operator, `count + 1` after the last.
        var first: Int
        var last: Int
    }

    init(_ plan: Plan) {
        offsets = Array(repeating: 0, count: plan.tensors.count)
        var lives = plan.tensors.enumerated().map { index, tensor in
            Life(tensor: index, bytes: Self.aligned(tensor.elementCount), first: 0, last: 0)
        }
        for (step, node) in plan.operators.enumerated() {
            for id in node.outputs { lives[id.index].first = step + 1 }
            for id in node.inputs + node.outputs { lives[id.index].last = step + 1 }
        }
        for id in plan.outputIDs { lives[id.index].last = plan.operators.count + 1 }
        place(lives)
        lowerBound = Self.lowerBound(lives, steps: plan.operators.count + 2)
    }

    /// Largest first, each at the lowest place that is free over its whole life.
    private mutating func place(_ lives: [Life]) {
        var placed: [Life] = []
        for life in lives.sorted(by: { ($1.bytes, $0.tensor) < ($0.bytes, $1.tensor) }) {
            let neighbours = placed.filter { $0.first <= life.last && life.first <= $0.last }
                .map { offsets[$0.tensor]..<offsets[$0.tensor] + $0.bytes }.sorted { $0.lowerBound < $1.lowerBound }
            var offset = 0
            for taken in neighbours where offset + life.bytes > taken.lowerBound {
                offset = max(offset, taken.upperBound)
            }
            offsets[life.tensor] = offset
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
