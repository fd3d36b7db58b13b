import FoundationEssentials
import Testing

@testable import Compiler

private let environment = ProcessInfo.processInfo.environment
private let folder = environment["MILLWRIGHT_ONNX_NODE_TESTS"]

/// The ONNX standard's backend node tests: `pip install onnx`, then `export-node-tests.py DIR`.
@Suite(.enabled(if: folder != nil, "MILLWRIGHT_ONNX_NODE_TESTS names no folder of exported node tests"))
struct NodeTestSuite {
    /// Prints how many pass; `MILLWRIGHT_ONNX_NODE_REPORT` names a file for the unclaimed ones and their reasons.
    @Test func allThatAreClaimedPass() throws {
        let top = URL(filePath: try #require(folder))
        let names = try FileManager.default.contentsOfDirectory(atPath: top.path).filter { $0.hasPrefix("test_") }
            .sorted()
        var (passed, failed): (Int, [String]) = (0, [])
        var unclaimed: [(name: String, reason: String)] = []
        for name in names {
            switch NodeTest(name: name, folder: top.appending(path: name)).run() {
            case .passed: passed += 1
            case .unclaimed(let reason): unclaimed.append((name, reason))
            case .failed(let why): failed.append("\(name): \(why)")
            }
        }
        print("\(passed) passed of \(passed + failed.count) claimed; \(unclaimed.count) unclaimed")
        if let path = environment["MILLWRIGHT_ONNX_NODE_REPORT"] {
            let text = unclaimed.map { "\($0.name)\t\($0.reason)\n" }.joined()
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        #expect(failed.isEmpty, "\(failed.joined(separator: "\n"))")
        #expect(passed > 500, "the folder holds the standard's tests")
    }
}
