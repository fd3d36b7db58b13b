internal import Plant
internal import SQLite

extension Database {
    /// Stores a batch's samples under the next numbers.
    ///
    /// - Returns: their numbers, nil for none.
    /// - Throws: `.unknownTag` and `.wrongKind` before anything is written.
    func insert(_ samples: [Sample]) throws(StoreError) -> ClosedRange<Int64>? {
        for sample in samples { try check(sample) }
        guard !samples.isEmpty else { return nil }
        let first = mark.lastSample + 1
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement(Table.samples.insert)
            for sample in samples {
                let id = mark.lastSample + 1
                try insert(sample, id: id, with: statement)
                mark.lastSample = id
            }
            statement.reset()
        }
        return first...mark.lastSample
    }

    private func check(_ sample: Sample) throws(StoreError) {
        guard let tag = tags[sample.tag] else { throw .unknownTag(sample.tag) }
        switch (sample.value, tag.definition.kind) {
        case (.none, _), (.number, .number), (.waveform, .waveform): return
        default: throw .wrongKind(tag: tag.definition.name)
        }
    }

    private func insert(_ sample: Sample, id: Int64, with statement: Statement) throws(SQLiteError) {
        var checksum = RowChecksum(table: Table.samples.rawValue)
        var quality = sample.quality
        var value: Double?
        switch sample.value {
        case .number(let number) where number.isFinite: value = number
        case .number:
            // SQLite has no NaN. A driver marks it; where one forgot, the store does.
            if quality.isGood { quality = .bad(.notFinite) }
        case .waveform(let waveform): value = Double(waveform.count)
        case .none, .text: break
        }
        checksum.add(id)
        try statement.bind(1, id)
        checksum.add(Int64(sample.tag.rawValue))
        try statement.bind(2, Int64(sample.tag.rawValue))
        if let time = sample.sourceTime {
            checksum.add(time.nanoseconds)
            try statement.bind(3, time.nanoseconds)
        } else {
            checksum.addNull()
            try statement.bindNull(3)
        }
        checksum.add(sample.arrival.nanoseconds)
        try statement.bind(4, sample.arrival.nanoseconds)
        checksum.add(sample.monotonic.nanoseconds)
        try statement.bind(5, sample.monotonic.nanoseconds)
        if let value {
            checksum.add(value)
            try statement.bind(6, value)
        } else {
            checksum.addNull()
            try statement.bindNull(6)
        }
        checksum.add(Int64(quality.code))
        try statement.bind(7, Int64(quality.code))
        try statement.bind(8, Int64(checksum.value))
        try statement.run()
        if case .waveform(let waveform) = sample.value { try insert(waveform, of: sample.tag, id: id) }
    }

    /// Both ISAs that this runs on are little-endian, so that the floats are stored as they lie in memory.
    private func insert(_ waveform: [Float], of tag: TagID, id: Int64) throws(SQLiteError) {
        var rate = 0.0
        if case .waveform(_, let rateHertz) = tags[tag]?.definition.kind { rate = rateHertz }
        let statement = try connection.statement(Table.waveforms.insert)
        var checksum = RowChecksum(table: Table.waveforms.rawValue)
        checksum.add(id)
        checksum.add(rate)
        waveform.withUnsafeBytes { checksum.add(blob: $0) }
        try statement.bind(1, id)
        try statement.bind(2, rate)
        // SAFETY: `withUnsafeBytes` cannot carry a typed throw, so the result comes out as a value; the bytes are
        // copied.
        let bound = waveform.withUnsafeBytes { bytes in
            Result { () throws(SQLiteError) in try statement.bind(3, bytes: bytes) }
        }
        try bound.get()
        try statement.bind(4, Int64(checksum.value))
        try statement.run()
        statement.reset()
    }

    // MARK: Reading

    /// Samples with numbers above `id`, at most `limit`.
    func samples(after id: Int64, limit: Int) throws(StoreError) -> SamplePage {
        let limit = min(max(1, limit), Bound.rowsPerRead)
        let newest = try newestSample()
        let thisBoot = try firstSampleOfThisBoot()
        var seen = 0
        var through = id
        let found = try rows(
            of: .samples, "WHERE id>? ORDER BY id LIMIT ?", [.integer(id), .integer(Int64(limit))],
            onVisit: { number in
                seen += 1
                // The number of a damaged row may itself be damaged and far beyond.
                if number <= newest { through = max(through, number) }
            },
            decode: { StoredSample($0, thisBoot: thisBoot) })
        return SamplePage(samples: try withWaveforms(found), through: through, isEnd: seen < limit)
    }

    /// Number of the last sample ever stored, as this connection sees the file now.
    func newestSample() throws(StoreError) -> Int64 { mayRepair ? mark.lastSample : try readMark().lastSample }

    /// Fills in waveforms; leaves out samples of a tag whose row was lost, because nobody knows what they mean; a
    /// sample whose waveform is damaged or missing goes to quarantine with it.
    func withWaveforms(_ samples: [StoredSample]) throws(StoreError) -> [StoredSample] {
        var whole: [StoredSample] = []
        whole.reserveCapacity(samples.count)
        for var stored in samples where tags[stored.sample.tag] != nil {
            guard case .waveform = tags[stored.sample.tag]?.definition.kind, stored.sample.value != .none else {
                whole.append(stored)
                continue
            }
            guard let waveform = try waveform(of: stored.id) else {
                try quarantine(rowsAsDamaged(of: .samples, id: stored.id))
                continue
            }
            stored.sample.value = .waveform(waveform)
            whole.append(stored)
        }
        return whole
    }

    private func waveform(of id: Int64) throws(StoreError) -> [Float]? {
        try row(of: .waveforms, "WHERE sample_id=?", [.integer(id)]) { row in
            row.withBytes(at: 2) { bytes in
                guard bytes.count % 4 == 0 else { return nil }
                return [Float](unsafeUninitializedCapacity: bytes.count / 4) { target, count in
                    // SAFETY: the target holds as many bytes as are copied; any four bytes are a Float.
                    UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
                    count = bytes.count / 4
                }
            }
        }
    }

    private func rowsAsDamaged(of table: Table, id: Int64) throws(StoreError) -> [DamagedRow] {
        try sql { () throws(SQLiteError) in
            let statement = try connection.statement("\(table.select) WHERE \(table.key)=?")
            defer { statement.reset() }
            try statement.bind(1, id)
            return try statement.step() ? [DamagedRow(table: table, row: statement)] : []
        }
    }

    /// The newest sample of a tag among the last `depth` numbers.
    func latest(_ tag: TagID, depth: Int64) throws(StoreError) -> StoredSample? {
        let newest = try newestSample()
        let thisBoot = try firstSampleOfThisBoot()
        let found = try rows(
            of: .samples, "WHERE id>? AND tag=? AND quality<>? ORDER BY id DESC LIMIT 1",
            [
                .integer(newest - depth), .integer(Int64(tag.rawValue)),
                .integer(Int64(Quality.uncertain(.outOfOrder).code)),
            ]
        ) { StoredSample($0, thisBoot: thisBoot) }
        return try withWaveforms(found).first
    }
}

extension StoredSample {
    /// A row of `samples`; a waveform's value is filled in later.
    init?(_ row: Statement, thisBoot: Int64) {
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
            isThisBoot: row.int64(at: 0) >= thisBoot)
    }
}
