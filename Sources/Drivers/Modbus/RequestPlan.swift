/// Joins single values to requests: the fewer requests, the faster the scan, but no larger than the device takes them.
struct RequestPlan {
    /// One value with where it is read from and how often.
    struct Item {
        var table: ModbusTable
        var scanInterval: Duration
        var priority = ModbusPriority.normal
        var value: ModbusValue
    }

    /// Registers that nobody asked for and that are read along rather than asking twice; of bits, 16 for each.
    var maxGap: Int
    var maxRegisters: Int
    var maxBits: Int

    /// What fits into the standard's own limits. A request costs a device about what 16 registers cost it.
    static let standard = RequestPlan(maxGap: 16, maxRegisters: 125, maxBits: 2_000)

    /// Requests in the order of their tables, addresses and rates; each value stands in exactly one.
    func blocks(_ items: [Item]) -> [ModbusBlock] {
        var blocks: [ModbusBlock] = []
        for item in items.sorted(by: Self.isBefore) {
            if let last = blocks.indices.last, let joined = joining(blocks[last], item) {
                blocks[last] = joined
            } else {
                let span = item.value.span
                blocks.append(
                    ModbusBlock(
                        table: item.table, start: span.lowerBound, count: span.count, scanInterval: item.scanInterval,
                        priority: item.priority, values: [item.value]))
            }
        }
        return blocks
    }

    func limit(_ table: ModbusTable) -> Int { table.isBits ? maxBits : maxRegisters }

    /// The block with one value more; nil when the value belongs into a request of its own.
    private func joining(_ block: ModbusBlock, _ item: Item) -> ModbusBlock? {
        guard block.table == item.table, block.scanInterval == item.scanInterval, block.priority == item.priority else {
            return nil
        }
        let (end, span) = (block.start + block.count, item.value.span)
        let newEnd = max(end, span.upperBound)
        guard span.lowerBound - end <= (item.table.isBits ? maxGap * 16 : maxGap),
            newEnd - block.start <= limit(item.table)
        else { return nil }
        var joined = block
        joined.count = newEnd - block.start
        joined.values.append(item.value)
        return joined
    }

    private static func isBefore(_ a: Item, _ b: Item) -> Bool {
        if a.table != b.table { return a.table.function < b.table.function }
        if a.scanInterval != b.scanInterval { return a.scanInterval < b.scanInterval }
        if a.priority != b.priority { return a.priority.rawValue < b.priority.rawValue }
        return a.value.span.lowerBound < b.value.span.lowerBound
    }
}
