import Graph
import Testing

@Suite("contracts compute what the engines computed, to the bit")
struct VectorTests {
    @Test("operator and contract", arguments: VectorFile.names)
    func vectors(name: String) throws {
        let file = try VectorFile(named: name)
        #expect(name == "\(file.operator)-\(file.contract).json")
        #expect(!file.cases.isEmpty)
        for (number, vector) in file.cases.enumerated() {
            let bytes = try VectorPlan.bytes(vector, file.operator, file.contract)
            let computed = try bytes.withUnsafeBytes {
                try Plan(bytes: $0).reference(VectorPlan.input(vector, file.operator))
            }
            let expected = vector.output.bytes
            try #require(computed.count == expected.count, "case \(number)")
            let wrong = expected.indices.filter { computed[$0] != expected[$0] }
            #expect(
                wrong.isEmpty,
                "case \(number): \(wrong.count) of \(expected.count) bytes differ, the first at \(wrong.first ?? 0)")
        }
    }

    @Test("every engine's contract has vectors, and the engines' names are not lost")
    func coverage() throws {
        let files = try VectorFile.names.map { try VectorFile(named: $0) }
        let engines = Contracts.all.filter { !($0 is any ChipContract.Type) }
        #expect(Set(files.map(\.contract)) == Set(engines.map { $0.name }))
        #expect(files.allSatisfy { !$0.source.isEmpty })
        #expect(files.reduce(0) { $0 + $1.cases.count } >= 300)
    }
}
