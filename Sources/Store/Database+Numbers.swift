internal import Plant
internal import SQLite

/// Archived samples of all tags between two numbers, unpacked for those who read by number.
struct NumberWindow {
    /// How many numbers: unpacking touches every block that has one of them, so that a small window costs as much as a
    /// large one; this one takes 4 MB while somebody reads there.
    static let numbers: Int64 = 65_536
    /// Windows kept: a reader that goes on after its last page finds the next one there, also when two take turns.
    static let kept = 2

    var range: ClosedRange<Int64>
    /// In the order of their numbers.
    var samples: [(tag: Int32, sample: HistorySample)]
    /// Read from lately.
    var isUsed = true
}

/// Samples by number. What chunks hold is read from them; what is older, from the blocks.
extension Database {
    /// Samples with numbers above `id`, at most `limit`.
    func samples(after id: Int64, limit: Int, of tags: TagSelection? = nil) throws(StoreError) -> SamplePage {
        if let tags, tags.isEmpty {
            return SamplePage(samples: [], through: max(id, try newestSample()), isEnd: true)
        }
        let limit = min(max(1, limit), Bound.rowsPerRead)
        return try snapshot { () throws(StoreError) in
            // Without chunks the newest is the last: what is stored next is not in the archive yet.
            let oldest = try oldestRecent()
            let boundary = if let oldest { oldest } else { try newestSample() + 1 }
            if id + 1 < boundary, let page = try archived(after: id, before: boundary, limit: limit, of: tags) {
                return page
            }
            return try recent(after: id, limit: limit, of: tags)
        }
    }

    /// Whether the samples from this number on are in chunks.
    func isRecent(_ number: Int64) throws(StoreError) -> Bool {
        if let oldest = try oldestRecent(), number >= oldest { return true }
        return try integer("SELECT 1 FROM blocks WHERE last_number>=? LIMIT 1", [.integer(number)]) == nil
    }

    /// Drops the windows that nobody has read from since the last call.
    func forgetWindows() {
        windows.removeAll { !$0.isUsed }
        for index in windows.indices { windows[index].isUsed = false }
    }

    /// Drops the windows with samples that have gone.
    func forgetWindows(through number: Int64) { windows.removeAll { $0.range.lowerBound <= number } }

    private func recent(after id: Int64, limit: Int, of tags: TagSelection?) throws(StoreError) -> SamplePage {
        let newest = try newestSample()
        let thisBoot = try firstSampleOfThisBoot()
        var found: [StoredSample] = []
        var seen = 0
        var through = id
        let isWhole = try eachRecord(from: max(0, id) + 1, of: tags) { (number, record) throws(StoreError) in
            guard seen < limit else { return false }
            seen += 1
            through = number
            if let stored = record.stored(number: number, thisBoot: thisBoot) {
                try fill(stored, record.state.kind) { found.append($0) }
            }
            return true
        }
        // Those of other tags were passed over.
        if isWhole, tags != nil { through = max(id, newest) }
        return SamplePage(samples: found, through: through, isEnd: isWhole)
    }

    /// - Returns: nil when no block has a number in between.
    private func archived(
        after id: Int64, before boundary: Int64, limit: Int, of tags: TagSelection?
    ) throws(StoreError) -> SamplePage? {
        guard let window = try window(after: id, before: boundary) else { return nil }
        let thisBoot = try firstSampleOfThisBoot()
        var found: [StoredSample] = []
        var (seen, through) = (0, window.range.upperBound)
        for (tag, sample) in window.samples[window.samples.partitioningIndex { $0.sample.number > id }...] {
            if let tags, !tags.contains(tag) { continue }
            guard seen < limit else {
                through = sample.number - 1
                break
            }
            seen += 1
            let record = sample.record(tag: tag)
            if let stored = record.stored(number: sample.number, thisBoot: thisBoot) {
                try fill(stored, record.state.kind) { found.append($0) }
            }
        }
        return SamplePage(samples: found, through: through, isEnd: false)
    }

    /// The samples that follow a number, from the archive.
    private func window(after id: Int64, before boundary: Int64) throws(StoreError) -> NumberWindow? {
        if let kept = windows.firstIndex(where: { $0.range.contains(id + 1) && $0.range.upperBound < boundary }) {
            windows[kept].isUsed = true
            return windows[kept]
        }
        guard
            let oldest = try integer("SELECT min(first_number) FROM blocks WHERE last_number>?", [.integer(id)]),
            oldest < boundary
        else { return nil }
        let first = max(id + 1, oldest)
        let last = min(first + NumberWindow.numbers, boundary) - 1
        var samples: [(tag: Int32, sample: HistorySample)] = []
        for block in try blocks("WHERE last_number>=? AND first_number<=? ORDER BY tag, last_number", [first, last]) {
            for sample in try unpack(block) where (first...last).contains(sample.number) {
                samples.append((block.tag, sample))
            }
        }
        samples.sort { $0.sample.number < $1.sample.number }
        let window = NumberWindow(range: id + 1...last, samples: samples)
        windows.removeAll { $0.range.overlaps(window.range) }
        windows = windows.suffix(NumberWindow.kept - 1) + [window]
        return window
    }

    /// Number of the last sample ever stored, as this connection sees the file now.
    func newestSample() throws(StoreError) -> Int64 { mayRepair ? mark.lastSample : try readMark().lastSample }
}

extension Array {
    /// The first index whose element satisfies a condition that all elements behind it satisfy too.
    func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
