import Glibc
import Plant
import Registry
import TestBench
import Testing
import Trust

@Suite struct PublishTests {
    let folder: TempDirectory
    let directory: RegistryDirectory
    let root: TrustRoot
    let ledger: Ledger
    let now = WallTime(seconds: 1_800_000_000)

    init() throws {
        folder = try TempDirectory()
        directory = RegistryDirectory(folder.file("registry"))
        root = try TrustRoot(keys: [try directory.initialize()])
        ledger = Ledger(directory)
    }

    func publish(_ bytes: [UInt8], pack: String = "gearbox") async throws -> Publication {
        try await ledger.publish(bytes, pack: pack, in: directory, at: now)
    }

    func verified(pack: String = "gearbox", stored: Int64? = nil) async throws -> Targets {
        let envelope = try #require(try await Archive(directory).envelope(pack: pack))
        return try root.verify(envelope, now: now, floor: now, storedVersion: stored)
    }

    @Test func publishedModelVerifiesWithThePrintedKey() async throws {
        let done = try await publish([1, 2, 3])
        let targets = try await verified()
        let newest = try #require(targets.newest(pack: "gearbox"))
        #expect(newest.path == "gearbox/1.mwplan")
        #expect(newest.digest == done.digest)
        #expect(newest.lengthBytes == 3)
        #expect(try Digest.ofFile(directory.target(done.digest)).digest == (try Digest(of: [1, 2, 3])))
    }

    @Test func eachPublicationCountsUpAndOlderReleasesStayListed() async throws {
        for release: UInt8 in 1...10 { _ = try await publish([release]) }
        let targets = try await verified(stored: 10)
        #expect(targets.version == 10)
        #expect(targets.newest(pack: "gearbox")?.release == 10)
        #expect(targets.files.compactMap(\.release).sorted() == Array(3...10))
    }

    @Test func theNewestFileAgainKeepsItsReleaseAndLivesLonger() async throws {
        let first = try await publish([7])
        let again = try await ledger.publish(
            [7], pack: "gearbox", in: directory, at: now + .seconds(3_600))
        #expect(again.version == 2)
        #expect(again.release == first.release)
        #expect(again.expires > first.expires)
        #expect(try await verified().files.count == 1)
        _ = try await publish([8])
        #expect(try await publish([7]).release == 3, "going back to an older file is a new release")
    }

    @Test func packsCountOnTheirOwn() async throws {
        _ = try await publish([1])
        _ = try await publish([2])
        #expect(try await publish([3], pack: "pump").version == 1)
        #expect(try await Archive(directory).models().map(\.pack) == ["gearbox", "pump"])
    }

    @Test func publishingAtOnceFromSeveralProgramsLosesNothing() async throws {
        let (directory, now) = (directory, now)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index: UInt8 in 0..<8 {
                group.addTask {
                    _ = try await Ledger(directory).publish([index], pack: "gearbox", in: directory, at: now)
                }
            }
            try await group.waitForAll()
        }
        let targets = try await verified()
        #expect(targets.version == 8)
        #expect(Set(targets.files.map(\.digest)).count == 8)
    }

    @Test(arguments: ["", "..", "a/b", "a b", "包"]) func packNamesThatNeedQuotingAreRefused(_ pack: String) async {
        await #expect(throws: RegistryError.self) { try await publish([1], pack: pack) }
    }

    @Test func anEmptyFileAndAMissingOneAreRefused() async throws {
        let key = try PrivateKey(file: directory.privateKey)
        for bytes in [[UInt8](), nil] {
            let file = folder.file("model-\(bytes == nil)")
            if let bytes { try KeyFile.create(file, bytes: bytes) }
            await #expect(throws: RegistryError.self) {
                try await ledger.publish(
                    file: file, pack: "gearbox", key: key, in: directory, expiresIn: .seconds(60), at: now)
            }
        }
        #expect(try await Archive(directory).models().isEmpty)
    }

    @Test func aFileDamagedInTheRegistryIsWrittenAnew() async throws {
        let done = try await publish([1, 2, 3])
        let file = open(directory.target(done.digest), O_WRONLY | O_TRUNC)
        #expect(write(file, "x", 1) == 1)
        close(file)
        _ = try await publish([1, 2, 3])
        #expect(try Digest.ofFile(directory.target(done.digest)).digest == done.digest)
    }

    @Test func initializingAgainKeepsKeyAndToken() throws {
        let token = try KeyFile.read(directory.adminToken)
        #expect(try directory.initialize() == root.keys[0])
        #expect(try KeyFile.read(directory.adminToken) == token)
        var status = stat()
        for path in [directory.privateKey, directory.adminToken] {
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        }
        #expect(stat(directory.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    @Test func aDirectoryThatIsNoRegistryIsRefused() async throws {
        let error = await #expect(throws: RegistryError.self) {
            try await Ledger(RegistryDirectory(folder.path)).open()
        }
        #expect(error?.code == "registry.directory")
    }
}
