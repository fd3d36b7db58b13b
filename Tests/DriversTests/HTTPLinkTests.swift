import Drivers
import Glibc
import Pictures
import Plant
import Rig
import TestBench
import Testing
import Transfer

@Suite(.timeLimit(.minutes(3)))
struct HTTPLinkTests {
    let directory: TempDirectory
    let port: Int

    init() throws {
        directory = try TempDirectory()
        port = try FreePort.next()
    }

    private func door(_ more: String = "") throws -> LinkDefinition {
        try link(
            """
            - name: door
              driver: http
              port: \(port)
              pictures: [line.camera, other/camera]
              max_size: 1MB
              \(more)
            """)
    }

    private func post(
        _ path: String = "/pictures/line.camera", _ body: [UInt8] = Array("a picture".utf8), type: String = "image/png",
        headers: [TransferRequest.Header] = [], method: TransferRequest.Method = .post
    ) async throws -> TransferResponse {
        try await HTTPClient().send(
            TransferRequest(
                method, "http://127.0.0.1:\(port)\(path)", headers: [.init("Content-Type", type)] + headers, body: body)
        )
    }

    private func text(_ response: TransferResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test func thePictureIsAnsweredWithItsVerdict() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let good = try await post("/pictures/line.camera?part=A%2077")
        #expect(good.status == 200 && good.header("Content-Type") == "application/json")
        #expect(text(good) == "{\"file\":\"http-1\",\"verdict\":\"good\"}\n")
        let bad = try await post("/pictures/other/camera", Array("-".utf8), headers: [.init("X-Part", "B")])
        #expect(text(bad).contains("\"verdict\":\"defect\""))
        let taken = await bench.judge.taken
        #expect(taken.map(\.stream) == ["line.camera", "other/camera"] && taken.map(\.part) == ["A 77", "B"])
        #expect(taken.map(\.receipt) == [nil, nil])
        #expect(bench.counters.verdicts == ["good": 1, "defect": 1])
        await bench.stop()
        #expect(bench.status.state == .stopped)
    }

    @Test func theAnswerWaitsForTheVerdict() async throws {
        let bench = try PictureBench(try door(), mode: .hold)
        #expect(await bench.isConnected())
        async let answer = post()
        #expect(await eventually { await bench.judge.offers == 1 })
        #expect(await eventually { bench.status.figures["waiting"] == 1 })
        await bench.judge.set(.accept)
        #expect(try await answer.status == 200)
        await bench.stop()
    }

    @Test func whatWasNotStoredIsSaid() async throws {
        let bench = try PictureBench(try door(), mode: .refuse)
        #expect(await bench.isConnected())
        let answer = try await post()
        #expect(answer.status == 503 && answer.header("Retry-After") == "1")
        #expect(text(answer).contains("http.not_stored"))
        #expect(bench.counters.refusals == 1)
        await bench.stop()
    }

    private func post(key: String, _ body: String = "a picture", to path: String = "/pictures/line.camera") async throws
        -> TransferResponse
    {
        try await post(path, Array(body.utf8), headers: [.init("Idempotency-Key", key)])
    }

    @Test func aRequestThatComesAgainIsAnsweredAgainAndCountsOnce() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let first = try await post(key: "A-77/1")
        let again = try await post(key: "A-77/1")
        #expect(first.status == 200 && again.status == 200 && text(first) == text(again))
        let other = try await post(key: "A-77/1", "another picture")
        #expect(other.status == 422 && text(other).contains("http.key"))
        // Another stream, another key: pictures of their own.
        #expect(text(try await post(key: "A-77/1", to: "/pictures/other/camera")) != text(first))
        #expect(text(try await post(key: "A-77/2")) != text(first))
        #expect(await bench.judge.offers == 3)
        #expect(bench.counters.duplicates == 2 && bench.counters.verdicts == ["good": 3])
        let receipts = await bench.judge.taken.map(\.receipt)
        #expect(Set(receipts).count == 3 && !receipts.contains(nil))
        await bench.stop()
    }

    @Test func whatHasAVerdictFromBeforeTheBoxStartedAnewIsNotJudgedAgain() async throws {
        let store = MemorySink()
        let before = try PictureBench(try door(), store: store)
        #expect(await before.isConnected())
        #expect(try await post(key: "k1").status == 200)
        await before.stop()
        let bench = try PictureBench(try door(), store: store)
        #expect(await bench.isConnected())
        let again = try await post(key: "k1")
        #expect(again.status == 409 && text(again).contains("http.known") && again.header("Retry-After") == nil)
        #expect(try await post(key: "k2").status == 200)
        #expect(await bench.judge.offers == 1)
        await bench.stop()
    }

    @Test func whatWasStoredInSecretIsNotJudgedAgain() async throws {
        let bench = try PictureBench(try door(), mode: .forget)
        #expect(await bench.isConnected())
        #expect(try await post(key: "k").status == 503)
        await bench.judge.set(.accept)
        #expect(try await post(key: "k").status == 409)
        await bench.judge.set(.refuse)
        #expect(try await post(key: "l").status == 503)
        await bench.judge.set(.accept)
        #expect(try await post(key: "l").status == 200)
        #expect(await bench.judge.offers == 3)
        await bench.stop()
    }

    @Test func theSameRequestBesideItselfWaitsForTheSameAnswer() async throws {
        let bench = try PictureBench(try door(), mode: .hold)
        #expect(await bench.isConnected())
        async let first = post(key: "k")
        #expect(await eventually { await bench.judge.offers == 1 })
        async let second = post(key: "k")
        #expect(await eventually { bench.status.figures["waiting"] == 2 })
        #expect(try await post(key: "k", "another").status == 422)
        await bench.judge.set(.accept)
        let (one, two) = (try await first, try await second)
        #expect(one.status == 200 && two.status == 200 && text(one) == text(two))
        #expect(await bench.judge.offers == 1)
        // Who waits beside one that fails is told so too.
        await bench.judge.set(.hold)
        async let third = post(key: "l")
        #expect(await eventually { await bench.judge.offers == 2 })
        async let fourth = post(key: "l")
        #expect(await eventually { bench.status.figures["waiting"] == 2 })
        await bench.judge.set(.refuse)
        #expect(try await [third.status, fourth.status] == [503, 503])
        await bench.stop()
    }

    @Test func whoWaitsIsToldWhenTheBoxStops() async throws {
        let bench = try PictureBench(try door(), mode: .hold)
        #expect(await bench.isConnected())
        async let answer = post()
        #expect(await eventually { await bench.judge.offers == 1 })
        await bench.stop()
        let told = try await answer
        #expect(told.status == 503 && text(told).contains("http.stopping"))
        #expect(await bench.judge.taken.isEmpty)
    }

    /// A picture that somebody has begun to judge gets its verdict, and its sender too; who comes meanwhile is told to come again.
    @Test func whoIsBeingJudgedWhenTheBoxStopsHasTheVerdict() async throws {
        let bench = try PictureBench(try door(), mode: .holdOn)
        #expect(await bench.isConnected())
        async let answer = post(key: "A-77/1")
        #expect(await eventually { await bench.judge.offers == 1 })
        async let stopped: Void = bench.stop()
        // The door stands open as long as somebody is being judged.
        try await Task.sleep(for: .milliseconds(300))
        let late = try await post(key: "B")
        #expect(late.status == 503 && text(late).contains("http.stopping"), "\(text(late))")
        await bench.judge.set(.accept)
        let told = try await answer
        #expect(told.status == 200 && text(told).contains("\"verdict\":\"good\""), "\(text(told))")
        await stopped
        #expect(bench.status.state == .stopped)
    }

    @Test func aPictureThatNoStationJudgesIsRefused() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        bench.judge.beThere(false)
        let refused = try await post(key: "A-77/1")
        #expect(refused.status == 503 && text(refused).contains("http.no_station"))
        bench.judge.beThere(true)
        #expect(try await post(key: "A-77/1").status == 200, "the same request, when there is one")
        await bench.stop()
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        var path = "/pictures/line.camera"
        var bytes = 9
        var type = "image/png"
        var headers: [TransferRequest.Header] = []
        var method = TransferRequest.Method.post
        var status: Int
        var code: String
        var testDescription: String { "\(status) \(code) \(path)" }
    }

    static let wrong = [
        Wrong(path: "/", status: 404, code: "http.path"),
        Wrong(path: "/pictures/", status: 404, code: "http.stream"),
        Wrong(path: "/pictures/nobody", status: 404, code: "http.stream"),
        Wrong(path: "/pictures/..%2F..%2Fetc%2Fpasswd", status: 404, code: "http.stream"),
        Wrong(path: "/pictures/line.camera/", status: 404, code: "http.stream"),
        Wrong(method: .get, status: 405, code: "http.method"),
        Wrong(method: .delete, status: 405, code: "http.method"),
        Wrong(bytes: 0, status: 400, code: "http.length"),
        Wrong(bytes: 1_000_001, status: 413, code: "http.too_large"),
        Wrong(bytes: 100_000_000, status: 413, code: "http.too_large"),
        Wrong(type: "text/html", status: 415, code: "http.type"),
        Wrong(path: "/pictures/line.camera%00x", status: 404, code: "http.stream"),
        Wrong(path: "/pictures/line.camera?part=A-77%00-9", status: 400, code: "http.part"),
        Wrong(path: "/pictures/line.camera?part=%07", status: 400, code: "http.part"),
        Wrong(headers: [.init("Idempotency-Key", "two words")], status: 400, code: "http.key"),
        Wrong(
            headers: [.init("Idempotency-Key", String(repeating: "k", count: 256))], status: 400, code: "http.key"),
        Wrong(path: "/pictures/line.camera?part=a", headers: [.init("X-Part", "b")], status: 400, code: "http.part"),
    ]

    @Test(arguments: wrong) func whatIsWrongIsSaidAndNothingIsTaken(_ wrong: Wrong) async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let answer = try await post(
            wrong.path, [UInt8](repeating: 1, count: wrong.bytes), type: wrong.type, headers: wrong.headers,
            method: wrong.method)
        #expect(answer.status == wrong.status && text(answer).contains("\"\(wrong.code)\""), "\(text(answer))")
        #expect(try await post().status == 200)
        #expect(await bench.judge.offers == 1)
        #expect(bench.counters.malformed.values.reduce(0, +) == 1)
        #expect(await eventually { bench.status.figures["bytes"] == 0 })
        await bench.stop()
    }

    @Test func onlyWhoShowsTheTokenIsLetIn() async throws {
        let file = directory.file("token")
        try write(Array("secret-1\n".utf8), to: file)
        chmod(file, 0o600)
        let bench = try PictureBench(try door("token_file: \(file)"))
        #expect(await bench.isConnected())
        for header in ["", "Bearer secret-2", "Bearer secret-11", "secret-1", "bearer secret-1"] {
            let answer = try await post(headers: header.isEmpty ? [] : [.init("Authorization", header)])
            #expect(answer.status == 401 && answer.header("WWW-Authenticate") == "Bearer", "\(header)")
            // Nothing is said of streams.
            #expect(try await post("/pictures/nobody").status == 401)
        }
        #expect(try await post(headers: [.init("Authorization", "Bearer secret-1")]).status == 200)
        try write(Array("secret-3\n".utf8), to: file)
        #expect(try await post(headers: [.init("Authorization", "Bearer secret-1")]).status == 401)
        #expect(try await post(headers: [.init("Authorization", "Bearer secret-3")]).status == 200)
        // A secret that everybody may read is none; an empty one would let everybody in.
        chmod(file, 0o644)
        #expect(try await post(headers: [.init("Authorization", "Bearer secret-3")]).status == 500)
        chmod(file, 0o600)
        try write([], to: file)
        #expect(try await post(headers: [.init("Authorization", "Bearer ")]).status == 500)
        #expect(await bench.judge.offers == 2)
        await bench.stop()
    }

    @Test func pixelsAloneNeedADeclaredShape() async throws {
        let bench = try PictureBench(try door("raw: { width: 3, height: 3, layout: grey8 }"))
        #expect(await bench.isConnected())
        #expect(try await post(type: "application/octet-stream").status == 200)
        #expect(try await post(type: "image/jpeg").status == 200)
        #expect(
            await bench.judge.taken.map(\.encoding) == [.raw(RawShape(width: 3, height: 3, layout: .grey8)), .file])
        await bench.stop()
    }

    /// Bytes that come one by one, half a head, half a picture, no HTTP at all: each connection is closed, others are served.
    @Test func slowAndSenselessSendersHoldUpNobody() async throws {
        let bench = try PictureBench(try door("receive_within: 1s"))
        #expect(await bench.isConnected())
        let head = "POST /pictures/line.camera HTTP/1.1\r\nHost: box\r\nContent-Type: image/png\r\n"
        var open: [RawClient] = []
        for start in ["", "POST", head, head + "Content-Length: 9\r\n\r\n", head + "Content-Length: 9\r\n\r\n1234"] {
            open.append(try RawClient(port: port))
            open.last?.send(start)
        }
        let noise = try RawClient(port: port)
        noise.send(String(repeating: "\u{1}", count: 5_000) + "\r\n\r\n")
        #expect(noise.isClosed())
        #expect(try await post().status == 200)
        // The library waits for more of each; we do not.
        for socket in open { #expect(socket.isClosed()) }
        #expect(await eventually { (bench.counters.malformed["too_slow"] ?? 0) >= 5 })
        #expect(await bench.judge.offers == 1)
        await bench.stop()
    }

    /// What stands between sender and box may have believed the other length.
    @Test func twoLengthsAreRefused() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let head =
            "POST /pictures/line.camera HTTP/1.1\r\nHost: box\r\nContent-Type: image/png\r\nContent-Length: 3\r\n"
        for more in ["Content-Length: 9\r\n", "Transfer-Encoding: chunked\r\n"] {
            let client = try RawClient(port: port)
            client.send(head + more + "\r\nabc")
            #expect(client.answer().contains(" 400 "), "\(more)")
        }
        let client = try RawClient(port: port)
        client.send(head.replacing("Length: 3", with: "Length: 18446744073709551615") + "\r\nabc")
        #expect(client.answer().contains("http.too_large"))
        #expect(await bench.judge.offers == 0)
        await bench.stop()
    }

    @Test func aHeadWithoutEndIsRefused() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let socket = try RawClient(port: port)
        socket.send("POST /pictures/line.camera HTTP/1.1\r\nX: " + String(repeating: "a", count: 100_000))
        #expect(socket.isClosed())
        let chunked = try RawClient(port: port)
        chunked.send(
            "POST /pictures/line.camera HTTP/1.1\r\nHost: b\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        #expect(chunked.answer().hasPrefix("HTTP/1.1 411"))
        #expect(try await post().status == 200)
        await bench.stop()
    }

    /// curl sends `Expect: 100-continue` for what is larger than a megabyte, and waits a second without the answer.
    @Test func aSenderThatAsksFirstIsToldToGoOn() async throws {
        let bench = try PictureBench(try door())
        #expect(await bench.isConnected())
        let socket = try RawClient(port: port)
        socket.send(
            "POST /pictures/line.camera HTTP/1.1\r\nHost: b\r\nContent-Type: image/png\r\nContent-Length: 3\r\n"
                + "Expect: 100-continue\r\n\r\n")
        #expect(socket.answer().hasPrefix("HTTP/1.1 100"))
        socket.send("abc")
        #expect(socket.answer().hasPrefix("HTTP/1.1 200"))
        await bench.stop()
    }
}

/// Bytes as a test wants them on a connection, HTTP or not.
final class RawClient {
    let descriptor: Int32

    init(port: Int) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            throw BadConfiguration(description: "connect: \(String(cString: strerror(errno)))")
        }
        // Longer than anything that is waited for here.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        descriptor = socket
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What comes next.
    func answer() -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    /// Whether the other side ends the connection, whatever it says before.
    func isClosed() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno == ECONNRESET }
        }
    }
}
