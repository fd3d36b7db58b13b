import Drivers
import Glibc
import Plant
import TestBench
import Testing

/// What brings pictures to a link, in the words that every driver of pictures shares.
protocol PicturePartner: Sendable {
    /// One link with the stream `line.camera`.
    var configuration: String { get }
    /// Lets there be what the link looks for.
    func appear() async throws
    /// Takes it away, with what has not been taken yet.
    func vanish() async throws
    /// Brings one picture, without waiting for its verdict.
    func show(_ number: Int) async throws
}

struct FolderPartner: PicturePartner {
    private let directory: TempDirectory
    private var path: String { directory.file("in") }

    init() throws { directory = try TempDirectory() }

    var configuration: String {
        "- { name: line, driver: folder, path: \(path), pictures: line.camera, rescan: 100ms, settle: 0s }"
    }

    func appear() throws { mkdir(path, 0o755) }
    func vanish() throws { rename(path, directory.file("away-\(names(in: directory.path).count)")) }
    func show(_ number: Int) throws { try write(picture(number), to: "\(path)/\(number).png") }
}

/// Bytes that only this picture has.
func picture(_ number: Int) -> [UInt8] { Array("picture \(number)".utf8) }

@Suite(.timeLimit(.minutes(3)))
struct PictureContractTests {
    struct NoPartner: Error { var scheme: String }

    static let schemes = ["folder", "http", "camera"]
    /// Those whose pictures wait and come again. At a door somebody else waits, and a camera's part has gone on: `HTTPLinkTests` and
    /// `CameraLinkTests`.
    static let patient = ["folder"]

    private func partner(_ scheme: String) throws -> any PicturePartner {
        switch scheme {
        case "folder": try FolderPartner()
        default: throw NoPartner(scheme: scheme)
        }
    }

    @Test func everyDriverWithPicturesIsHere() {
        let known = Drivers.all.filter { $0 is any PictureDriver.Type }.map { $0.scheme }
        #expect(known.filter { !DriverContractTests.schemes.contains($0) } == Self.schemes)
    }

    @Test(arguments: patient) func connectLoseReconnectStop(_ scheme: String) async throws {
        let partner = try partner(scheme)
        let bench = try PictureBench(try link(partner.configuration))
        #expect(await eventually { if case .waiting = bench.status.state { true } else { false } })
        #expect(bench.status.lastError != nil)

        try await partner.appear()
        #expect(await bench.isConnected())
        try await partner.show(1)
        #expect(await eventually { await bench.judge.taken.map(\.bytes) == [picture(1)] })
        let first = await bench.judge.taken.first
        #expect(first?.stream == "line.camera")

        try await partner.vanish()
        #expect(await eventually { bench.status.state != .connected })
        try await partner.appear()
        #expect(await bench.isConnected())
        try await partner.show(2)
        #expect(await eventually { await bench.judge.taken.map(\.bytes) == [picture(1), picture(2)] })
        #expect(bench.counters.reconnects >= 1)
        #expect(await eventually { bench.counters.verdicts == ["good": 2] })

        await bench.stop()
        #expect(bench.status.state == .stopped)
    }

    @Test(arguments: patient) func whatIsNotTakenIsOfferedAgain(_ scheme: String) async throws {
        let partner = try partner(scheme)
        try await partner.appear()
        let bench = try PictureBench(try link(partner.configuration), mode: .refuse)
        #expect(await bench.isConnected())
        try await partner.show(1)
        #expect(await eventually { bench.counters.refusals >= 2 })
        #expect(bench.status.lastError?.contains("not acknowledged") == true)
        await bench.judge.set(.accept)
        #expect(await eventually { await bench.judge.taken.map(\.bytes) == [picture(1)] })
        await bench.stop()
    }

    @Test(arguments: patient) func stopsWhileTheJudgeIsStuck(_ scheme: String) async throws {
        let partner = try partner(scheme)
        try await partner.appear()
        let bench = try PictureBench(try link(partner.configuration), mode: .hold)
        #expect(await bench.isConnected())
        try await partner.show(1)
        #expect(await eventually { await bench.judge.offers == 1 })
        await bench.stop()
        #expect(bench.status.state == .stopped)
        #expect(await bench.judge.taken.isEmpty)
    }
}
