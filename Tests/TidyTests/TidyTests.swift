import Testing

/// What a machine can check of the house rules; each check is shown to fail in `TidyCheckTests`.
@Suite("Tidy: the repository keeps its own rules")
struct TidyTests {
    private static let repository = Result { try Repository() }

    private func swiftFiles() throws -> [SourceFile] { try Self.repository.get().files.filter(\.isSwift) }

    private func table() throws -> ModuleTable {
        ModuleTable(manifest: try #require(try Self.repository.get().file("Package.swift")).text)
    }

    private func expectNone(_ findings: [Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    @Test func importsAreThoseOfTheTable() throws {
        let table = try table()
        #expect(table.rows["Alerts"]?.uses == ["Plant", "YAML"], "the table could not be read")
        expectNone(try swiftFiles().flatMap { ImportCheck.findings($0, table) })
    }

    @Test func everyTargetOfTheTableHasItsFolder() throws {
        let paths = try Self.repository.get().paths
        let missing = try table().rows.filter { name, row in
            let isTest = ["tests", "testSupport", "testC", "testProgram", "fuzzer"].contains(row.kind)
            let folder = isTest ? "Tests" : "Sources"
            return !paths.contains { $0.hasPrefix("\(folder)/\(name)/") }
        }
        #expect(missing.keys.sorted() == [])
    }

    @Test func noBannedWords() throws { expectNone(try swiftFiles().flatMap(BannedWords.findings)) }

    @Test func unsafeCodeSaysWhyItHolds() throws { expectNone(try swiftFiles().flatMap(SafetyComments.findings)) }

    @Test func filesStayShort() throws { expectNone(try Self.repository.get().files.flatMap(Length.findings)) }

    @Test func noPathsOfOneMachine() throws {
        expectNone(try Self.repository.get().files.flatMap(DeveloperPaths.findings))
    }

    @Test func cataloguesAreComplete() throws {
        let files = try Self.repository.get().files
        expectNone(Catalogues.rules.flatMap { Catalogues.findings($0, files) } + Catalogues.kernelFindings(files))
    }

    @Test func linksInDocumentsLeadSomewhere() throws {
        let repository = try Self.repository.get()
        expectNone(repository.files.flatMap { Links.findings($0, repository.paths) })
    }

    @Test func packsAreComplete() throws { expectNone(Packs.findings(try Self.repository.get())) }
}
