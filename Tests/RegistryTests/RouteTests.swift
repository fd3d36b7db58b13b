import Plant
import Registry
import TestBench
import Testing
import Transfer
import Trust

@Suite struct RouteTests {
    @Test func telemetryIsAnsweredWithWhatIsStored() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            let answer = try await registry.post(Batch.json([1, 2, 5]), token: token)
            #expect(answer.status == 200)
            #expect(answer.json?["stored_through"]?.integerValue == 5)
            let again = try await registry.post(Batch.json([1, 2, 5]), token: token)
            #expect(again.json?["repeated"]?.integerValue == 3)
            let read = try await registry.get(
                "/v1/devices/press-3/telemetry?after=1&limit=1", token: registry.adminToken)
            #expect(read.json?["rows"]?.arrayValue?.first?["sequence"]?.integerValue == 2)
            #expect(read.json?["last"]?.integerValue == 2)
            let gaps = try await registry.get("/v1/devices/press-3/gaps", token: registry.adminToken)
            #expect(gaps.json?["gaps"]?.arrayValue?.first?["first"]?.integerValue == 3)
        }
    }

    static let guarded = [
        "/", "/v1/devices", "/v1/devices/press-3/telemetry", "/v1/devices/press-3/gaps", "/v1/alerts", "/v1/models",
        "/v1/models/gearbox", "/v1/targets/\(String(repeating: "0", count: 64))",
    ]

    @Test func nothingIsToldWithoutAToken() async throws {
        try await withRegistry { registry in
            for path in Self.guarded {
                for token in [nil, Token.random(), Token(text: "")] {
                    let answer = try await registry.get(path, token: token)
                    #expect(answer.status == 401, "\(path)")
                    #expect(answer.errorCode == "request.unauthorized")
                }
            }
            #expect(try await registry.post(Batch.json([1]), token: nil).status == 401)
            #expect(try await registry.get("/healthz", token: nil).status == 200)
        }
    }

    @Test func aBoxCannotReadOthersAndTheAdministratorCannotWriteForABox() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            for path in ["/", "/v1/devices", "/v1/devices/press-3/telemetry", "/v1/alerts"] {
                #expect(try await registry.get(path, token: token).errorCode == "request.forbidden", "\(path)")
            }
            #expect(try await registry.post(Batch.json([1]), token: registry.adminToken).status == 403)
            let other = Array(
                String(decoding: Batch.json([1]), as: UTF8.self).replacing(
                    "\"version\":1", with: "\"version\":1,\"device\":\"x\""
                )
                .utf8)
            #expect(try await registry.post(other, token: token).errorCode == "request.device")
        }
    }

    @Test func badBodiesAreRefusedWithTheirPlace() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            let cases: [(String, Int, String)] = [
                ("", 400, "request.json"), ("<html>", 400, "request.json"), ("{\"version\":1}", 400, "request.member"),
                ("{\"version\":1,\"version\":1}", 400, "request.json"),
                (String(repeating: "[", count: 100_000), 400, "request.json"),
                (String(repeating: " ", count: (4 << 20) + 1), 413, "request.too_large"),
            ]
            for (text, status, code) in cases {
                let answer = try await registry.post(Array(text.utf8), token: token)
                #expect(answer.status == status)
                #expect(answer.errorCode == code)
                #expect(answer.json?["error"]?["where"]?.stringValue?.isEmpty == false)
            }
            #expect(try await registry.get("/healthz", token: nil).status == 200)
        }
    }

    @Test func conflictIsAnsweredAsSuch() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            _ = try await registry.post(Batch.json([1]), token: token)
            let answer = try await registry.post(Batch.json([1], mark: "other"), token: token)
            #expect(answer.status == 409)
            #expect(answer.errorCode == "registry.sequence_conflict")
        }
    }

    @Test(arguments: ["limit=0", "limit=1001", "limit=x", "after=-1", "after=99999999999999999999"])
    func badQueriesAreRefused(_ query: String) async throws {
        try await withRegistry { registry in
            _ = try await registry.addDevice("press-3")
            let answer = try await registry.get("/v1/devices/press-3/telemetry?\(query)", token: registry.adminToken)
            #expect(answer.status == 400)
            #expect(answer.errorCode == "request.query")
        }
    }

    @Test(arguments: [
        "/nope", "/v1/devices/stranger/telemetry", "/v1/models/none", "/v1/targets/zz",
        "/v1/targets/..%2F..%2Fkeys%2Ftargets.pem",
    ])
    func unknownThingsAreNotFound(_ path: String) async throws {
        try await withRegistry { registry in
            let answer = try await registry.get(path, token: registry.adminToken)
            #expect(answer.status == 404)
            #expect(answer.errorCode != nil)
        }
    }

    @Test func modelsComeByteForByteAndVerify() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            let model = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
            let done = try await registry.publish(model)
            let envelope = try await registry.get("/v1/models/rotating-machine", token: token)
            let root = try TrustRoot(keys: [registry.publicKey])
            let targets = try root.verify(
                envelope.body, now: registry.clock.wall(), floor: registry.clock.wall(), storedVersion: nil)
            #expect(targets.newest(pack: "rotating-machine")?.digest == done.digest)
            let file = try await registry.get("/v1/targets/\(done.digest.hex)", token: token)
            #expect(try Digest(of: file.body) == done.digest)
            #expect(file.header("ETag") == "\"\(done.digest.hex)\"")
            let list = try await registry.get("/v1/models", token: token)
            #expect(list.json?["models"]?.arrayValue?.first?["release"]?.integerValue == 1)
        }
    }

    struct RangeVector: Sendable {
        var header: String
        var status: Int
        var bytes: ClosedRange<UInt8>?
        var contentRange: String?
    }

    /// The file is the bytes 0 to 9. RFC 9110, 14.1.2 and 14.2.
    static let ranges: [RangeVector] = [
        .init(header: "bytes=0-3", status: 206, bytes: 0...3, contentRange: "bytes 0-3/10"),
        .init(header: "bytes=7-", status: 206, bytes: 7...9, contentRange: "bytes 7-9/10"),
        .init(header: "bytes=-2", status: 206, bytes: 8...9, contentRange: "bytes 8-9/10"),
        .init(header: "bytes=-20", status: 206, bytes: 0...9, contentRange: "bytes 0-9/10"),
        .init(header: "bytes=5-99", status: 206, bytes: 5...9, contentRange: "bytes 5-9/10"),
        .init(header: "bytes=10-", status: 416, contentRange: "bytes */10"),
        .init(header: "bytes=-0", status: 416, contentRange: "bytes */10"),
        .init(header: "bytes=5-3", status: 200, bytes: 0...9),
        .init(header: "bytes=0-1,4-5", status: 200, bytes: 0...9),
        .init(header: "bytes=x-", status: 200, bytes: 0...9), .init(header: "bytes=-", status: 200, bytes: 0...9),
        .init(header: "lines=1-2", status: 200, bytes: 0...9),
        .init(header: "bytes=99999999999999999999-", status: 200, bytes: 0...9),
        .init(header: "bytes=+1-2", status: 200, bytes: 0...9),
    ]

    @Test func rangesAndTagsFollowTheStandard() async throws {
        try await withRegistry { registry in
            let done = try await registry.publish(Array(0...9))
            let path = "/v1/targets/\(done.digest.hex)"
            let tag = "\"\(done.digest.hex)\""
            for vector in Self.ranges {
                let answer = try await registry.get(
                    path, token: registry.adminToken, headers: [.init("Range", vector.header)])
                #expect(answer.status == vector.status, "\(vector.header)")
                #expect(answer.body == vector.bytes.map { Array($0) } ?? [], "\(vector.header)")
                #expect(answer.header("Content-Range") == vector.contentRange, "\(vector.header)")
            }
            for (header, value, status) in [
                ("If-Match", tag, 200), ("If-Match", "*", 200), ("If-Match", "\"x\", \(tag)", 200),
                ("If-Match", "\"other\"", 412), ("If-None-Match", tag, 304), ("If-None-Match", "\"other\"", 200),
            ] {
                let answer = try await registry.get(path, token: registry.adminToken, headers: [.init(header, value)])
                #expect(answer.status == status, "\(header): \(value)")
            }
        }
    }

    @Test func aDownloadCutInTheMiddleGoesOn() async throws {
        try await withRegistry { registry in
            let folder = try TempDirectory()
            let model = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let done = try await registry.publish(model)
            let path = folder.file("model")
            // What an attempt that was cut leaves behind.
            try KeyFile.create("\(path).part", bytes: Array(model.prefix(70_000)))
            try KeyFile.create("\(path).part.tag", bytes: Array("\"\(done.digest.hex)\"".utf8))
            let download = try await HTTPClient().download(
                TransferRequest(
                    .get, registry.url("/v1/targets/\(done.digest.hex)"),
                    headers: [.init("Authorization", "Bearer \(registry.adminToken.text)")]), to: path)
            #expect(download.resumedFromBytes == 70_000)
            #expect(try Digest.ofFile(path).digest == done.digest)
        }
    }

    @Test func thePageSpeaksBothLanguagesAndEscapesWhatBoxesSend() async throws {
        try await withRegistry { registry in
            let token = try await registry.addDevice("press-3")
            let hostile = "<script>alert('&')</script>"
            _ = try await registry.post(Batch.alert(1, id: "a-1", state: "active", asset: hostile), token: token)
            _ = try await registry.publish([1])
            let english = try await registry.get("/", token: registry.adminToken)
            #expect(english.status == 200)
            #expect(english.text.contains("<html lang=\"en\">"))
            #expect(!english.text.contains("<script"))
            #expect(english.text.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"))
            #expect(english.text.contains("press-3") && english.text.contains("rotating-machine"))
            #expect(english.header("Content-Security-Policy")?.hasPrefix("default-src 'none'") == true)
            let chinese = try await registry.get("/?lang=zh", token: registry.adminToken)
            #expect(chinese.text.contains("设备") && chinese.text.contains("未确认"))
            let asked = try await registry.get(
                "/", token: registry.adminToken, headers: [.init("Accept-Language", "zh-CN,zh;q=0.9")])
            #expect(asked.text.contains("<html lang=\"zh-CN\">"))
        }
    }

    @Test func aBrowserMaySendTheAdministratorsTokenAsPassword() async throws {
        try await withRegistry { registry in
            let url = registry.url("/").replacing("http://", with: "http://admin:\(registry.adminToken.text)@")
            let admitted = try await HTTPClient().send(TransferRequest(.get, url))
            #expect(admitted.status == 200)
            let other = registry.url("/").replacing("http://", with: "http://root:\(registry.adminToken.text)@")
            let refused = try await HTTPClient().send(TransferRequest(.get, other))
            #expect(refused.status == 401)
        }
    }

    @Test func alertsOfEveryBoxAreListedNewestFirst() async throws {
        try await withRegistry { registry in
            for (index, id) in ["press-3", "press-4"].enumerated() {
                let token = try await registry.addDevice(id)
                registry.clock.advance(by: .seconds(1))
                _ = try await registry.post(Batch.alert(1, id: "a-\(index)", state: "active"), token: token)
            }
            let answer = try await registry.get("/v1/alerts?limit=1", token: registry.adminToken)
            let alerts = answer.json?["alerts"]?.arrayValue
            #expect(alerts?.count == 1)
            #expect(alerts?.first?["device"]?.stringValue == "press-4")
            #expect(alerts?.first?["alert"]?["alert"]?.stringValue == "a-1")
        }
    }

    @Test func manyBoxesAtOnceAreAllStored() async throws {
        try await withRegistry { registry in
            var tokens: [Token] = []
            for index in 0..<8 { tokens.append(try await registry.addDevice("box-\(index)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for token in tokens {
                    group.addTask {
                        let client = HTTPClient()
                        for start: Int64 in 0..<10 {
                            let answer = try await client.send(
                                TransferRequest(
                                    .post, registry.url("/v1/telemetry"),
                                    headers: [.init("Authorization", "Bearer \(token.text)")],
                                    body: Batch.json((start * 50 + 1)...(start * 50 + 50))))
                            #expect(answer.json?["inserted"]?.integerValue == 50)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let devices = try await Archive(registry.directory).devices()
            #expect(devices.map(\.rows) == Array(repeating: 500, count: 8))
        }
    }
}
