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
