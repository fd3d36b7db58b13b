internal import Logging
internal import Plant
internal import SQLite

/// Samples on their way into the next chunk; those of one transaction share chunks.
struct OpenChunk {
    /// Number of the first sample in it.
    var first: Int64 = 0
    var count = 0
    var data = [UInt8](repeating: 0, count: Bound.samplesPerChunk * SampleRecord.bytes)
}

/// A record whose checksum does not hold.
struct DamagedRecord {
    var chunk: Int64
    var index: Int
    var bytes: [UInt8]
    /// When the sound record before it arrived, nil for none in the chunk.
    var near: Int64?

    var number: Int64 { chunk + Int64(index) }
}

/// Some tags by their numbers, which are small and dense.
struct TagSelection: Sendable {
    private var isIn: [Bool]

    init(_ tags: Set<TagID>) {
        isIn = Array(repeating: false, count: Int(tags.map(\.rawValue).max() ?? -1) + 1)
        for tag in tags where tag.rawValue >= 0 { isIn[Int(tag.rawValue)] = true }
    }

    var isEmpty: Bool { isIn.isEmpty }

    func contains(_ number: Int32) -> Bool { isIn.indices.contains(Int(number)) && isIn[Int(number)] }
}

/// Recent samples: `chunks` holds up to 1,024 records a row under the number of its first sample, so that a sample's
/// number is its place.
extension Database {
    // MARK: Writing

    func append(_ record: SampleRecord, number: Int64) throws(StoreError) {
        if openChunk.count == Bound.samplesPerChunk { try flushChunk() }
        if openChunk.count == 0 { openChunk.first = number }
        let at = openChunk.count * SampleRecord.bytes
        // SAFETY: the part lies within the array, whose length is that of a full chunk.
        openChunk.data.withUnsafeMutableBytes { bytes in
            record.write(
                to: UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + SampleRecord.bytes]), number: number)
        }
        openChunk.count += 1
    }

    /// Writes what has been appended; nothing of it is in the file before.
    func flushChunk() throws(StoreError) {
        guard openChunk.count > 0 else { return }
        let bytes = openChunk.count * SampleRecord.bytes
        openChunk.count = 0
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement("INSERT INTO chunks(id, data) VALUES(?,?)")
            try statement.bind(1, openChunk.first)
            // SAFETY: SQLite copies the bytes before the call returns.
            let bound = openChunk.data.withUnsafeBytes { data in
                Result { () throws(SQLiteError) in
                    try statement.bind(2, bytes: UnsafeRawBufferPointer(rebasing: data[..<bytes]))
                }
            }
            try bound.get()
            try statement.run()
        }
    }

    // MARK: Reading

    /// Hands over the sound records with numbers from `first` on, in their order, until `body` returns false.
    ///
    /// - Parameter tags: only records of these. A record whose tag is damaged is passed over and found by the archiver, which
    ///   looks at all of them; who must not miss it does not choose here.
    /// - Returns: whether every record there is was looked at.
    @discardableResult
    func eachRecord(
        from first: Int64, of tags: TagSelection? = nil, _ body: (Int64, SampleRecord) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        var damaged: [DamagedRecord] = []
        var brokenChunks: [DamagedRow] = []
        let newest = try newestSample()
        var isWhole = true
        let text = """
            SELECT id, data FROM chunks WHERE id >= coalesce((SELECT max(id) FROM chunks WHERE id <= ?1), 0)
            ORDER BY id
            """
        // Not a shared one: what is called for a record may ask for another statement of the same text.
        let statement = try sql { () throws(SQLiteError) in try connection.statement(text) }
        defer { statement.reset() }
        try sql { () throws(SQLiteError) in try statement.bind(1, first) }
        while isWhole, try sql({ () throws(SQLiteError) in try statement.step() }) {
            let chunk = statement.int64(at: 0)
            // SAFETY: the bytes stay in place until the next step, which comes after this closure.
            let outcome = statement.withBytes(at: 1) { bytes in
                Result { () throws(StoreError) in
                    try Self.records(of: bytes, chunk: chunk, from: first, newest: newest, of: tags, body)
                }
            }
            switch try outcome.get() {
            case .read(let bad, let goesOn):
                damaged += bad
                isWhole = goesOn
            case .broken: brokenChunks.append(DamagedRow(source: "chunks", row: statement))
            }
        }
        statement.reset()
        if !damaged.isEmpty || !brokenChunks.isEmpty { try quarantine(damaged, brokenChunks) }
        return isWhole
    }

    private enum ChunkReading {
        case read([DamagedRecord], goesOn: Bool)
        /// Not one sound record, or a length that no chunk has.
        case broken
    }

    private static func records(
        of bytes: UnsafeRawBufferPointer, chunk: Int64, from first: Int64, newest: Int64, of tags: TagSelection?,
        _ body: (Int64, SampleRecord) throws(StoreError) -> Bool
    ) throws(StoreError) -> ChunkReading {
        let count = bytes.count / SampleRecord.bytes
        guard bytes.count % SampleRecord.bytes == 0, count > 0, chunk <= newest,
            chunk > 0, newest - chunk >= Int64(count - 1)
        else { return .broken }
        var damaged: [DamagedRecord] = []
        var near: Int64?
        for index in Int(max(0, first - chunk))..<max(count, Int(max(0, first - chunk))) {
            let at = index * SampleRecord.bytes
            // SAFETY: within the bytes of the chunk.
            let part = UnsafeRawBufferPointer(rebasing: bytes[at..<at + SampleRecord.bytes])
            if let tags, !tags.contains(SampleRecord.tag(part)) { continue }
            let number = chunk + Int64(index)
            guard let record = SampleRecord(part, number: number) else {
                damaged.append(DamagedRecord(chunk: chunk, index: index, bytes: Array(part), near: near))
                continue
            }
            guard !record.isTakenOut else { continue }
            near = record.arrival
            if try !body(number, record) { return .read(damaged, goesOn: false) }
        }
        return .read(damaged, goesOn: true)
    }

    /// Number of the first sample that is still in a chunk, nil when there is none.
    func oldestRecent() throws(StoreError) -> Int64? { try integer("SELECT min(id) FROM chunks") }

    /// Number of the newest sound record among the last chunks.
    func newestRecord() throws(StoreError) -> Int64? {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement("SELECT id, data FROM chunks ORDER BY id DESC LIMIT 16")
            defer { statement.reset() }
            var newest: Int64?
            while try statement.step() {
                let chunk = statement.int64(at: 0)
                statement.withBytes(at: 1) { bytes in
                    for index in 0..<bytes.count / SampleRecord.bytes {
                        let at = index * SampleRecord.bytes
                        let number = chunk &+ Int64(index)
                        // SAFETY: within the bytes of the chunk.
                        let part = UnsafeRawBufferPointer(rebasing: bytes[at..<at + SampleRecord.bytes])
                        if SampleRecord(part, number: number) != nil { newest = max(newest ?? number, number) }
                    }
                }
            }
            return newest
        }
    }

    // MARK: Quarantine

    private func quarantine(_ records: [DamagedRecord], _ chunks: [DamagedRow]) throws(StoreError) {
        noteDamage(records.count)
        for record in records {
            logger.error(
                "damaged sample left out", metadata: ["number": "\(record.number)", "quarantined": "\(mayRepair)"])
        }
        try quarantine(chunks)
        guard !records.isEmpty else { return }
        guard mayRepair else { return foundDamage.formUnion(records.map { .chunk($0.chunk) }) }
        try inTransaction { () throws(StoreError) in try takeOut(records) }
    }

    private func takeOut(_ records: [DamagedRecord]) throws(StoreError) {
        let now = clock.wall()
        for (chunk, damaged) in Dictionary(grouping: records, by: \.chunk).sorted(by: { $0.key < $1.key }) {
            let found = try sql { () throws(SQLiteError) in
                let statement = try connection.statement("SELECT data FROM chunks WHERE id=?")
                defer { statement.reset() }
                try statement.bind(1, chunk)
                return try statement.step() ? statement.blob(at: 0) : nil
            }
            guard var data = found else { continue }
            for record in damaged {
                try keepAside(
                    source: "samples", row: record.number, content: "record=\(DamagedRow.hex(record.bytes))")
                let at = record.index * SampleRecord.bytes
                // SAFETY: within the array; the index comes from a chunk of this length.
                data.withUnsafeMutableBytes { bytes in
                    SampleRecord.takenOut.write(
                        to: UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + SampleRecord.bytes]),
                        number: record.number)
                }
                let near = record.near.map { WallTime(nanoseconds: $0) } ?? now
                try self.record(Gap(subject: "samples", from: near, to: near, count: 1, reason: .damaged))
            }
            try run("UPDATE chunks SET data=? WHERE id=?", [.blob(data), .integer(chunk)])
        }
    }

    // MARK: The first schema

    /// Moves rows of the first schema into chunks under the numbers that they have; a kill in between goes on where it
    /// was.
    func adoptRows() throws(StoreError) {
        while try integer("SELECT 1 FROM samples LIMIT 1") != nil {
            try transaction { () throws(StoreError) in
                var last: Int64 = 0
                let found = try rows(
                    of: .samples, "ORDER BY id LIMIT \(Bound.samplesPerCommit)", onVisit: { last = max(last, $0) },
                    decode: { StoredSample($0) })
                var expected = found.first?.id
                for stored in found {
                    var record = SampleRecord(stored.sample)
                    if record.state.kind == .number, case .waveform? = tags[stored.sample.tag]?.definition.kind,
                        case .number(let count) = stored.sample.value
                    {
                        record.state = SampleState(
                            quality: stored.sample.quality, clock: .free, kind: .waveform,
                            hasSourceTime: stored.sample.sourceTime != nil)
                        record.value = UInt64(max(0, count))
                    }
                    if stored.id != expected { try flushChunk() }
                    try append(record, number: stored.id)
                    expected = stored.id + 1
                }
                try flushChunk()
                try run("DELETE FROM samples WHERE id<=?", [.integer(last)])
            }
        }
    }
}

extension StoredSample {
    /// A row of `samples`; a waveform's value is the number of its values.
    fileprivate init?(_ row: Statement) {
        guard let tag = Int32(exactly: row.int64(at: 1)), let code = Int32(exactly: row.int64(at: 6)),
            let quality = Quality(code: code)
        else { return nil }
        let value = row.optionalDouble(at: 5)
        self.init(
            id: row.int64(at: 0),
            sample: Sample(
                tag: TagID(rawValue: tag), value: value.map { .number($0) } ?? .none, quality: quality,
                sourceTime: row.optionalInt64(at: 2).map { WallTime(nanoseconds: $0) },
                arrival: WallTime(nanoseconds: row.int64(at: 3)),
                monotonic: MonotonicTime(nanoseconds: row.int64(at: 4))),
            isThisBoot: false)
    }
}

extension Database {
    /// Samples that are in chunks only. Numbers have next to no holes, so that the span is the count without a walk of
    /// the table.
    func recentSamples(_ archive: ArchiveState) throws(StoreError) -> Int64 {
        guard let oldest = try oldestRecent() else { return 0 }
        let first = archive.tag == ArchiveState.everyTag ? max(oldest, archive.number + 1) : oldest
        return max(0, try newestSample() - first + 1 - archive.underWay)
    }
}
