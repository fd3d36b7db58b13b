import Registry
import Testing
import Trust

@Suite struct TelemetryBatchTests {
    @Test func aBoxesBatchIsRead() throws {
        let batch = try TelemetryBatch(json: Batch.json([17, 18, 21], kind: "alert"))
        #expect(batch.entries.map(\.sequence) == [17, 18, 21])
        #expect(batch.entries.allSatisfy { $0.kind == "alert" })
        #expect(batch.entries[2].body["n"]?.integerValue == 21)
    }

    static let misfits: [(String, String)] = [
        ("[]", "version"), ("{\"entries\":[]}", "version"), ("{\"version\":2,\"entries\":[]}", "version"),
        ("{\"version\":1}", "entries"), ("{\"version\":1,\"entries\":[]}", "entries"),
        ("{\"version\":1,\"device\":7,\"entries\":[]}", "device"),
        ("{\"version\":1,\"entries\":[7]}", "entries[0].sequence"),
        (entry(sequence: "0"), "entries[0].sequence"), (entry(sequence: "-1"), "entries[0].sequence"),
        (entry(sequence: "1.5"), "entries[0].sequence"), (entry(sequence: "\"1\""), "entries[0].sequence"),
        (entry(sequence: "9223372036854775807"), "entries[0].sequence"), (entry(kind: "\"other\""), "entries[0].kind"),
        (entry(created: "\"yesterday\""), "entries[0].created"), (entry(body: "7"), "entries[0].body"),
        (entry(body: "[]"), "entries[0].body"),
        (String(decoding: Batch.json([5, 5]), as: UTF8.self), "entries[1].sequence"),
        (String(decoding: Batch.json([5, 4]), as: UTF8.self), "entries[1].sequence"),
        (String(decoding: Batch.json(1...5_001), as: UTF8.self), "entries"),
    ]

    static func entry(
        sequence: String = "1", kind: String = "\"report\"", created: String = "\"2026-11-23T20:15:03Z\"",
        body: String = "{}"
    ) -> String {
        "{\"version\":1,\"entries\":[{\"sequence\":\(sequence),\"kind\":\(kind),\"created\":\(created),\"body\":\(body)}]}"
    }

    @Test(arguments: misfits) func whatDoesNotFitIsNamedWithItsPlace(_ text: String, _ place: String) {
        let error = #expect(throws: TrustError.self) { try TelemetryBatch(json: Array(text.utf8)) }
        guard case .malformedMetadata(let at, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(at == place)
    }

    @Test(arguments: [
        "", "<html>busy</html>", "{\"version\":1,\"version\":1}", "{\"version\":1,\"entries\":[{", "\u{0}",
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: TrustError.self) { try TelemetryBatch(json: Array(text.utf8)) }
    }

    @Test func everyCutOfABatchIsRefused() {
        let whole = Batch.json([1, 2])
        for count in 0..<whole.count {
            #expect(throws: TrustError.self) { try TelemetryBatch(json: Array(whole.prefix(count))) }
        }
    }
}
