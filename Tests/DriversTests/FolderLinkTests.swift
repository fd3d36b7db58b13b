import Drivers
import Glibc
import Plant
import TestBench
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FolderLinkTests {
    let directory: TempDirectory

    init() throws {
        directory = try TempDirectory()
        mkdir(directory.file("in"), 0o755)
        mkdir(directory.file("done"), 0o755)
    }

    private var incoming: String { directory.file("in") }
    private var done: String { directory.file("done") }

    private func folder(_ more: String = "then: keep", settle: String = "0s") throws -> LinkDefinition {
        try link(
            """
            - name: line
              driver: folder
              path: \(incoming)
              pictures: line.camera
              rescan: 100ms
              settle: \(settle)
              \(more)
            """)
    }

    private func put(_ name: String, _ text: String, second: Int? = nil) throws {
        guard let second else { return try write(Array(text.utf8), to: "\(incoming)/\(name)") }
        // Under a name that is not taken: with another time it would be another picture.
        let hidden = "\(incoming)/.\(name)"
        try write(Array(text.utf8), to: hidden)
        let times = [timespec(tv_sec: second, tv_nsec: 5), timespec(tv_sec: second, tv_nsec: 5)]
        try #require(utimensat(AT_FDCWD, hidden, times, 0) == 0)
        try #require(rename(hidden, "\(incoming)/\(name)") == 0)
    }

    @Test func whatLiesThereIsTakenOldestFirst() async throws {
        try put("b.png", "2", second: 2_000)
        try put("a.png", "3", second: 3_000)
        try put("c.JPG", "1", second: 1_000)
        try put("notes.txt", "no picture")
        try put(".d.png", "somebody's work in hand")
        let bench = try PictureBench(try folder())
        #expect(await bench.hasTaken(["c.JPG", "b.png", "a.png"]))
        let first = try #require(await bench.judge.taken.first)
        #expect(first.sourceTime == WallTime(nanoseconds: 1_000_000_000_005))
        #expect(first.bytes == [UInt8(ascii: "1")] && first.receipt != nil && first.link == "line")
        #expect(names(in: incoming).count == 5)
        await bench.stop()
    }

    @Test func aNewFileIsTakenWhenItIsComplete() async throws {
        let bench = try PictureBench(try folder(settle: "1h"))
        #expect(await bench.isConnected())
        // Half a file, as long as it is open for writing: neither its creation nor a rescan makes it complete.
        let half = open("\(incoming)/a.png", O_WRONLY | O_CREAT, 0o644)
        #expect(Glibc.write(half, "half", 4) == 4)
        try put("b.png", "whole")
        #expect(await bench.hasTaken(["b.png"]))
        #expect(Glibc.write(half, " and half", 9) == 9)
        close(half)
        #expect(await bench.hasTaken(["b.png", "a.png"]))
        #expect(await bench.judge.taken.last?.bytes == Array("half and half".utf8))
        // Written elsewhere, then moved here.
        try write(Array("moved".utf8), to: directory.file("c.tmp"))
        rename(directory.file("c.tmp"), "\(incoming)/c.png")
        #expect(await bench.hasTaken(["b.png", "a.png", "c.png"]))
        await bench.stop()
    }

    /// A link to a file makes no event that anybody waits for, as a write over a network makes none on the box.
    @Test func aRescanFindsWhatTheKernelDoesNotTell() async throws {
        let bench = try PictureBench(try folder(settle: "10ms"))
        #expect(await bench.isConnected())
        try write(Array("1".utf8), to: directory.file("elsewhere"))
        try #require(Glibc.link(directory.file("elsewhere"), "\(incoming)/a.png") == 0)
        #expect(await bench.hasTaken(["a.png"]))
        await bench.stop()
    }

    @Test func anEmptyFileIsNotThereYet() async throws {
        let bench = try PictureBench(try folder())
        #expect(await bench.isConnected())
        try put("a.png", "")
        try put("b.png", "1")
        #expect(await bench.hasTaken(["b.png"]))
        try put("a.png", "2")
        #expect(await bench.hasTaken(["b.png", "a.png"]))
        #expect(bench.counters.malformed == [:])
        await bench.stop()
    }

    @Test func keptFilesAreJudgedOnceForEachContent() async throws {
        let store = MemorySink()
        let first = try PictureBench(try folder(), store: store)
        try put("a.png", "1")
        try put("b.png", "2")
        #expect(await eventually { first.counters.stored == 2 })
        await first.stop()

        let second = try PictureBench(try folder(), store: store)
        #expect(await eventually { second.counters.duplicates == 2 })
        // A name with another content is another picture.
        try put("a.png", "11")
        #expect(await second.hasTaken(["a.png"]))
        #expect(second.counters.duplicates == 2)
        await second.stop()
        #expect(names(in: incoming) == ["a.png", "b.png"])
    }

    @Test func judgedFilesAreDeletedAfterTheVerdict() async throws {
        let bench = try PictureBench(try folder("then: delete"), mode: .hold)
        try put("a.png", "1")
        #expect(await eventually { await bench.judge.offers == 1 })
        #expect(names(in: incoming) == ["a.png"])
        await bench.judge.set(.accept)
        #expect(await eventually { names(in: incoming) == [] })
        #expect(await bench.judge.names == ["a.png"])
        await bench.stop()
    }

    @Test func judgedFilesAreMovedAndLeaveOthersAlone() async throws {
        try write(Array("somebody else's".utf8), to: "\(done)/a.png")
        let bench = try PictureBench(try folder("then: { move: \(done) }"))
        try put("a.png", "1")
        try put("b", "no pattern fits")
        #expect(await eventually { names(in: incoming) == ["b"] })
        let moved = names(in: done)
        #expect(moved.count == 2 && moved.contains("a.png"))
        #expect(moved.allSatisfy { $0.hasPrefix("a") && $0.hasSuffix(".png") })
        #expect(
            Set(moved.compactMap { contents("\(done)/\($0)") }.map { String(decoding: $0, as: UTF8.self) })
                == ["somebody else's", "1"])
        await bench.stop()
    }

    /// The verdict is durable, and the box dies before the file is moved: the next run moves it, and judges nothing.
    @Test func aKillBetweenVerdictAndMoveJudgesOnce() async throws {
        let store = MemorySink()
        try put("a.png", "1")
        let killed = try PictureBench(try folder("then: { move: \(directory.file("not-there-yet")) }"), store: store)
        #expect(await eventually { killed.status.lastError?.contains("judged, and still there") == true })
        // Nothing else is held up by it.
        try put("b.png", "2")
        #expect(await killed.hasTaken(["a.png", "b.png"]))
        await killed.stop()

        let next = try PictureBench(try folder("then: { move: \(done) }"), store: store)
        #expect(await eventually { names(in: done) == ["a.png", "b.png"] })
        #expect(names(in: incoming) == [])
        #expect(await eventually { next.counters.duplicates == 2 })
        #expect(await next.judge.offers == 0)
        await next.stop()
    }

    @Test func aFileThatCannotBeMovedIsMovedWhenItCan() async throws {
        let target = directory.file("later")
        let bench = try PictureBench(try folder("then: { move: \(target) }"))
        try put("a.png", "1")
        #expect(await eventually { bench.status.lastError?.contains("No such file") == true })
        mkdir(target, 0o755)
        #expect(await eventually { names(in: target) == ["a.png"] })
        #expect(await bench.judge.offers == 1)
        #expect(bench.counters.duplicates == 0)
        await bench.stop()
    }

    /// Another disk, and a small one: what has no room there stays here, judged, and goes when there is room.
    @Test(.enabled(if: geteuid() == 0, "needs root to mount a small file system"))
    func anotherDiskIsCopiedToAndAFullOneIsWaitedFor() async throws {
        let disk = directory.file("disk")
        mkdir(disk, 0o755)
        try #require(mount("tmpfs", disk, "tmpfs", 0, "size=256k") == 0)
        defer { umount2(disk, 2) }
        let filler = [UInt8](repeating: 7, count: 200_000)
        try write(filler, to: "\(disk)/others")
        let bench = try PictureBench(try folder("then: { move: \(disk) }"))
        try put("small.png", "1", second: 1_000)
        #expect(await eventually { names(in: disk) == ["others", "small.png"] })
        #expect(contents("\(disk)/small.png") == Array("1".utf8))
        var status = Glibc.stat()
        #expect(lstat("\(disk)/small.png", &status) == 0)
        #expect(status.st_mtim.tv_sec == 1_000)

        let large = String(repeating: "x", count: 100_000)
        try put("large.png", large, second: 2_000)
        #expect(await eventually { bench.status.lastError?.contains("No space left") == true })
        // Nothing of it lies there, under no name, and it was not lost here.
        #expect(await eventually { names(in: disk) == ["others", "small.png"] })
        #expect(names(in: incoming) == ["large.png"])
        unlink("\(disk)/others")
        #expect(await eventually { names(in: incoming) == [] })
        #expect(names(in: disk) == ["large.png", "small.png"])
        #expect(contents("\(disk)/large.png") == Array(large.utf8))
        #expect(await bench.judge.names == ["small.png", "large.png"])
        await bench.stop()
    }

    /// The store has committed and could not say so: the link asks it again before it offers the picture again.
    @Test func whatWasStoredInSecretIsNotJudgedAgain() async throws {
        let bench = try PictureBench(try folder("then: delete"), mode: .forget)
        try put("a.png", "1")
        #expect(await eventually { names(in: incoming) == [] })
        #expect(await bench.judge.offers == 1)
        #expect(bench.counters.duplicates == 1 && bench.counters.refusals == 1)
        await bench.stop()
    }

    @Test func whatIsNoPictureIsLeftAloneWithItsReason() async throws {
        let bench = try PictureBench(try folder("then: delete\n  max_size: 1KiB"))
        #expect(await bench.isConnected())
        symlink("/etc/passwd", "\(incoming)/link.png")
        mkdir("\(incoming)/folder.png", 0o755)
        mkfifo("\(incoming)/pipe.png", 0o644)
        // 100 MB that take no room on the disk.
        let huge = open("\(incoming)/huge.png", O_WRONLY | O_CREAT, 0o644)
        ftruncate(huge, 100_000_000)
        close(huge)
        #expect(
            await eventually {
                bench.counters.malformed == ["symlink": 1, "not_a_file": 2, "too_large": 1]
            })
        #expect(bench.status.rejected.contains { $0.topic == "huge.png" && $0.bytes == 100_000_000 })
        try put("good.png", "1")
        #expect(await bench.hasTaken(["good.png"]))
        #expect(await eventually { names(in: incoming) == ["folder.png", "huge.png", "link.png", "pipe.png"] })
        // Once each, however often the folder is looked through.
        #expect(bench.counters.malformed.values.reduce(0, +) == 4)
        // What was too large is small now.
        try put("huge.png", "2")
        #expect(await bench.hasTaken(["good.png", "huge.png"]))
        await bench.stop()
    }

    @Test func aNameThatIsNoTextIsSaid() async throws {
        let name: [CChar] = "\(incoming)/".utf8CString.dropLast() + [CChar(bitPattern: 0xFF)] + ".png".utf8CString
        close(open(name, O_WRONLY | O_CREAT, 0o644))
        let bench = try PictureBench(try folder())
        #expect(await eventually { bench.status.lastError?.contains("UTF-8") == true })
        try put("a.png", "1")
        #expect(await bench.hasTaken(["a.png"]))
        await bench.stop()
    }

    @Test func thePartStandsInTheName() async throws {
        let bench = try PictureBench(try folder("then: keep\n  part: \"cam1_{part}_*.png\""))
        try put("cam1_A-77_front_2.png", "1", second: 1)
        try put("other.png", "2", second: 2)
        #expect(await eventually { bench.counters.stored == 2 })
        #expect(
            Set(await bench.judge.taken.map { "\($0.name) \($0.part ?? "none")" })
                == ["cam1_A-77_front_2.png A-77", "other.png none"])
        await bench.stop()
    }

    /// Files wait for the station that a reload may bring.
    @Test func withoutAStationFilesWaitForOne() async throws {
        let bench = try PictureBench(try folder("then: delete"))
        bench.judge.beThere(false)
        try put("a.png", "1", second: 1)
        try put("b.png", "2", second: 2)
        #expect(await eventually { bench.status.lastError?.contains("no station judges") == true })
        #expect(names(in: incoming) == ["a.png", "b.png"])
        #expect(await bench.judge.offers == 0)
        bench.judge.beThere(true)
        // Which of them is found first hangs on when the watch began.
        #expect(await eventually { await bench.judge.names.sorted() == ["a.png", "b.png"] })
        #expect(await eventually { names(in: incoming).isEmpty })
        await bench.stop()
    }

    @Test func withoutAJudgeNothingIsTaken() async throws {
        try put("a.png", "1")
        let bench = LinkBench(try folder("then: delete"))
        #expect(await eventually { bench.status.lastError?.contains("no station judges") == true })
        #expect(names(in: incoming) == ["a.png"])
        await bench.stop()
    }
}
