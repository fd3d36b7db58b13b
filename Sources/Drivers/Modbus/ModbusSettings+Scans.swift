import Plant

extension ModbusSettings {
    /// How often each tag is read; the first block that has it counts.
    var scanIntervals: [String: Duration] {
        Dictionary(
            blocks.flatMap { block in block.values.map { ($0.tag.name, block.scanInterval) } },
            uniquingKeysWith: { first, _ in first })
    }
}
