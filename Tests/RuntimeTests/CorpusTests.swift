import Graph
import Seeded
import Testing

@Suite(.enabled(if: Corpus.folder != nil, "MILLWRIGHT_CORPUS names no folder")) struct CorpusTests {
    @Test func plans() throws {
        var files: [(String, [UInt8])] = []
        for (number, one) in OperatorCase.all.enumerated() {
            for contract in Contracts.all {
                var random = SplitMix64(seed: UInt64(number))
                var builder = PlanBuilder(contract: contract.name)
                let output = try one.make(&builder, &random)
                builder.output(output)
                files.append(("\(number)-\(contract.name)", try builder.encode()))
            }
        }
        try Corpus.write(files, as: "mwplan")
    }
}
