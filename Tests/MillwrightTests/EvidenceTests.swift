import Drivers
import Pictures
import Plant
import Store
import TestBench
import Testing

@testable import millwright

@Suite struct EvidenceTests {
    @Test func whatWasBadOrNotJudgedIsKeptAndAShareOfTheGood() async throws {
        let bench = try await StationBench(
            "evidence: { good: 0.25 }\nalerts: { burst: never, reject_rate: { share: 0.4, of: 5 } }")
        for _ in 0..<8 { try await bench.show(StationBench.good) }
        try await bench.show(StationBench.blot, part: "4711")
        try await bench.show(StationBench.dark)
        let names = try await bench.evidence()
        #expect(names.count { $0.hasSuffix("-good.json") } == 2)
        #expect(names.count { $0.hasSuffix(".json") } == 4)
        let day = "20231114/221320.000"
        #expect(
            names.filter { $0.contains("defect") } == [
                "\(day)-3-defect.heat.png", "\(day)-3-defect.json", "\(day)-3-defect.png",
            ])
        #expect(names.filter { $0.contains("not_judged") } == ["\(day)-4-not_judged.json", "\(day)-4-not_judged.png"])
        let folder = "\(bench.configuration.store.directory)/evidence/press-3"
        #expect(try Files.bytes("\(folder)/\(day)-3-defect.png") == StationBench.blot)
        _ = try PictureDecoder.decode(try Files.bytes("\(folder)/\(day)-3-defect.heat.png"))
        #expect(try Files.text("\(folder)/\(day)-3-defect.json").contains("\"part\":\"4711\""))

        try await bench.show(StationBench.blot)
        let alert = try #require(try await bench.store.openAlerts().first)
        #expect(alert.cause.english.hasSuffix("Newest picture: evidence/press-3/\(day)-5-defect."))
    }

    @Test func barePixelsAreKeptAsAPictureThatOpensAnywhere() throws {
        let folder = try TempDirectory()
        var evidence = EvidenceFolder(folder.file("e"), .init(), leastFree: 0)
        var item = Self.item("20231114/1", bytes: 6)
        item.picture = [1, 2, 3, 4, 5, 6]
        item.encoding = .raw(RawShape(width: 3, height: 2, layout: .grey8))
        let isWritten = evidence.write(item, clock: ManualClock())
        #expect(isWritten)
        let picture = try PictureDecoder.decode(try Files.bytes(folder.file("e/20231114/1.png"))).picture
        #expect(picture.pixels == item.picture && picture.width == 3)
    }

    @Test func theOldestGivesWayToTheNewest() throws {
        let folder = try TempDirectory()
        let clock = ManualClock()
        var settings = StationDefinition.Evidence()
        settings.bytes = 2_500
        var evidence = EvidenceFolder(folder.file("e"), settings, leastFree: 0)
        for number in 1...5 {
            let isWritten = evidence.write(Self.item("20231114/\(number)", bytes: 900), clock: clock)
            #expect(isWritten)
            #expect(evidence.bytes <= settings.bytes)
        }
        #expect(try DirectoryListing.names(in: folder.file("e/20231114")) == ["4.json", "4.png", "5.json", "5.png"])
        let isTooLargeKept = evidence.write(Self.item("20231114/6", bytes: 3_000), clock: clock)
        #expect(!isTooLargeKept)
        // What is there counts after a restart too.
        #expect(EvidenceFolder(folder.file("e"), settings, leastFree: 0).bytes == evidence.bytes)
    }

    /// A NAS or a file manager puts folders of its own anywhere.
    @Test func aForeignFolderIsInNobodysWay() throws {
        let folder = try TempDirectory()
        let clock = ManualClock()
        var settings = StationDefinition.Evidence()
        (settings.bytes, settings.age) = (2_500, .seconds(2 * 86_400))
        var evidence = EvidenceFolder(folder.file("e"), settings, leastFree: 0)
        for day in ["20231112", "20231114"] {
            EvidenceFolder.makeDirectories(folder.file("e/\(day)/#recycle"))
            EvidenceFolder.makeDirectories(folder.file("e/\(day)/zz"))
            for number in 1...4 {
                let isWritten = evidence.write(Self.item("\(day)/\(number)", bytes: 900), clock: clock)
                #expect(isWritten)
                #expect(evidence.bytes <= settings.bytes)
            }
        }
        #expect(
            try DirectoryListing.names(in: folder.file("e/20231114")) == [
                "#recycle", "3.json", "3.png", "4.json", "4.png", "zz",
            ])
        // The older day has nothing of ours any more, and does not keep the next one from going.
        clock.advance(by: .seconds(4 * 86_400))
        evidence.keep(clock: clock)
        #expect(evidence.files == 0 && evidence.bytes == 0)
    }

    @Test func whatIsTooOldGoesADayAtATime() throws {
        let folder = try TempDirectory()
        let clock = ManualClock()
        var settings = StationDefinition.Evidence()
        settings.age = .seconds(2 * 86_400)
        var evidence = EvidenceFolder(folder.file("e"), settings, leastFree: 0)
        for day in ["20231110", "20231111", "20231113"] {
            let isWritten = evidence.write(Self.item("\(day)/1", bytes: 10), clock: clock)
            #expect(isWritten)
        }
        // The first went with the second write already; a clock that leaps takes no more until an hour has gone.
        clock.step(wallTo: clock.wall() + .seconds(365 * 86_400))
        evidence.keep(clock: clock)
        #expect(EvidenceFolder.days(in: folder.file("e")).count == 3)
        clock.advance(by: .seconds(3_600))
        evidence.keep(clock: clock)
        #expect(EvidenceFolder.days(in: folder.file("e")) == ["20231111", "20231113"])
    }

    @Test func onAFullDiskEvidenceGivesWayAndVerdictsGoOn() async throws {
        let folder = try TempDirectory()
        let clock = ManualClock()
        var evidence = EvidenceFolder(folder.file("e"), .init(), leastFree: 0)
        _ = evidence.write(Self.item("20231114/1", bytes: 10), clock: clock)
        #expect(evidence.files == 2)
        var full = EvidenceFolder(folder.file("e"), .init(), leastFree: .max / 2)
        let isWritten = full.write(Self.item("20231114/2", bytes: 10), clock: clock)
        #expect(!isWritten && full.files == 0 && full.bytes == 0)
        #expect(EvidenceFolder.days(in: folder.file("e")).isEmpty)

        // A folder that cannot be made stands for a disk that refuses.
        let bench = try await StationBench()
        try Files.write("", to: "\(bench.configuration.store.directory)/evidence")
        #expect(try await bench.show(StationBench.blot, receipt: 1) == .defect)
        #expect(try await bench.evidence().isEmpty)
        #expect(try bench.status.evidence?.dropped == 1)
        #expect(try await bench.stored(.verdict) == [.number(1)])
    }

    static func item(_ name: String, bytes: Int) -> EvidenceFolder.Item {
        .init(
            name: name, picture: [0x89] + [UInt8](repeating: 1, count: bytes - 1), verdict: Array("{}".utf8),
            mapThreshold: 0)
    }
}
