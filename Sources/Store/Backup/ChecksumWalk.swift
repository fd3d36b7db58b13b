internal import Plant
internal import SQLite
internal import Trust

/// Looks at every checksum in a file, and at its structure, and changes nothing.
struct ChecksumWalk {
    let database: Database
    /// False ends the walk.
    let onProgress: (_ bytes: Int64) -> Bool
    private(set) var report = CheckReport()
    private var bytes: Int64 = 0

    init(_ database: Database, onProgress: @escaping (_ bytes: Int64) -> Bool) {
        self.database = database
        self.onProgress = onProgress
    }

    /// - Throws: `.cancelled`; anything else that cannot be read becomes a fault.
    mutating func run() throws(BackupError) {
        try part("structure") { (walk) throws(StoreError) in
            _ = try SchemaCheck.verify(walk.database)
            let faults = try walk.database.sql { () throws(SQLiteError) in
                try walk.database.connection.structureFaults()
            }
            for fault in faults { walk.report.add(StoreFault(place: "structure", row: 0, reason: fault)) }
        }
        for table in Table.allCases {
            try part(table.rawValue) { (walk) throws(StoreError) in try walk.look(at: table) }
        }
        try part("packed") { (walk) throws(StoreError) in try walk.lookAtBlocks() }
        try part("chunks") { (walk) throws(StoreError) in try walk.lookAtChunks() }
        try part("commits") { (walk) throws(StoreError) in
            walk.report.lastSample = try walk.database.newestSample()
            walk.report.taken = try walk.database.backupTime()
        }
    }

    private mutating func part(
        _ place: String, _ body: (inout ChecksumWalk) throws(StoreError) -> Void
    ) throws(BackupError) {
        do throws(StoreError) {
            try body(&self)
        } catch {
            report.add(StoreFault(place: place, row: 0, reason: "\(error)"))
        }
        if !onProgress(bytes) { throw .cancelled }
    }

    private mutating func look(at table: Table) throws(StoreError) {
        let statement = try database.sql { () throws(SQLiteError) in try database.connection.prepare(table.select) }
        while try database.sql({ () throws(SQLiteError) in try statement.step() }) {
            let row = statement.int64(at: 0)
            report.rows += 1
            guard statement.hasSoundChecksum(table) else {
                report.add(StoreFault(place: table.rawValue, row: row, reason: "its checksum does not hold"))
                continue
            }
            switch table {
            case .waveforms: bytes += Int64(statement.withBytes(at: 2) { $0.count })
            case .files: lookAtFile(statement)
            default: break
            }
            guard onProgress(bytes) else { return }
        }
    }

    private mutating func lookAtFile(_ row: Statement) {
        let name = row.text(at: 1) ?? ""
        let content = row.blob(at: 2) ?? []
        bytes += Int64(content.count)
        guard CarriedFile.isModel(name) else {
            guard StoreFolder.holds(name) else {
                return report.add(
                    StoreFault(place: "file", row: row.int64(at: 0), reason: "its name is none that a backup gives"))
            }
            report.otherFiles += 1
            return
        }
        report.modelFiles += 1
        guard let digest = try? Digest(of: content), ModelFiles.name(of: digest.hex) == name else {
            return report.add(
                StoreFault(place: "model file", row: row.int64(at: 0), reason: "\(name) has another digest"))
        }
    }

    private mutating func lookAtBlocks() throws(StoreError) {
        // While a run of the archiver is under way, chunks hold some of the samples too.
        let firstInChunks = try database.oldestRecent() ?? .max
        for block in try database.blocks("ORDER BY id") {
            let samples = try database.unpack(block)
            bytes += block.bytes
            report.samples += Int64(samples.count { $0.number < firstInChunks })
            if samples.isEmpty {
                report.add(StoreFault(place: "packed", row: block.id, reason: "its checksum does not hold"))
            }
            guard onProgress(bytes) else { return }
        }
    }

    private mutating func lookAtChunks() throws(StoreError) {
        let newest = try database.newestSample()
        let statement = try database.sql { () throws(SQLiteError) in
            try database.connection.prepare("SELECT id, data FROM chunks ORDER BY id")
        }
        while try database.sql({ () throws(SQLiteError) in try statement.step() }) {
            let chunk = statement.int64(at: 0)
            let (count, sound, damaged) = statement.withBytes(at: 1) { SampleRecord.sorted($0, chunk: chunk) }
            bytes += Int64(count * SampleRecord.bytes)
            report.samples += Int64(sound)
            let isPlaced = count > 0 && chunk > 0 && chunk <= newest && newest - chunk >= Int64(count - 1)
            if !isPlaced {
                report.add(StoreFault(place: "chunks", row: chunk, reason: "not of a length that it can have"))
            }
            for number in damaged {
                report.add(StoreFault(place: "samples", row: number, reason: "its checksum does not hold"))
            }
            guard onProgress(bytes) else { return }
        }
    }
}

extension SampleRecord {
    /// How many records a chunk has, how many samples are sound, and the numbers of those that are damaged.
    // SAFETY: each part lies within the bytes, whose count is a multiple of a record's or is taken for none.
    fileprivate static func sorted(
        _ chunkBytes: UnsafeRawBufferPointer, chunk: Int64
    ) -> (count: Int, sound: Int, damaged: [Int64]) {
        guard chunkBytes.count % bytes == 0 else { return (0, 0, []) }
        var damaged: [Int64] = []
        var sound = 0
        let count = chunkBytes.count / bytes
        for index in 0..<count {
            let part = UnsafeRawBufferPointer(rebasing: chunkBytes[index * bytes..<(index + 1) * bytes])
            let number = chunk &+ Int64(index)
            if let record = SampleRecord(part, number: number) {
                if !record.isTakenOut { sound += 1 }
            } else {
                damaged.append(number)
            }
        }
        return (count, sound, damaged)
    }
}
