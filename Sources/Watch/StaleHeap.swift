/// Deadlines of many tags, the earliest on top; each tag stands in it once at most.
///
/// A new value moves no deadline: only when one has passed is it seen whether the tag spoke meanwhile, and then it is put
/// back. So that a sample costs nothing here, and a tag one step each time that its span is over.
struct StaleHeap: Sendable {
    private var entries: [(due: Int64, index: Int)] = []

    var earliest: Int64? { entries.first?.due }
    var count: Int { entries.count }

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    mutating func push(_ index: Int, due: Int64) {
        entries.append((due, index))
        var at = entries.count - 1
        while at > 0, entries[at].due < entries[(at - 1) / 2].due {
            entries.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    /// Takes the earliest one out if its time has come.
    mutating func pop(by now: Int64) -> Int? {
        guard let first = entries.first, first.due <= now else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first.index }
        entries[0] = last
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < entries.count && entries[child].due < entries[least].due
            {
                least = child
            }
            guard least != at else { return first.index }
            entries.swapAt(at, least)
            at = least
        }
    }
}
