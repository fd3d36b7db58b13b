package import Graph

extension Plan {
    /// Where each tensor lies in a session's memory and when it is alive, for people and golden files.
    package var arenaListing: String {
        let arena = ArenaPlan(self)
        var lines = [
            "arena  \(ListingTable.grouped(arena.bytes)) bytes of tensors, at least "
                + "\(ListingTable.grouped(arena.lowerBound)) by what is alive at once; "
                + "\(ListingTable.grouped(arena.constantBytes)) of constant operands",
            "",
        ]
        lines += arena.table(self).text
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Where a tensor lies in a session's memory, and when it is alive.
package struct ArenaPlace: Hashable, Sendable {
    package var tensor: Int
    package var bytes: Range<Int>
    /// The step that writes it, 0 for what comes in, to the one that reads it last; one more than there are for what
    /// comes out.
    package var steps: ClosedRange<Int>
}

extension Plan {
    /// Of each tensor that is computed and has bytes of its own.
    package var arenaPlaces: [ArenaPlace] {
        let arena = ArenaPlan(self)
        return tensors.indices.filter { tensors[$0].constant == nil && arena.roots[$0] == $0 }.map { index in
            let alive = tensors.indices.filter { arena.roots[$0] == index }.map { arena.lives[$0] }
            let first = alive.map(\.lowerBound).min() ?? 0
            let last = alive.map(\.upperBound).max() ?? first
            return ArenaPlace(
                tensor: index, bytes: arena.offsets[index]..<arena.offsets[index] + tensors[index].byteCount,
                steps: first...last)
        }
    }
}

extension ArenaPlan {
    /// A line a tensor in the order in which they come to life; the bar has a column a step, from what comes in to what
    /// comes out.
    fileprivate func table(_ plan: Plan) -> ListingTable {
        var table = ListingTable([
            ("bytes", .right), ("at", .right), ("alive", .left), ("tensor", .left), ("", .left),
        ])
        let steps = plan.operators.count + 2
        let tensors = plan.tensors.indices.filter { plan.tensors[$0].constant == nil }
        for index in tensors.sorted(by: { (lives[$0].lowerBound, $0) < (lives[$1].lowerBound, $1) }) {
            let tensor = plan.tensors[index]
            let place = roots[index] == index ? "" : "in place of \(plan.tensors[roots[index]].shortName)"
            table.append([
                ListingTable.grouped(tensor.byteCount), ListingTable.grouped(offsets[index]),
                Self.bar(lives[index], of: steps), String(tensor.shortName), place,
            ])
        }
        return table
    }

    private static func bar(_ life: ClosedRange<Int>, of steps: Int) -> String {
        String((0..<steps).map { life.contains($0) ? "#" : "." })
    }
}
