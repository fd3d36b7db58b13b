internal import Plant
internal import SQLite

extension Database {
    /// Stores a batch's samples under the next numbers; they are in the file after ``flushChunk()``.
    ///
    /// - Returns: their numbers, nil for none.
    /// - Throws: `.unknownTag` and `.wrongKind` before anything is written.
    func insert(_ samples: [Sample]) throws(StoreError) -> ClosedRange<Int64>? {
        for sample in samples { try check(sample) }
        guard !samples.isEmpty else { return nil }
        let first = mark.lastSample + 1
        for sample in samples {
            let number = mark.lastSample + 1
            try append(SampleRecord(sample), number: number)
            mark.lastSample = number
            switch sample.value {
            case .waveform(let waveform): try insert(waveform, of: sample.tag, id: number)
            case .text(let text): try insert(.texts, [.integer(number), .text(Self.bounded(text))])
            case .number, .none: break
            }
        }
        return first...mark.lastSample
    }

    private func check(_ sample: Sample) throws(StoreError) {
        guard let tag = tags[sample.tag] else { throw .unknownTag(sample.tag) }
        switch (sample.value, tag.definition.kind) {
        case (.none, _), (.number, .number), (.waveform, .waveform), (.text, .text): return
        default: throw .wrongKind(tag: tag.definition.name)
        }
    }

    /// The longest beginning of whole characters that a text may have.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > Bound.textBytes else { return text }
        var end = text.startIndex
        var bytes = 0
        while end < text.endIndex {
            let next = text.index(after: end)
            bytes += text[end..<next].utf8.count
            if bytes > Bound.textBytes { break }
            end = next
        }
        return String(text[..<end])
    }

    /// Both ISAs that this runs on are little-endian, so that the floats are stored as they lie in memory.
    private func insert(_ waveform: [Float], of tag: TagID, id: Int64) throws(StoreError) {
        var rate = 0.0
        if case .waveform(_, let rateHertz) = tags[tag]?.definition.kind { rate = rateHertz }
        try sql { () throws(SQLiteError) in
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
    }

    // MARK: Reading

    /// A sample that is stored, with what its record does not hold.
    func sample(_ record: SampleRecord, number: Int64) throws(StoreError) -> StoredSample? {
        var found: StoredSample?
        if let stored = record.stored(number: number, thisBoot: try firstSampleOfThisBoot()) {
            try fill(stored, record.state.kind) { found = $0 }
        }
        return found
    }

    /// Fills in waveform or text. Leaves out a sample of a tag whose row was lost, because nobody knows what it means,
    /// and one whose waveform or text is damaged or missing.
    func fill(
        _ stored: StoredSample, _ kind: SampleState.Kind, _ body: (StoredSample) -> Void
    ) throws(StoreError) {
        guard tags[stored.sample.tag] != nil else { return }
        guard kind == .waveform || kind == .text else { return body(stored) }
        guard let content = try content(of: stored.id, kind) else { return }
        var stored = stored
        stored.sample.value = content
        body(stored)
    }

    /// What lies apart from its sample; nil when it is not there, or damaged.
    func content(of sample: Int64, _ kind: SampleState.Kind) throws(StoreError) -> Sample.Value? {
        switch kind {
        case .waveform: try waveform(of: sample).map { .waveform($0) }
        case .text: try text(of: sample).map { .text($0) }
        case .none, .number: nil
        }
    }

    func text(of id: Int64) throws(StoreError) -> String? {
        try row(of: .texts, "WHERE sample_id=?", [.integer(id)]) { $0.text(at: 1) }
    }

    func waveform(of id: Int64) throws(StoreError) -> [Float]? {
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
}
