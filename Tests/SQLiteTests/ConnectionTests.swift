import Glibc
import SQLite
import Testing

@Suite struct ConnectionTests {
    /// A directory that goes with the test.
    final class Folder {
        let path: String
        init() throws {
            var template = Array("/tmp/sqlite-tests-XXXXXX".utf8CString)
            path = try #require(mkdtemp(&template).map { String(cString: $0) })
        }
        deinit {
            guard let directory = opendir(path) else { return }
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink("\(path)/\(name)")
            }
            closedir(directory)
            rmdir(path)
        }
        func file(_ name: String = "test.sqlite") -> String { "\(path)/\(name)" }
    }

    @Test func everyTypeComesBackAsItWentIn() throws {
        let database = try Connection(path: ":memory:")
        try database.execute("CREATE TABLE things(a, b, c, d, e)")
        let insert = try database.prepare("INSERT INTO things VALUES(?,?,?,?,?)")
        #expect(insert.parameterCount == 5)
        let rows: [(Int64, Double, String, [UInt8])] = [
            (.min, -0.0, "", []), (.max, .greatestFiniteMagnitude, "轴承 \u{0} bearing", [0, 255, 1]),
            (0, .leastNonzeroMagnitude, "'", [7]),
        ]
        for (integer, number, text, blob) in rows {
            try insert.bind(1, integer)
            try insert.bind(2, number)
            try insert.bind(3, text)
            try insert.bind(4, blob)
            try insert.bindNull(5)
            try insert.run()
        }
        #expect(database.lastInsertRowID == 3)
        let select = try database.prepare("SELECT * FROM things ORDER BY rowid")
        for (integer, number, text, blob) in rows {
            #expect(try select.step())
            #expect(select.storage(at: 0) == .integer && select.int64(at: 0) == integer)
            #expect(select.storage(at: 1) == .real && select.double(at: 1) == number)
            #expect(select.storage(at: 2) == .text && select.text(at: 2) == text)
            #expect(select.storage(at: 3) == .blob && select.blob(at: 3) == blob)
            #expect(select.isNull(at: 4) && select.text(at: 4) == nil && select.blob(at: 4) == nil)
            #expect(select.optionalInt64(at: 4) == nil && select.optionalDouble(at: 4) == nil)
        }
        #expect(try !select.step())
        #expect(select.columnName(at: 2) == "c" && select.columnCount == 5)
    }

    @Test func errorsSayCodeStatementAndFile() throws {
        let folder = try Folder()
        let database = try Connection(path: folder.file())
        try database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)")
        try database.run("INSERT INTO t VALUES(1)")
        let error = #expect(throws: SQLiteError.self) { try database.run("INSERT INTO t VALUES(1)") }
        #expect(error?.isConstraint == true && error?.code == 19 && error?.extendedCode == 1555)
        #expect(error?.sql == "INSERT INTO t VALUES(1)" && error?.file == folder.file())
        #expect(error?.message.contains("t.a") == true)
        #expect(throws: SQLiteError.self) { try database.prepare("SELECT nothing FROM nowhere") }
        #expect(throws: SQLiteError.self) { try database.prepare("SELECT 1; SELECT 2") }
        #expect(throws: SQLiteError.self) { try database.prepare("  ") }
        #expect(throws: SQLiteError.self) { try Connection(path: folder.file("missing"), access: .readWrite) }
    }

    @Test func aThrowUndoesTheTransaction() throws {
        let database = try Connection(path: ":memory:")
        try database.execute("CREATE TABLE t(a UNIQUE)")
        #expect(throws: SQLiteError.self) {
            try database.transaction { () throws(SQLiteError) in
                try database.run("INSERT INTO t VALUES(1)")
                try database.run("INSERT INTO t VALUES(1)")
            }
        }
        #expect(!database.isInTransaction)
        let count = try database.prepare("SELECT count(*) FROM t")
        #expect(try count.step() && count.int64(at: 0) == 0)
    }

    @Test func aClosedDatabaseRefusesEveryCall() throws {
        let database = try Connection(path: ":memory:")
        let statement = try database.prepare("SELECT 1")
        database.close()
        #expect(!database.isOpen)
        #expect(throws: SQLiteError.self) { try database.execute("SELECT 1") }
        #expect(throws: SQLiteError.self) { try statement.step() }
        #expect(throws: SQLiteError.self) { try database.begin() }
    }

    @Test func anotherConnectionsCommitShowsInDataVersion() throws {
        let folder = try Folder()
        let first = try Connection(path: folder.file())
        try first.pragma("journal_mode", "WAL")
        try first.execute("CREATE TABLE t(a)")
        let second = try Connection(path: folder.file(), access: .readWrite)
        let before = try first.dataVersion()
        try first.run("INSERT INTO t VALUES(1)")
        #expect(try first.dataVersion() == before)
        try second.run("INSERT INTO t VALUES(2)")
        #expect(try first.dataVersion() != before)
    }

    @Test func aLockedDatabaseIsBusyNotBroken() throws {
        let folder = try Folder()
        let first = try Connection(path: folder.file())
        try first.execute("CREATE TABLE t(a)")
        let second = try Connection(path: folder.file(), busyTimeout: .milliseconds(1))
        try first.begin()
        let error = #expect(throws: SQLiteError.self) { try second.begin() }
        #expect(error?.isBusy == true)
        first.rollback()
        try second.begin()
        second.rollback()
    }

    @Test func theLogIsCountedAndCheckpointedOnRequest() throws {
        let folder = try Folder()
        let writer = try Connection(path: folder.file())
        #expect(try writer.pragma("journal_mode", "WAL") == "wal")
        try writer.watchLog()
        try writer.execute("CREATE TABLE t(a)")
        for _ in 0..<20 { try writer.run("INSERT INTO t VALUES(zeroblob(4000))") }
        #expect(writer.logPages >= 20)
        let checkpointer = try Connection(path: folder.file(), access: .readWrite)
        let result = try checkpointer.checkpoint(.truncate)
        #expect(result.isComplete)
        try writer.run("INSERT INTO t VALUES(1)")
        #expect(writer.logPages < 5)
    }

    @Test func aBackupIsTheSameDatabase() throws {
        let folder = try Folder()
        let source = try Connection(path: folder.file())
        try source.execute("CREATE TABLE t(a); INSERT INTO t VALUES(42)")
        let target = try Connection(path: folder.file("copy.sqlite"))
        try source.backup(into: target)
        let select = try target.prepare("SELECT a FROM t")
        #expect(try select.step() && select.int64(at: 0) == 42)
        #expect(try target.structureFaults().isEmpty)
    }

    @Test func aFileThatIsNoDatabaseIsDamage() throws {
        let folder = try Folder()
        let descriptor = open(folder.file(), O_CREAT | O_WRONLY, 0o600)
        let text = Array(repeating: UInt8(ascii: "x"), count: 8_192)
        #expect(write(descriptor, text, text.count) == text.count)
        close(descriptor)
        let database = try Connection(path: folder.file())
        let error = #expect(throws: SQLiteError.self) { try database.pragma("journal_mode", "WAL") }
        #expect(error?.isDamage == true)
    }

    @Test func thePageLimitIsFullAndTheDatabaseGoesOn() throws {
        let folder = try Folder()
        let database = try Connection(path: folder.file())
        try database.execute("CREATE TABLE t(a)")
        try database.pragma("max_page_count", "8")
        let error = #expect(throws: SQLiteError.self) {
            for _ in 0..<20 { try database.run("INSERT INTO t VALUES(zeroblob(4000))") }
        }
        #expect(error?.isFull == true)
        try database.pragma("max_page_count", "100")
        try database.run("INSERT INTO t VALUES(zeroblob(4000))")
    }
}
