import Testing
import Transfer

@Suite struct HTTPClientTests {
    @Test func requestArrivesAsItWasWrittenAndTheAnswerComesBack() async throws {
        let server = try LoopbackServer { _ in
            [.send(LoopbackServer.answer("201 Created", headers: ["X-Place:  shelf 3 "], Array("stored".utf8)))]
        }
        defer { server.stop() }
        let answer = try await HTTPClient().send(
            TransferRequest(
                .post, "\(server.url)/v1/telemetry?x=%2F..",
                headers: [.init("Authorization", "Bearer t"), .init("X-Empty", "")],
                body: [0, 1, 255]))
        #expect(answer.status == 201)
        #expect(answer.body == Array("stored".utf8))
        #expect(answer.header("x-place") == "shelf 3")
        let request = try #require(server.requests.first)
        #expect(request.head.hasPrefix("POST /v1/telemetry?x=%2F.. HTTP/1.1\r\n"))
        #expect(request.header("Authorization") == "Bearer t")
        #expect(request.header("Accept-Encoding") == nil, "signed bytes must not come compressed")
        #expect(request.body == [0, 1, 255])
    }

    @Test(arguments: [TransferRequest.Method.get, .post, .put, .delete])
    func everyMethodArrives(_ method: TransferRequest.Method) async throws {
        let server = try LoopbackServer { _ in [.send(LoopbackServer.answer("204 No Content"))] }
        defer { server.stop() }
        #expect(try await HTTPClient().send(TransferRequest(method, server.url)).status == 204)
        #expect(server.requests.first?.head.hasPrefix("\(method.rawValue) / ") == true)
    }

    @Test func connectionIsKeptForTheNextRequest() async throws {
        let server = try LoopbackServer { _ in [.send(LoopbackServer.answer("200 OK", Array("a".utf8)))] }
        defer { server.stop() }
        let client = HTTPClient()
        for _ in 0..<3 { _ = try await client.send(TransferRequest(.get, server.url)) }
        #expect(server.requests.count == 3)
    }

    @Test func errorStatusIsAnAnswerAndNoThrow() async throws {
        let server = try LoopbackServer { _ in [.send(LoopbackServer.answer("500 Oops", Array("<html>".utf8)))] }
        defer { server.stop() }
        #expect(try await HTTPClient().send(TransferRequest(.get, server.url)).status == 500)
    }

    @Test func redirectIsNotFollowedUnlessAskedFor() async throws {
        let server = try LoopbackServer { request in
            request.head.hasPrefix("GET /old ")
                ? [.send(LoopbackServer.answer("302 Found", headers: ["Location: /new"]))]
                : [.send(LoopbackServer.answer("200 OK"))]
        }
        defer { server.stop() }
        var request = TransferRequest(.get, "\(server.url)/old")
        #expect(try await HTTPClient().send(request).status == 302)
        #expect(server.requests.count == 1)
        request.followsRedirects = true
        #expect(try await HTTPClient().send(request).status == 200)
    }

    @Test func redirectToAFileIsRefused() async throws {
        let server = try LoopbackServer { _ in
            [.send(LoopbackServer.answer("302 Found", headers: ["Location: file:///etc/passwd"]))]
        }
        defer { server.stop() }
        var request = TransferRequest(.get, server.url)
        request.followsRedirects = true
        await #expect(throws: TransferError.self) { try await HTTPClient().send(request) }
    }

    @Test func bodyOverTheLimitEndsTheTransfer() async throws {
        let body = [UInt8](repeating: 7, count: 5_000)
        let server = try LoopbackServer { request in
            request.head.hasPrefix("GET /length")
                ? [.send(LoopbackServer.answer("200 OK", body))]
                : [.send(Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)), .drip]
        }
        defer { server.stop() }
        for path in ["length", "endless"] {
            let url = "\(server.url)/\(path)"
            let limits = TransferLimits(maximumBodyBytes: path == "length" ? 4_999 : 10)
            await #expect(throws: TransferError.tooLarge(url: url, limitBytes: limits.maximumBodyBytes)) {
                try await HTTPClient().send(TransferRequest(.get, url, limits: limits))
            }
        }
        let limits = TransferLimits(maximumBodyBytes: 5_000)
        let whole = try await HTTPClient().send(TransferRequest(.get, "\(server.url)/length", limits: limits))
        #expect(whole.body == body)
    }

    @Test func headersWithoutEndAreRefused() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 200 OK\r\n".utf8))]
                + (0..<100).map { .send(Array("X-\($0): \(String(repeating: "y", count: 1_000))\r\n".utf8)) }
        }
        defer { server.stop() }
        await #expect(throws: TransferError.tooLarge(url: server.url, limitBytes: 65_536)) {
            try await HTTPClient().send(TransferRequest(.get, server.url))
        }
    }

    @Test func serverThatDripsMissesTheDeadline() async throws {
        let server = try LoopbackServer { _ in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".utf8)), .drip]
        }
        defer { server.stop() }
        for limits in [
            TransferLimits(totalDeadline: .milliseconds(200)),
            TransferLimits(lowestBytesPerSecond: 10_000, lowSpeedSpan: .seconds(1)),
        ] {
            let error = await #expect(throws: TransferError.self) {
                try await HTTPClient().send(TransferRequest(.get, server.url, limits: limits))
            }
            #expect(error?.code == "transfer.timed_out")
        }
    }

    @Test func serverThatSaysNothingMissesTheDeadline() async throws {
        let server = try LoopbackServer { _ in [.hold] }
        defer { server.stop() }
        let error = await #expect(throws: TransferError.self) {
            let limits = TransferLimits(totalDeadline: .milliseconds(200))
            return try await HTTPClient().send(TransferRequest(.get, server.url, limits: limits))
        }
        #expect(error?.code == "transfer.timed_out")
    }

    @Test func cancelledTaskEndsItsTransfer() async throws {
        let server = try LoopbackServer { _ in [.hold] }
        defer { server.stop() }
        let error = await withTaskGroup(of: TransferError?.self) { group in
            group.addTask { [url = server.url] in
                do throws(TransferError) {
                    _ = try await HTTPClient().send(TransferRequest(.get, url))
                    return nil
                } catch {
                    return error
                }
            }
            while server.requests.isEmpty { await Task.yield() }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error == .cancelled(url: server.url))
    }

    @Test func nobodyListeningIsRefused() async throws {
        let server = try LoopbackServer { _ in [] }
        server.stop()
        let port = server.port
        let error = await #expect(throws: TransferError.self) {
            // The listener is shut down; connecting to it is refused by the kernel.
            try await HTTPClient().send(TransferRequest(.get, "http://127.0.0.1:\(port)/"))
        }
        #expect(error?.code == "transfer.refused")
    }

    @Test func answerCutShortIsAnError() async throws {
        let server = try LoopbackServer { request in
            if request.head.hasPrefix("GET /nothing") { return [.reset] }
            return [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".utf8)), .reset]
        }
        defer { server.stop() }
        for path in ["half", "nothing"] {
            let error = await #expect(throws: TransferError.self) {
                try await HTTPClient().send(TransferRequest(.get, "\(server.url)/\(path)"))
            }
            #expect(error?.code == "transfer.cut_short")
        }
    }

    @Test(arguments: ["\u{0}\u{1}\u{2}garbage\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "220 smtp ready\r\n"])
    func whatIsNoHTTPIsAnError(_ text: String) async throws {
        let server = try LoopbackServer { _ in [.send(Array(text.utf8)), .reset] }
        defer { server.stop() }
        await #expect(throws: TransferError.self) { try await HTTPClient().send(TransferRequest(.get, server.url)) }
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "", "http://", "http://a b/"])
    func onlyWebAddressesAreTaken(_ url: String) async {
        let error = await #expect(throws: TransferError.self) {
            try await HTTPClient().send(TransferRequest(.get, url))
        }
        #expect(error?.code == "transfer.request")
    }

    @Test(arguments: [("A\r\nB", "x"), ("A", "x\r\nB: y"), ("A:", "x"), ("", "x")])
    func lineBreaksInHeadersAreRefused(_ name: String, _ value: String) async {
        let error = await #expect(throws: TransferError.self) {
            try await HTTPClient().send(
                TransferRequest(.get, "http://127.0.0.1:1/", headers: [.init(name, value)]))
        }
        #expect(error?.code == "transfer.request")
    }
}
