import Glibc
import Plant
import Rig
import Store
import TestBench
import Testing

@testable import millwright

/// `millwright backup` beside a running daemon, and a daemon on what it made.
@Suite(.serialized) struct BackupCommandTests {
    struct Outcome {
        var exit: ChildProcess.Exit?
        var text: String
    }

    /// - Returns: how a command ended, and what it printed on both streams.
    static func run(_ arguments: [String], in folder: TempDirectory, limitBlocks: Int? = nil) async throws -> Outcome {
        let program = try Files.program()
        let log = folder.file("command.log")
        unlink(log)
        let child =
            if let limitBlocks {
                try ChildProcess(
                    "/bin/sh", ["-c", "ulimit -f \(limitBlocks); exec \"$0\" \"$@\"", program] + arguments,
                    environment: ["RUNTIME_DIRECTORY": ""], outputFile: log)
            } else {
                try ChildProcess(program, arguments, environment: ["RUNTIME_DIRECTORY": ""], outputFile: log)
            }
        let exit = await child.waitForExit()
        return Outcome(exit: exit, text: try Files.text(log))
    }

    /// A store with so many samples of one tag, closed.
    static func makeStore(_ folder: TempDirectory, samples: Int) async throws -> String {
        let directory = folder.file("store")
        let clock = ManualClock()
        let store = try Store(
            directory: directory, limits: Limits(reserveBytes: 0), clock: clock, logger: CommandLog.logger)
        let tag = try await store.tagID(for: TagDefinition(name: "pump-7.speed", unit: "rpm", kind: .number))
        for start in stride(from: 0, to: samples, by: 10_000) {
            try await store.store(
                SampleBatch(
                    link: "plc-1",
                    samples: (start..<min(start + 10_000, samples)).map { index in
                        Sample(
                            tag: tag, value: .number(Double(index)), quality: .good, arrival: clock.wall(),
                            monotonic: clock.monotonic())
                    }))
        }
        await store.close()
        return directory
    }

    @Test func aDaemonGoesOnFromABackupThatWasMadeWhileItWrote() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let daemon = try DaemonTests.RunningDaemon()
        try daemon.configure(links: DaemonTests.mqtt(port: broker.port))
        try daemon.start()
        try await daemon.waits("the broker") { $0.links.first?.state == "connected" }
        let publisher = try FieldPublisher(id: "test", port: broker.port)
        for number in 0..<500 { try publisher.publish("t/one", Array("\(number)".utf8)) }
        try await publisher.flush()
        try await daemon.waits("the first values") { $0.links.first?.counters["stored", default: 0] == 500 }
        // More come while the copy is made.
        for number in 500..<1_500 { try publisher.publish("t/one", Array("\(number)".utf8)) }
        let copy = folder.file("copy.sqlite")
        let made = try await Self.run(
            ["backup", "--store", daemon.folder.file("store"), "--to", copy, "--json"], in: folder)
        #expect(made.exit == .code(0), "\(made.text)")
        #expect(made.text.contains("\"damaged\" : 0"))
        try await publisher.flush()
        try await daemon.waits("all values") { $0.links.first?.counters["stored", default: 0] == 1_500 }
        #expect(await daemon.stop() == .code(0))

        let checked = try await Self.run(["backup", "--check", copy], in: folder)
        #expect(checked.exit == .code(0) && checked.text.contains("every checksum holds"), "\(checked.text)")
        let tags = try await Self.run(["tags", "--store", copy], in: folder)
        #expect(tags.exit == .code(0) && tags.text.contains("t.one"), "\(tags.text)")

        // The store goes, the copy comes in its place, the daemon starts.
        let store = daemon.folder.file("store")
        let taken = try StoreReader(directory: copy, clock: ManualClock(), logger: CommandLog.logger)
        let last = try await taken.lastSample()
        #expect(last >= 500)
        DirectoryTree.remove(store)
        mkdir(store, 0o750)
        try Files.write(try Files.bytes(copy), to: "\(store)/store.sqlite")
        try daemon.start()
        try await daemon.waits("the restored daemon") { $0.links.first?.state == "connected" }
        try publisher.publish("t/one", Array("2000".utf8))
        try await publisher.flush()
        try await daemon.waits("a new value") { $0.links.first?.counters["stored", default: 0] == 1 }
        #expect(await daemon.stop() == .code(0))
        let reader = try StoreReader(directory: store, clock: ManualClock(), logger: CommandLog.logger)
        var values: [Double] = []
        for stored in try await reader.samples(after: 0, limit: 10_000).samples {
            if case .number(let value) = stored.sample.value { values.append(value) }
        }
        #expect(values == (0..<Int(last)).map(Double.init) + [2_000])
        #expect(try await reader.gaps().map(\.reason) == [.restored])
        await broker.stop()
    }

    @Test func aBackupThatFindsNoRoomLeavesNothing() async throws {
        let folder = try TempDirectory()
        let store = try await Self.makeStore(folder, samples: 50_000)
        // 1 MiB of 2.2 MB: a limit on the size of files acts like a disk that fills up under way.
        let copy = folder.file("copy.sqlite")
        let failed = try await Self.run(["backup", "--store", store, "--to", copy], in: folder, limitBlocks: 2_048)
        #expect(failed.exit == .code(1) && failed.text.contains("\(copy): cannot be written"), "\(failed.text)")
        #expect(try DirectoryListing.names(in: folder.path).sorted() == ["command.log", "store"])
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to mount a small file system"))
    func aBackupToAFullStickSaysBeforeHowMuchRoomItNeeds() async throws {
        let folder = try TempDirectory()
        let store = try await Self.makeStore(folder, samples: 50_000)
        let stick = folder.file("stick")
        mkdir(stick, 0o755)
        let mounted = mount("tmpfs", stick, "tmpfs", 0, "size=2m")
        try #require(mounted == 0)
        defer { umount2(stick, 2) }
        let copy = "\(stick)/copy.sqlite"
        let refused = try await Self.run(["backup", "--store", store, "--to", copy], in: folder)
        #expect(refused.exit == .code(1), "\(refused.text)")
        #expect(refused.text.contains("\(stick): expected room for 3") && refused.text.contains("nothing was written"))
        #expect(try DirectoryListing.names(in: stick) == [])
    }

    @Test func whatIsDamagedIsSaidAndTheRestIsKept() async throws {
        let folder = try TempDirectory()
        let store = try await Self.makeStore(folder, samples: 2_000)
        let copy = folder.file("copy.sqlite")
        let before = try await Self.run(["backup", "--store", store, "--to", copy], in: folder)
        #expect(before.exit == .code(0), "\(before.text)")
        // The number 1234.0, once in the file: sample 1,235.
        var bytes = try Files.bytes("\(store)/store.sqlite")
        let pattern = withUnsafeBytes(of: 1_234.0.bitPattern.littleEndian, Array.init)
        let place = try #require(bytes.firstRange(of: pattern)?.lowerBound)
        bytes[place] ^= 1
        try Files.write(bytes, to: "\(store)/store.sqlite")
        let refused = try await Self.run(["backup", "--store", store, "--to", copy], in: folder)
        #expect(refused.exit == .code(1) && refused.text.contains("exists already; --force replaces it"))
        let after = try await Self.run(["backup", "--store", store, "--to", copy, "--force"], in: folder)
        #expect(after.exit == .code(1))
        #expect(after.text.contains("1 DAMAGED") && after.text.contains("samples 1235: its checksum"), "\(after.text)")
        #expect(after.text.contains("1999 samples"))
    }
}
