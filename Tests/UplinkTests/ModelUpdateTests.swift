import Plant
import Store
import TestBench
import Testing
import Trust
import Uplink

@Suite struct ModelUpdateTests {
    static let first = Bench.blob(1)
    static let second = Bench.blob(2)
    static let third = Bench.blob(3)

    /// A box on which release 1 runs.
    func benchWithFirst() async throws -> Bench {
        let bench = try Bench()
        try bench.publish(Self.first, release: 1)
        _ = try await bench.refresh()
        return bench
    }

    @Test func aNewerReleaseIsFetchedProvedAndSwitchedTo() async throws {
        let bench = try await benchWithFirst()
        #expect(try await bench.active() == bench.digest(Self.first))
        try bench.publish(Self.second, release: 2)
        let digest = try bench.digest(Self.second)
        #expect(try await bench.refresh() == .activated(release: 2, digest: digest))
        let slots = try #require(try await bench.slots())
        #expect(slots.active == digest)
        #expect(try slots.previous == bench.digest(Self.first))
        let record = try #require(try await bench.store.modelRecord(digest, pack: Bench.pack))
        #expect(record.version == 2 && record.bytes == 1_000 && record.state == .active)
        // The signed statement is kept byte for byte: whoever asks later can check it again.
        let targets = try TrustRoot(keys: [bench.key.publicKey]).verify(
            record.envelope, now: bench.clock.wall(), floor: WallTime(nanoseconds: 0), storedVersion: nil)
        #expect(targets.newest(pack: Bench.pack)?.digest.hex == digest)
        #expect(try MappedFile(path: bench.store.models.path(of: digest)).withBytes { $0.elementsEqual(Self.second) })
    }

    @Test func whatIsUpToDateIsNotFetchedAgain() async throws {
        let bench = try await benchWithFirst()
        let proofs = bench.prover.count
        for _ in 0..<3 { #expect(try await bench.refresh() == .upToDate(release: 1)) }
        #expect(bench.registry.downloads.count == 1 && bench.prover.count == proofs)
    }

    @Test func theNewestOfSeveralReleasesIsTaken() async throws {
        let bench = try Bench()
        for blob in [Self.first, Self.second, Self.third] { try bench.registry.keep(blob) }
        bench.registry.serve(
            try bench.envelope(
                [
                    bench.target(Self.first, release: 1), bench.target(Self.third, release: 10),
                    bench.target(Self.second, release: 9),
                ], version: 1), pack: Bench.pack)
        #expect(try await bench.refresh() == .activated(release: 10, digest: bench.digest(Self.third)))
        #expect(bench.registry.downloads.count == 1)
    }

    // MARK: What the registry says is not believed

    struct Statement: Sendable, CustomTestStringConvertible {
        var name: String
        var code: String
        var make: @Sendable (Bench) throws -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ code: String, _ make: @escaping @Sendable (Bench) throws -> [UInt8]) {
            self.name = name
            self.code = code
            self.make = make
        }

        static func signed(_ bench: Bench, keys: [PrivateKey]? = nil, span: Duration = Bench.day) throws -> [UInt8] {
            try bench.envelope(
                [bench.target(ModelUpdateTests.second, release: 2)], version: 2, validFor: span, keys: keys)
        }
    }

    static let statements = [
        Statement("signed by a stranger", "trust.threshold") {
            try Statement.signed($0, keys: [PrivateKey(seed: [UInt8](repeating: 8, count: 32))])
        },
        Statement("not signed", "trust.threshold") { try Statement.signed($0, keys: []) },
        Statement("signed twice by one key", "trust.repeated_key") {
            try Statement.signed($0, keys: [$0.key, $0.key])
        },
        Statement("changed after signing", "trust.threshold") {
            Array(
                String(decoding: try Statement.signed($0), as: UTF8.self)
                    .replacing("\"release\":2", with: "\"release\":3").utf8)
        },
        Statement("expired", "trust.expired") { try Statement.signed($0, span: .seconds(-1)) },
        Statement("expires this second", "trust.expired") { try Statement.signed($0, span: .seconds(0)) },
        Statement("cut short", "trust.json") { try Statement.signed($0).dropLast(9) + [] },
        Statement("a page", "trust.json") { _ in Array("<html>Please log in</html>".utf8) },
        Statement("nothing", "trust.json") { _ in [] },
        Statement("without the pack", "uplink.no_model") { try $0.envelope([], version: 2) },
        Statement("too large for this box", "uplink.too_large") {
            var target = try $0.target(ModelUpdateTests.second, release: 2)
            target.lengthBytes = 65 << 20
            return try $0.envelope([target], version: 2)
        },
    ]

    @Test(arguments: statements) func aStatementThatIsNoGoodChangesNothing(statement: Statement) async throws {
        let bench = try await benchWithFirst()
        try bench.registry.keep(Self.second)
        bench.registry.serve(try statement.make(bench), pack: Bench.pack)
        #expect(await code { try await bench.refresh() } == statement.code)
        #expect(try await bench.active() == bench.digest(Self.first))
        #expect(bench.registry.downloads.count == 1, "nothing is fetched on a word that is not believed")
        // And it does no harm to what is good later.
        try bench.publish(Self.second, release: 2)
        #expect(try await bench.refresh() == .activated(release: 2, digest: bench.digest(Self.second)))
    }

    @Test(arguments: [(500, "{}", "uplink.status.500"), (404, "{}", "uplink.no_model"), (401, "", "uplink.status.401")])
    func aRegistryThatRefusesChangesNothing(status: Int, body: String, expected: String) async throws {
        let bench = try await benchWithFirst()
        bench.registry.answerEveryGet((status, body))
        #expect(await code { try await bench.refresh() } == expected)
        #expect(try await bench.active() == bench.digest(Self.first))
    }

    @Test func metadataIsNotRolledBack() async throws {
        var bench = try Bench()
        try bench.publish(Self.second, release: 2, version: 5)
        _ = try await bench.refresh()
        bench = try await bench.restarted()
        // Good once, signed by the right key, and a higher release even.
        try bench.publish(Self.third, release: 3, version: 4)
        #expect(await code { try await bench.refresh() } == "trust.rolled_back")
        #expect(try await bench.active() == bench.digest(Self.second))
        try bench.publish(Self.third, release: 3, version: 5)
        #expect(try await bench.refresh() == .activated(release: 3, digest: bench.digest(Self.third)))
    }

    @Test func anOlderReleaseInNewerMetadataIsNotTaken() async throws {
        let bench = try Bench()
        try bench.publish(Self.second, release: 2, version: 5)
        _ = try await bench.refresh()
        try bench.publish(Self.first, release: 1, version: 6)
        #expect(try await bench.refresh() == .upToDate(release: 2))
        #expect(try await bench.active() == bench.digest(Self.second))
    }

    @Test(arguments: [WallTime(nanoseconds: 0), WallTime(seconds: 1_699_990_000)])
    func aClockSetBackDoesNotReviveWhatHasExpired(dead: WallTime) async throws {
        var bench = try Bench()
        try bench.publish(Self.first, release: 1)
        let old = try bench.envelope([bench.target(Self.second, release: 2)], version: 2, validFor: .seconds(3_600))
        try bench.registry.keep(Self.second)
        _ = try await bench.refresh()
        // Signed metadata was good at this later time, so it has been at least this late once.
        bench.clock.advance(by: .seconds(7_200))
        _ = try await bench.refresh()
        bench = try await bench.restarted()
        bench.clock.step(wallTo: dead)
        bench.registry.serve(old, pack: Bench.pack)
        #expect(await code { try await bench.refresh() } == "trust.expired")
        #expect(try await bench.active() == bench.digest(Self.first))
    }

    // MARK: Bad files

    @Test(arguments: [
        MemoryRegistry.DownloadTurn.bytes(Bench.blob(9)), .bytes(Bench.blob(2, count: 999)), .bytes([]),
        .bytesBeyondLimit(Bench.blob(2, count: 1_001)),
    ])
    func aFileThatIsNotTheSignedOneIsRemovedAndTheOldModelStays(turn: MemoryRegistry.DownloadTurn) async throws {
        let bench = try await benchWithFirst()
        try bench.publish(Self.second, release: 2)
        bench.registry.nextDownloads([turn])
        let proofs = bench.prover.count
        #expect(await code { try await bench.refresh() } == "uplink.wrong_file")
        #expect(bench.prover.count == proofs, "a wrong file is never opened as a model")
        #expect(try await bench.active() == bench.digest(Self.first))
        #expect(try bench.modelFiles() == ["\(bench.digest(Self.first)).mwplan"])
        // Not the model's fault: it is tried again.
        #expect(try await bench.refresh() == .activated(release: 2, digest: bench.digest(Self.second)))
    }

    @Test(arguments: [
        MemoryRegistry.DownloadTurn.cut, .bytes(Bench.blob(2, count: 1_001)), .bytes(Bench.blob(2, count: 1 << 20)),
    ])
    func aDownloadThatFailsIsTriedAgain(turn: MemoryRegistry.DownloadTurn) async throws {
        let bench = try await benchWithFirst()
        try bench.publish(Self.second, release: 2)
        bench.registry.nextDownloads([turn, turn])
        for _ in 0..<2 { #expect(await code { try await bench.refresh() } == "uplink.unreachable") }
        #expect(try await bench.active() == bench.digest(Self.first))
        #expect(try await bench.refresh() == .activated(release: 2, digest: bench.digest(Self.second)))
    }

    @Test func aFileThatRottedBeforeItWasTakenIsFetchedAgain() async throws {
        let bench = try await benchWithFirst()
        try bench.publish(Self.second, release: 2)
        // Cut after the file had got its name; then the disk changed a byte of it.
        var rotten = Self.second
        rotten[500] ^= 4
        let digest = try bench.digest(Self.second)
        try bench.store.models.write(rotten, digest: digest)
        #expect(try await bench.refresh() == .activated(release: 2, digest: digest))
    }

    // MARK: Proof

    @Test func aModelThatFailsItsProofIsNotFetchedAgainUntilANewerOneComes() async throws {
        var bench = try await benchWithFirst()
        try bench.prover.refuse(Self.second)
        try bench.publish(Self.second, release: 2)
        #expect(await code { try await bench.refresh() } == "uplink.proof")
        #expect(try await bench.active() == bench.digest(Self.first))
        let fetched = bench.registry.downloads.count
        let expected = ModelUpdate.Outcome.refusedBefore(
            digest: try bench.digest(Self.second), reason: "the receipt does not hold")
        #expect(try await bench.refresh() == expected)
        bench = try await bench.restarted()
        #expect(try await bench.refresh() == expected)
        #expect(bench.registry.downloads.count == fetched)
        try bench.publish(Self.third, release: 3)
        #expect(try await bench.refresh() == .activated(release: 3, digest: bench.digest(Self.third)))
        #expect(try await bench.slots()?.previous == bench.digest(Self.first))
    }

    @Test func aModelThatWasRolledBackDoesNotComeBackByItself() async throws {
        let bench = try await benchWithFirst()
        try bench.publish(Self.second, release: 2)
        _ = try await bench.refresh()
        _ = try await bench.store.rollback(pack: Bench.pack, reason: "alerts on a good machine")
        #expect(
            try await bench.refresh()
                == .refusedBefore(digest: bench.digest(Self.second), reason: "alerts on a good machine"))
        #expect(try await bench.active() == bench.digest(Self.first))
        try bench.publish(Self.third, release: 3)
        #expect(try await bench.refresh() == .activated(release: 3, digest: bench.digest(Self.third)))
        #expect(try await bench.slots()?.previous == bench.digest(Self.first))
    }

    // MARK: Cuts

    enum Cut: CaseIterable, Sendable {
        case fetched, adopted, recorded, proved, activated
    }

    @Test(arguments: Cut.allCases) func anUpdateThatWasCutIsFinishedByTheNextRefresh(cut: Cut) async throws {
        var bench = try await benchWithFirst()
        try bench.publish(Self.second, release: 2)
        let digest = try bench.digest(Self.second)
        let store = bench.store
        try store.models.write(Self.second, digest: digest)
        if cut == .fetched {
            // Whole, but not yet under its name.
            #expect(try rename(store.models.path(of: digest), to: store.models.partialPath(of: digest)))
        } else if cut != .adopted {
            try await store.recordFetched(
                FetchedModel(digest: digest, pack: Bench.pack, version: 2, envelope: [1], bytes: 1_000))
            if cut != .recorded { try await store.markProved(digest, pack: Bench.pack) }
            if cut == .activated { try await store.activate(digest, pack: Bench.pack) }
        }
        bench = try await bench.restarted()
        #expect(try await bench.active() == (cut == .activated ? digest : bench.digest(Self.first)))
        #expect(
            try await bench.refresh()
                == (cut == .activated ? .upToDate(release: 2) : .activated(release: 2, digest: digest)))
        #expect(try await bench.active() == digest)
        #expect(try await bench.slots()?.previous == bench.digest(Self.first))
        #expect(bench.registry.downloads.count == (cut == .fetched ? 2 : 1), "what is whole is not fetched again")
        #expect(try bench.modelFiles().count == 2)
    }

    // MARK: A pack's own model

    @Test func anyReleaseIsNewerThanThePacksOwnModel() async throws {
        let bench = try Bench()
        let own = try await bench.installer.install(Self.first, pack: Bench.pack, version: 0)
        #expect(try await bench.active() == own)
        try bench.publish(Self.second, release: 1)
        #expect(try await bench.refresh() == .activated(release: 1, digest: bench.digest(Self.second)))
        #expect(try await bench.slots()?.previous == own)
    }

    @Test func aReleaseThatRunsAlreadyUnderAnotherNumberIsNotSwitchedToAgain() async throws {
        let bench = try Bench()
        _ = try await bench.installer.install(Self.first, pack: Bench.pack, version: 0)
        let proofs = bench.prover.count
        try bench.publish(Self.first, release: 1)
        for _ in 0..<2 { #expect(try await bench.refresh() == .upToDate(release: 1)) }
        #expect(bench.registry.downloads.isEmpty && bench.prover.count == proofs)
        // An old model may be given a new number to go back to it everywhere.
        try bench.publish(Self.second, release: 2)
        _ = try await bench.refresh()
        try bench.publish(Self.first, release: 3)
        #expect(try await bench.refresh() == .activated(release: 3, digest: bench.digest(Self.first)))
        #expect(try await bench.refresh() == .upToDate(release: 3))
        #expect(try await bench.slots()?.previous == bench.digest(Self.second))
    }

    @Test func anOwnModelThatFailsItsProofLeavesTheSlotAsItWas() async throws {
        let bench = try Bench()
        try bench.prover.refuse(Self.second)
        #expect(
            await code { try await bench.installer.install(Self.second, pack: Bench.pack, version: 0) }
                == "uplink.proof")
        #expect(try await bench.active() == nil)
        _ = try await bench.installer.install(Self.first, pack: Bench.pack, version: 0)
        #expect(
            await code { try await bench.installer.install(Self.second, pack: Bench.pack, version: 0) }
                == "uplink.proof")
        #expect(try await bench.active() == bench.digest(Self.first))
    }
}
