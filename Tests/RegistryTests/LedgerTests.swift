import Plant
import Registry
import TestBench
import Testing

@Suite struct LedgerTests {
    let folder: TempDirectory
    let directory: RegistryDirectory
    let ledger: Ledger
    let archive: Archive
    let now = WallTime(seconds: 1_800_000_000)

    init() async throws {
        folder = try TempDirectory()
        directory = RegistryDirectory(folder.file("registry"))
        _ = try directory.initialize()
        ledger = Ledger(directory)
        archive = Archive(directory)
        _ = try await ledger.add(device: "press-3", at: now)
    }

    func store(_ sequences: some Sequence<Int64>, mark: String = "") async throws -> Ledger.Receipt {
        try await ledger.store(try Batch.batch(sequences, mark: mark), from: "press-3", at: now)
    }

    func stored() async throws -> [Int64] {
        try await archive.telemetry(device: "press-3", after: 0, limit: 100_000).map(\.sequence)
    }

    func gaps() async throws -> [ClosedRange<Int64>] { try await archive.gaps(device: "press-3") }

    @Test func theSameBatchTwiceIsStoredOnce() async throws {
        #expect(try await store(1...10) == Ledger.Receipt(storedThrough: 10, inserted: 10, repeated: 0))
        #expect(try await store(1...10) == Ledger.Receipt(storedThrough: 10, inserted: 0, repeated: 10))
        #expect(try await stored() == Array(1...10))
    }

    @Test func overlappingBatchesAreStoredOnce() async throws {
        _ = try await store(1...10)
        #expect(try await store(6...15) == Ledger.Receipt(storedThrough: 15, inserted: 5, repeated: 5))
        #expect(try await stored() == Array(1...15))
        #expect(try await gaps().isEmpty)
    }

    @Test func concurrentBatchesAreStoredOnceEach() async throws {
        _ = try await ledger.add(device: "press-4", at: now)
        let (ledger, now) = (ledger, now)
        let inserted = try await withThrowingTaskGroup(of: Int.self) { group in
            for start: Int64 in 0..<40 {
                for device in ["press-3", "press-4"] {
                    // Every second batch is sent twice.
                    for _ in 0...(start % 2) {
                        group.addTask {
                            let batch = try Batch.batch((start * 10 + 1)...(start * 10 + 10))
                            return try await ledger.store(batch, from: device, at: now).inserted
                        }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(inserted == 800)
        #expect(try await stored() == Array(1...400))
        #expect(try await gaps().isEmpty)
        let devices = try await archive.devices()
        #expect(devices.map(\.rows) == [400, 400])
        #expect(devices.map(\.highest) == [400, 400])
    }

    @Test func otherContentUnderAUsedNumberIsRefusedAndNothingOfItsBatchIsStored() async throws {
        _ = try await store(1...3)
        let error = await #expect(throws: RegistryError.self) { try await store([2, 4, 5], mark: "other box") }
        #expect(error?.code == "registry.sequence_conflict")
        let late = await #expect(throws: RegistryError.self) {
            var batch = try Batch.batch([3, 4, 5])
            batch.entries[0].kind = "report"
            return try await ledger.store(batch, from: "press-3", at: now)
        }
        #expect(late?.code == "registry.sequence_conflict")
        #expect(try await stored() == [1, 2, 3])
        #expect(try await store(4...5).inserted == 2)
    }

    @Test func aRefusedBatchDoesNotHarmThoseInTheSameTransaction() async throws {
        _ = try await store([1])
        let (ledger, now) = (ledger, now)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for index: Int64 in 2...41 {
                group.addTask {
                    let bad = try? Batch.batch([1, 1_000 + index], mark: "other")
                    let good = try? Batch.batch([index])
                    guard let batch = index % 2 == 0 ? good : bad else { return false }
                    return (try? await ledger.store(batch, from: "press-3", at: now)) != nil
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 } == 20)
        #expect(try await stored() == [1] + stride(from: Int64(2), through: 40, by: 2))
    }

    @Test func droppedNumbersAreGapsAndLateOnesFillThem() async throws {
        _ = try await store([3, 4, 8])
        #expect(try await gaps() == [1...2, 5...7])
        #expect(try await archive.devices().first?.missing == 5)
        _ = try await store([6])
        #expect(try await gaps() == [1...2, 5...5, 7...7])
        _ = try await store([1, 2, 5, 7])
        #expect(try await gaps().isEmpty)
        _ = try await store([8, 9])
        #expect(try await gaps().isEmpty)
        #expect(try await stored() == Array(1...9))
    }

    @Test func theNewestWordOnAnAlertStays() async throws {
        for (sequence, state) in [(2, "active"), (5, "cleared"), (4, "acknowledged")] as [(Int64, String)] {
            let batch = try TelemetryBatch(json: Batch.alert(sequence, id: "a-1", state: state))
            _ = try await ledger.store(batch, from: "press-3", at: now)
        }
        let alerts = try await archive.alerts(limit: 10)
        #expect(alerts.map(\.state) == ["cleared"])
        #expect(try await stored() == [2, 4, 5])
    }

    @Test func anAlertWithoutItsFieldsIsStoredAsTelemetryOnly() async throws {
        let batch = try TelemetryBatch(json: Batch.json([1], kind: "alert"))
        _ = try await ledger.store(batch, from: "press-3", at: now)
        #expect(try await archive.alerts(limit: 10).isEmpty)
        #expect(try await stored() == [1])
    }

    @Test func unknownDevicesAreRefused() async throws {
        let error = await #expect(throws: RegistryError.self) {
            try await ledger.store(try Batch.batch([1]), from: "stranger", at: now)
        }
        #expect(error?.code == "registry.unknown_device")
        await #expect(throws: RegistryError.self) { try await archive.telemetry(device: "x", after: 0, limit: 1) }
        await #expect(throws: RegistryError.self) { try await ledger.renew(device: "x") }
    }

    @Test(arguments: ["", ".x", "a/b", "a b", "设备", "<script>", String(repeating: "a", count: 101)])
    func deviceIdsThatNeedQuotingAreRefused(_ id: String) async {
        await #expect(throws: RegistryError.self) { try await ledger.add(device: id, at: now) }
    }

    @Test func tokensAreFoundByDigestAndARenewedOneReplacesTheFirst() async throws {
        let first = try await ledger.add(device: "press-9", at: now)
        #expect(try await archive.caller(token: first) == .device("press-9"))
        let second = try await ledger.renew(device: "press-9")
        #expect(try await archive.caller(token: first) == nil)
        #expect(try await archive.caller(token: second) == .device("press-9"))
        #expect(try await archive.caller(token: Token(text: "")) == nil)
        let error = await #expect(throws: RegistryError.self) { try await ledger.add(device: "press-9", at: now) }
        #expect(error?.code == "registry.device_exists")
    }

    @Test func whatWasAnsweredIsThereAfterOpeningAnew() async throws {
        _ = try await store(1...5)
        await ledger.close()
        #expect(
            try await Archive(directory).telemetry(device: "press-3", after: 3, limit: 10).map(\.sequence) == [4, 5])
        #expect(try await store(6...6).inserted == 1)
    }
}
