import Glibc
import TestBench
import Testing
import Transfer

@Suite struct DownloadTests {
    static let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 3) }
    static let tag = "\"abc\""
    let folder: TempDirectory
    var path: String { folder.file("model.mwplan") }

    init() throws { folder = try TempDirectory() }

    /// Serves ``content`` with ranges; the first `cuts` answers end after `cutAfter` bytes of their body.
    func server(cuts: Int = 0, cutAfter: Int = 20_000, tag: String = tag) throws -> LoopbackServer {
        let count = Counter()
        return try LoopbackServer { request in
            let start = request.header("Range").flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0
            if let wanted = request.header("If-Match"), wanted != tag {
                return [.send(LoopbackServer.answer("412 Precondition Failed"))]
            }
            if start >= Self.content.count { return [.send(LoopbackServer.answer("416 Range Not Satisfiable"))] }
            let rest = Array(Self.content[start...])
            let end = Self.content.count
            let head =
                start == 0
                ? LoopbackServer.answer("200 OK", headers: ["ETag: \(tag)"], rest)
                : LoopbackServer.answer(
                    "206 Partial Content",
                    headers: ["ETag: \(tag)", "Content-Range: bytes \(start)-\(end - 1)/\(end)"],
                    rest)
            if count.next() > cuts { return [.send(head)] }
            return [.send(Array(head.dropLast(rest.count - min(cutAfter, rest.count)))), .reset]
        }
    }

    func bytes(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 200_000)
        let count = read(file, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Not compared inside `#expect`, which would print both files.
    var isWhole: Bool { bytes(path) == Self.content }

    func download(
        _ server: LoopbackServer, limit: Int64 = 100_000, expectedTag: String? = nil
    ) async throws(TransferError) -> Download {
        let limits = TransferLimits(maximumBodyBytes: limit)
        return try await HTTPClient().download(
            TransferRequest(.get, "\(server.url)/file", limits: limits), to: path, expectedTag: expectedTag)
    }

    @Test func wholeFileGetsItsNameAndLeavesNothingElse() async throws {
        let server = try server()
        defer { server.stop() }
        let result = try await download(server, expectedTag: Self.tag)
        #expect(result == Download(lengthBytes: 50_000, resumedFromBytes: 0, tag: Self.tag))
        #expect(isWhole)
        #expect(bytes("\(path).part") == nil)
        #expect(bytes("\(path).part.tag") == nil)
    }

    @Test func cutDownloadGoesOnWhereItStopped() async throws {
        let server = try server(cuts: 2)
        defer { server.stop() }
        for _ in 0..<2 {
            let error = await #expect(throws: TransferError.self) { try await download(server) }
            #expect(error?.code == "transfer.cut_short")
            #expect(bytes(path) == nil)
        }
        let kept = try #require(bytes("\(path).part")?.count)
        #expect(kept > 0)
        let result = try await download(server)
        #expect(result.resumedFromBytes == Int64(kept))
        #expect(isWhole)
        let last = try #require(server.requests.last)
        #expect(last.header("Range") == "bytes=\(kept)-")
        #expect(last.header("If-Match") == Self.tag)
    }

    @Test func fileThatChangedMeanwhileIsFetchedAnew() async throws {
        let first = try server(cuts: 1, tag: "\"old\"")
        await #expect(throws: TransferError.self) { try await download(first) }
        first.stop()
        let second = try server()
        defer { second.stop() }
        let result = try await download(second)
        #expect(result.resumedFromBytes == 0)
        #expect(isWhole)
    }

    @Test func anotherTagThanTheExpectedOneIsRefused() async throws {
        let server = try server(tag: "\"other\"")
        defer { server.stop() }
        let error = await #expect(throws: TransferError.self) { try await download(server, expectedTag: Self.tag) }
        #expect(error?.code == "transfer.file_changed")
        #expect(bytes(path) == nil)
        #expect(bytes("\(path).part") == [])
    }

    @Test func partOfAnotherFileIsNotGoneOnWith() async throws {
        let first = try server(cuts: 1, tag: "\"old\"")
        await #expect(throws: TransferError.self) { try await download(first) }
        first.stop()
        let second = try server()
        defer { second.stop() }
        _ = try await download(second, expectedTag: Self.tag)
        #expect(isWhole)
        #expect(second.requests.first?.header("Range") == nil)
    }

    @Test func rangeThatStartsElsewhereIsRefused() async throws {
        let first = try server(cuts: 1)
        await #expect(throws: TransferError.self) { try await download(first) }
        first.stop()
        let liar = try LoopbackServer { _ in
            [
                .send(
                    LoopbackServer.answer(
                        "206 Partial Content", headers: ["ETag: \(Self.tag)", "Content-Range: bytes 5-9/50000"],
                        [1, 2, 3, 4, 5]))
            ]
        }
        defer { liar.stop() }
        let error = await #expect(throws: TransferError.self) { try await download(liar) }
        #expect(error?.code == "transfer.answer")
        #expect(bytes(path) == nil)
    }

    @Test func partLongerThanTheFileIsDropped() async throws {
        let server = try server()
        defer { server.stop() }
        for (name, text) in [
            ("\(path).part", [UInt8](repeating: 1, count: 60_000)), ("\(path).part.tag", Array(Self.tag.utf8)),
        ] {
            let file = open(name, O_WRONLY | O_CREAT, 0o644)
            #expect(write(file, text, text.count) == text.count)
            close(file)
        }
        let result = try await download(server)
        #expect(result.resumedFromBytes == 0)
        #expect(isWhole)
    }

    @Test func fileOverTheLimitIsRefused() async throws {
        let server = try server()
        defer { server.stop() }
        let error = await #expect(throws: TransferError.self) { try await download(server, limit: 49_999) }
        #expect(error?.code == "transfer.too_large")
        #expect(bytes(path) == nil)
    }

    @Test(arguments: ["404 Not Found", "500 Oops", "302 Found", "204 No Content"])
    func otherStatusGivesNoFile(_ status: String) async throws {
        let server = try LoopbackServer { _ in [.send(LoopbackServer.answer(status, status.hasPrefix("2") ? [] : [1]))]
        }
        defer { server.stop() }
        let error = await #expect(throws: TransferError.self) { try await download(server) }
        #expect(error?.code == "transfer.status.\(status.prefix(3))")
        #expect(bytes(path) == nil)
    }

    @Test func folderThatIsNotThereIsAnError() async throws {
        let server = try server()
        defer { server.stop() }
        await #expect(throws: TransferError.file(path: "/nowhere/x.part", operation: "open", errno: ENOENT)) {
            try await HTTPClient().download(TransferRequest(.get, server.url), to: "/nowhere/x")
        }
    }
}
