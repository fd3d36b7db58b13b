import Glibc
import Plant
import Store
import TestBench
import Testing

/// A real process that is killed, or whose disk fails, while it writes: what it has been told is stored is there.
///
/// The process is this test program itself, started again for ``writer()`` alone.
@Suite struct CrashTests {
    static let folderVariable = "MILLWRIGHT_STORE_WRITER"
    static let countVariable = "MILLWRIGHT_STORE_WRITES"
    static let writerFolder = getenv(folderVariable).map { String(cString: $0) }
    static let strace: String? = ["/usr/bin/strace", "/bin/strace"].first { (path: String) in access(path, X_OK) == 0 }

    /// In a container tracing may be forbidden although the program is there.
    static let canTrace: Bool = {
        guard let strace else { return false }
        return (try? spawn([strace, "-o", "/dev/null", "/bin/true"])).map(waitForEnd) == 0
    }()

    /// The process that writes: three callers at once, each value and receipt once; notes what it was told.
    @Test(.enabled(if: writerFolder != nil)) func writer() async throws {
        let folder = try #require(Self.writerFolder)
        let rounds = getenv(Self.countVariable).flatMap { Int(String(cString: $0)) } ?? .max
        var limits = Fixture.smallLimits
        limits.hotSamples = 40
        let store = try Store(
            directory: "\(folder)/store", limits: limits, clock: MachineClock(), logger: quietLogger)
        let tag = try await store.tagID(for: Fixture.numberTag)
        let notes = open("\(folder)/notes", O_CREAT | O_WRONLY | O_APPEND, 0o600)
        @Sendable func note(_ line: String) { _ = write(notes, "\(line)\n", line.utf8.count + 1) }
        let first = (try await everySample(in: store).compactMap(\.sample.value.asNumber).max() ?? -1) + 1
        note("started")
        for round in 0..<rounds {
            await withTaskGroup { group in
                for caller in 0..<3 {
                    group.addTask {
                        let value = first + Double(round * 3 + caller)
                        let sample = Sample(
                            tag: tag, value: .number(value), quality: .good, arrival: WallTime(nanoseconds: 1),
                            monotonic: MonotonicTime(nanoseconds: 1))
                        let receipt = MessageReceipt(packetID: UInt16(Int(value) % 65_535 + 1), digest: UInt64(value))
                        do throws(StoreError) {
                            let range = try await store.commit(
                                SampleBatch(link: "mqtt", samples: [sample], receipts: [receipt]))
                            note("stored \(Int(value)) \(range?.lowerBound ?? -1)")
                        } catch {
                            note("failed \(Int(value))")
                        }
                    }
                }
            }
            // Samples are packed meanwhile; when the disk fails in that, nobody was told anything.
            if round % 5 == 4 { _ = try? await store.maintain() }
        }
        note("reopened \(try await store.statistics().counters.reopened)")
        await store.close()
    }

    /// What the writer has noted.
    struct Notes {
        var stored: [Int: Int64] = [:]
        var failed: Set<Int> = []
        var reopened = 0
        var starts = 0

        init(folder: TempDirectory) {
            let text = (try? MappedFile(path: folder.file("notes"))).map {
                $0.withBytes { String(decoding: $0, as: UTF8.self) }
            }
            for line in (text ?? "").split(separator: "\n") {
                let words = line.split(separator: " ")
                switch words.first {
                case "stored": stored[Int(words[1]) ?? -1] = Int64(words[2]) ?? -1
                case "failed": failed.insert(Int(words[1]) ?? -1)
                case "reopened": reopened += Int(words[1]) ?? 0
                default: starts += 1
                }
            }
        }
    }

    static func start(_ folder: TempDirectory, rounds: Int?, before: [String] = []) throws -> pid_t {
        let program = try #require(
            realpath("/proc/self/exe", nil).map { path in
                defer { free(path) }
                return String(cString: path)
            })
        let words = before + [program, "--testing-library", "swift-testing", "--filter", "CrashTests.writer"]
        return try spawn(
            words, ["\(folderVariable)=\(folder.path)"] + (rounds.map { ["\(countVariable)=\($0)"] } ?? []))
    }

    static func spawn(_ words: [String], _ settings: [String] = []) throws -> pid_t {
        var environment = settings
        var place = environ
        while let entry = place.pointee {
            environment.append(String(cString: entry))
            place = place.advanced(by: 1)
        }
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0) }
        var process = pid_t()
        let code = posix_spawn(&process, words[0], &files, nil, arguments, variables)
        try #require(code == 0)
        return process
    }

    static func waitForEnd(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// Every value that was acknowledged is there once, under the number that was told; what is there besides was under
    /// way.
    static func compare(_ notes: Notes, _ folder: TempDirectory) async throws {
        let store = try Store(
            directory: folder.file("store"), limits: Fixture.smallLimits, clock: MachineClock(), logger: quietLogger)
        let samples = try await everySample(in: store)
        var numbers: [Int: [Int64]] = [:]
        for sample in samples { numbers[Int(sample.sample.value.asNumber ?? -1), default: []].append(sample.id) }
        #expect(notes.stored.filter { numbers[$0.key] != [$0.value] }.isEmpty, "lost, twice or elsewhere")
        #expect(numbers.values.allSatisfy { $0.count == 1 })
        // The receipts are of the same transactions as the samples.
        let receipts = try await store.storedReceipts(link: "mqtt").map { Int($0.digest) }
        // Of a fast machine there are more than the packet identifiers that a broker has; then the newest are kept.
        #expect(receipts.count >= min(numbers.count, 65_535))
        #expect(receipts.sorted() == Array(numbers.keys.sorted().suffix(receipts.count)))
        #expect(try await store.statistics().quarantined == 0)
        await store.close()
    }

    @Test(.enabled(if: writerFolder == nil)) func whatWasAcknowledgedSurvivesKill9() async throws {
        let folder = try TempDirectory()
        var acknowledged = 0
        for round in 1...5 {
            let process = try Self.start(folder, rounds: nil)
            let target = acknowledged + 40 * round
            let written = await eventually { Notes(folder: folder).stored.count >= target }
            kill(process, SIGKILL)
            _ = Self.waitForEnd(process)
            let notes = Notes(folder: folder)
            #expect(written, "the writer has not written; started \(notes.starts) times")
            acknowledged = notes.stored.count
            #expect(notes.failed.isEmpty)
            try await Self.compare(notes, folder)
        }
    }

    /// Which call fails, and how: syncs of the log and of the database, writes without space, by turns.
    @Test(
        .enabled(if: writerFolder == nil && canTrace),
        // Counted in each thread of the writer; opening the file takes fewer calls in its thread than these.
        arguments: [
            "fdatasync:error=EIO:when=40..42", "fdatasync:error=EIO:when=50", "pwrite64:error=EIO:when=200..201",
            "pwrite64:error=ENOSPC:when=200..215",
        ])
    func afterAFailedWriteOrSyncTheStoreReadsAgainAndGoesOn(fault: String) async throws {
        let folder = try TempDirectory()
        let strace = try #require(Self.strace)
        let process = try Self.start(
            folder, rounds: 60, before: [strace, "-f", "-o", "/dev/null", "-e", "inject=\(fault)"])
        let status = Self.waitForEnd(process)
        let notes = Notes(folder: folder)
        #expect(status == 0 && notes.starts == 1, "the writer crashed")
        #expect(notes.stored.count + notes.failed.count == 180)
        #expect(notes.stored.count >= 100)
        if fault.contains("EIO") { #expect(notes.reopened >= 1) }
        try await Self.compare(notes, folder)
    }
}
