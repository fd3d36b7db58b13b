import Glibc
import Plant
import Store
import TestBench
import Testing

@Suite struct ModelTests {
    static let first = String(repeating: "1", count: 64)
    static let second = String(repeating: "2", count: 64)
    static let third = String(repeating: "3", count: 64)

    func fetched(_ digest: String, version: Int64 = 1) -> FetchedModel {
        FetchedModel(digest: digest, pack: "rotating-machine", version: version, envelope: [1, 2, 3], bytes: 5)
    }

    /// All steps of an update, each of which may be the last before the power goes.
    func steps(_ digest: String) -> [@Sendable (Store) async throws -> Void] {
        let model = fetched(digest)
        return [
            { try $0.models.write([1, 2, 3, 4, 5], digest: digest) },
            { try await $0.recordFetched(model) },
            { try await $0.markProved(digest, pack: "rotating-machine") },
            { try await $0.activate(digest, pack: "rotating-machine") },
        ]
    }

    @Test func theSwitchIsAtomicAndThePreviousIsKept() async throws {
        var fixture = try await Fixture()
        for digest in [Self.first, Self.second, Self.third] {
            for step in steps(digest) { try await step(fixture.store) }
        }
        fixture = try await fixture.reopened()
        let slots = try #require(try await fixture.store.slots().first)
        #expect(slots.active == Self.third && slots.previous == Self.second)
        #expect(try await fixture.store.modelRecords().map(\.state) == [.proved, .previous, .active])
        let record = try #require(try await fixture.store.modelRecord(Self.third, pack: "rotating-machine"))
        #expect(
            record.envelope == [1, 2, 3] && record.bytes == 5 && record.provedAt != nil && record.activatedAt != nil)
        #expect(record.file == "\(Self.third).mwplan")
    }

    @Test(arguments: 0...4, 1...2)
    func anUpdateCutAtAnyStepLeavesTheOldOrTheNewModelAndCanBeEnteredAgain(cut: Int, times: Int) async throws {
        var fixture = try await Fixture()
        for step in steps(Self.first) { try await step(fixture.store) }
        // The power goes after `cut` steps; the last of them was done once or, its answer lost, twice.
        for index in 0..<cut {
            for _ in 0..<(index == cut - 1 ? times : 1) { try await steps(Self.second)[index](fixture.store) }
        }
        fixture = try await fixture.reopened()
        #expect(try await fixture.store.slots().first?.active == (cut == 4 ? Self.second : Self.first))
        let active = try #require(try await fixture.store.slots().first?.active)
        #expect(
            try MappedFile(path: fixture.store.models.path(of: active)).withBytes { $0.elementsEqual([1, 2, 3, 4, 5]) })
        for step in steps(Self.second) { try await step(fixture.store) }
        #expect(try await fixture.store.slots().first?.active == Self.second)
        #expect(try await fixture.store.slots().first?.previous == Self.first)
        #expect(try await fixture.store.modelRecords().count == 2)
    }

    @Test func onlyAProvedModelIsActivated() async throws {
        let fixture = try await Fixture()
        try await fixture.store.recordFetched(fetched(Self.first))
        let early = await #expect(throws: StoreError.self) {
            try await fixture.store.activate(Self.first, pack: "rotating-machine")
        }
        #expect(early?.code == "store.model_state")
        try await fixture.store.refuse(Self.first, pack: "rotating-machine", reason: "receipt differs")
        // Fetching it again does not forget that it was refused.
        #expect(try await fixture.store.recordFetched(fetched(Self.first)).state == .refused)
        let refused = await #expect(throws: StoreError.self) {
            try await fixture.store.markProved(Self.first, pack: "rotating-machine")
        }
        #expect(refused?.code == "store.model_state")
        #expect(try await fixture.store.modelRecords().first?.reason == "receipt differs")
        try await fixture.store.reconsider(Self.first, pack: "rotating-machine")
        try await fixture.store.markProved(Self.first, pack: "rotating-machine")
        #expect(try await fixture.store.activate(Self.first, pack: "rotating-machine").active == Self.first)
        let inUse = await #expect(throws: StoreError.self) {
            try await fixture.store.refuse(Self.first, pack: "rotating-machine", reason: "no")
        }
        #expect(inUse?.code == "store.model_state")
        let unknown = await #expect(throws: StoreError.self) {
            try await fixture.store.activate(Self.second, pack: "rotating-machine")
        }
        #expect(unknown?.code == "store.not_found")
        await #expect(throws: StoreError.self) { try await fixture.store.recordFetched(fetched("../../etc/passwd")) }
    }

    @Test func aRollbackGoesBackOnceAndRefusesWhatWasActive() async throws {
        let fixture = try await Fixture()
        for step in steps(Self.first) + steps(Self.second) { try await step(fixture.store) }
        let slots = try await fixture.store.rollback(pack: "rotating-machine", reason: "mass of alerts")
        #expect(slots.active == Self.first && slots.previous == nil)
        #expect(try await fixture.store.modelRecord(Self.second, pack: "rotating-machine")?.state == .refused)
        #expect(try await fixture.store.modelRecord(Self.second, pack: "rotating-machine")?.reason == "mass of alerts")
        let again = await #expect(throws: StoreError.self) {
            try await fixture.store.rollback(pack: "rotating-machine", reason: "again")
        }
        #expect(again?.code == "store.not_found")
        #expect(try await fixture.store.slots().first?.active == Self.first)
    }

    @Test func whatNoSlotNamesIsRemovedInTheEnd() async throws {
        let fixture = try await Fixture()
        let digests = "123456".map { String(repeating: String($0), count: 64) }
        for digest in digests { for step in steps(digest) { try await step(fixture.store) } }
        try fixture.store.models.write([9], digest: String(repeating: "9", count: 64))
        let removed = try await fixture.store.pruneModels(keeping: 1)
        #expect(Set(removed) == Set((digests[0...2] + [String(repeating: "9", count: 64)]).map { "\($0).mwplan" }))
        #expect(try fixture.store.models.digests() == Array(digests[3...]))
        #expect(try await fixture.store.modelRecords().map(\.digest) == Array(digests[3...]))
    }

    @Test func aFileIsUnderItsNameOnlyWhenItIsWhole() async throws {
        let fixture = try await Fixture()
        let files = fixture.store.models
        let partial = try files.partialPath(of: Self.first)
        #expect(throws: StoreError.self) { try files.adopt(Self.first) }
        let descriptor = open(partial, O_CREAT | O_WRONLY, 0o600)
        #expect(write(descriptor, [7, 7, 7] as [UInt8], 3) == 3)
        close(descriptor)
        #expect(try !files.contains(Self.first))
        try files.adopt(Self.first)
        try files.adopt(Self.first)
        #expect(try files.contains(Self.first) && files.digests() == [Self.first])
        for name in ["", "abc", String(repeating: "A", count: 64), "../" + String(repeating: "1", count: 61)] {
            #expect(throws: StoreError.self) { try files.path(of: name) }
        }
    }

    /// A daemon runs on a model over which somebody copies another: not a bit of it changes, and nothing ends.
    @Test func aCopiedFileIsWhatItWas() throws {
        let folder = try TempDirectory()
        let path = folder.file("model")
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        func write(_ content: [UInt8]) {
            let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
            #expect(Glibc.write(descriptor, content, content.count) == content.count)
            close(descriptor)
        }
        write(bytes)
        let copy = try MappedFile(copying: path)
        truncate(path, 10)
        #expect(copy.withBytes { $0.elementsEqual(bytes) })
        write([UInt8](repeating: 7, count: 300_000))
        #expect(copy.withBytes { $0.elementsEqual(bytes) })
        #expect(try MappedFile(copying: path).withBytes { $0.allSatisfy { $0 == 7 } })
    }

    @Test func whatIsNoFileIsSaidAndNothingIsWaitedFor() throws {
        let folder = try TempDirectory()
        try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
        for (name, reason) in [("pipe", "Operation not supported"), ("", "Is a directory")] {
            let error = #expect(throws: StoreError.self) { try MappedFile(path: folder.file(name)) }
            #expect("\(try #require(error))".contains(reason))
        }
    }

    @Test func aMappedFileIsTheFile() throws {
        let folder = try TempDirectory()
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for (name, content) in [("some", bytes), ("none", [])] {
            let descriptor = open(folder.file(name), O_CREAT | O_WRONLY, 0o600)
            #expect(write(descriptor, content, content.count) == content.count)
            close(descriptor)
            #expect(try MappedFile(path: folder.file(name)).withBytes { $0.elementsEqual(content) })
        }
        let error = #expect(throws: StoreError.self) { try MappedFile(path: folder.file("missing")) }
        #expect(error?.code == "store.file")
    }
}
