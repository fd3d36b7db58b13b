internal import Plant

/// The newest sample of each tag that was stored since the start, by the tag's number: numbers are small and dense.
struct NewestSamples {
    struct Entry {
        /// 0 for none.
        var number: Int64
        var record: SampleRecord
    }

    private static let nothing = Entry(number: 0, record: .takenOut)

    private var entries: [Entry] = []

    subscript(tag: TagID) -> Entry? {
        let index = Int(tag.rawValue)
        guard entries.indices.contains(index), entries[index].number > 0 else { return nil }
        return entries[index]
    }

    /// - Parameter first: number of the first of the samples, which are stored already.
    mutating func note(_ samples: [Sample], from first: Int64) {
        for (index, sample) in samples.enumerated() where sample.isNews {
            let place = Int(sample.tag.rawValue)
            if place >= entries.count {
                entries += [Entry](repeating: Self.nothing, count: place + 1 - entries.count)
            }
            entries[place] = Entry(number: first + Int64(index), record: SampleRecord(sample))
        }
    }
}
