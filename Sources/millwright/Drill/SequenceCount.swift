import Host
import Plant
import Store

/// Which numbers of a numbered stream are in a store: shows that none is missing and none is there twice.
struct SequenceCount {
    var rows = 0
    var missing = 0
    var doubled = 0
    /// Values that are no number of the stream.
    var strangers = 0

    /// - Parameters:
    ///   - expected: the numbers 0 ..< expected must be there.
    ///   - other: called with the samples of tags that are not of the stream.
    init(store directory: String, expected: Int, other: (Sample) -> Void = { _ in }) async throws {
        let reader = try StoreReader(directory: directory, clock: SystemClock(), logger: CommandLog.logger)
        let tags = try await reader.tags()
        let stream = Set(tags.filter { $0.key.hasPrefix(NumberedStream.tagPrefix) }.values.map(\.id))
        var seen = [UInt8](repeating: 0, count: expected)
        var cursor: Int64 = 0
        while true {
            let page = try await reader.samples(after: cursor, limit: 10_000)
            for stored in page.samples {
                guard stream.contains(stored.sample.tag) else {
                    other(stored.sample)
                    continue
                }
                rows += 1
                if case .number(let value) = stored.sample.value, let number = Int(exactly: value),
                    seen.indices.contains(number)
                {
                    seen[number] = min(seen[number] + 1, 2)
                } else {
                    strangers += 1
                }
            }
            cursor = page.through
            if page.isEnd { break }
        }
        missing = seen.count { $0 == 0 }
        doubled = seen.count { $0 > 1 }
    }
}
