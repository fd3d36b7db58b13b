import FoundationEssentials
import Graph
import Testing

@testable import Compiler

@Suite("the reference page names what is read") struct ReferencePageTests {
    static let page =
        #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/docs/reference/models.md"

    /// Sorted, in the page's form.
    static func list(_ names: some Sequence<String>) -> String {
        names.sorted().map { "`\($0)`" }.joined(separator: " ")
    }

    @Test func namesEachOperator() throws {
        let page = try String(contentsOfFile: Self.page, encoding: .utf8)
        let lists = [
            "TensorFlow Lite": Self.list(TFLiteOperators.rules.keys),
            "ONNX": Self.list(try #require(ONNXFormat.operators[""])),
            "com.microsoft": Self.list(try #require(ONNXFormat.operators["com.microsoft"])),
            "plan": Self.list(Operators.all.map { $0.name }),
        ]
        for (what, list) in lists {
            #expect(page.contains("\n\(list)\n"), "\(what): the page should have the line\n\(list)")
        }
    }

    @Test func namesEachContractAndTheVersionOfThePlan() throws {
        let page = try String(contentsOfFile: Self.page, encoding: .utf8)
        for contract in Contracts.all { #expect(page.contains("| `\(contract.name)`"), "\(contract.name)") }
        #expect(page.contains("| version, \(PlanFormat.version) |"))
    }
}
