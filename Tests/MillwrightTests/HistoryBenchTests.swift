import TestBench
import Testing

@testable import millwright

@Suite struct HistoryBenchTests {
    let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    @Test func aRecordingIsPackedAsAWholeAndAsked() async throws {
        let lines = (0..<3_000).map {
            "hall.t\($0 % 2),\(1_700_000_000_000_000_000 + $0 * 500_000_000),\(20 + $0 / 100)"
        }
        let file = directory.file("recording.csv")
        try OutputFile.write(Array((["tag,unix_ns,value"] + lines).joined(separator: "\n").utf8), to: file)
        let report = try await HistoryBench(source: .recording(file), directory: directory.file("store")).run { _ in }
        #expect(report.samples == 3_000)
        #expect(report.tags == 2)
        // Two stay as they came.
        #expect(report.packed_samples >= 2_998)
        #expect(report.packed_bytes_per_sample > 0)
        #expect(report.packed_bytes_per_sample < 44)
    }

    @Test(arguments: [
        ("tag,value\n", ":1: expected the header"),
        ("tag,unix_ns,value\na,1\n", ":2: expected tag, nanoseconds and a number"),
        ("tag,unix_ns,value\n", ":2: expected values"),
    ])
    func aFileThatIsNoRecordingSaysWhere(text: String, words: String) throws {
        let file = directory.file("recording.csv")
        try OutputFile.write(Array(text.utf8), to: file)
        let error = #expect(throws: BenchError.self) { try HistoryRecording(file: file) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
