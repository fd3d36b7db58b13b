import FoundationEssentials
import Glibc
import Profiles
import TestBench
import Testing

@testable import millwright

@Suite("the vendors' driver scripts, without the vendors' tools") struct ToolchainScriptTests {
    private static let catalogue = "\(Files.root)/firmware-profiles"

    private static func scripts() throws -> [String] {
        try DirectoryListing.names(in: catalogue).map { "\(catalogue)/\($0)/toolchain.py" }
            .filter { access($0, R_OK) == 0 }
    }

    @Test("each compiles")
    func syntax() throws {
        let python = try FakeToolchain().python
        let directory = try TempDirectory()
        for script in try Self.scripts() + ["\(Self.catalogue)/vendortool.py"] {
            let compile = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], doraise=True)"
            let exit = try ToolProcess.run(
                [python, "-c", compile, script, directory.file("out.pyc")], reading: .everything
            ) { Issue.record("\($0)") }
            #expect(exit == .code(0), "\(script)")
        }
    }

    @Test("each says what it is on any Python 3, and names chips of the catalogue beside it")
    func description() throws {
        let python = try FakeToolchain().python
        let profiles = try ProfileCatalogue.load(directory: Self.catalogue)
        let scripts = try Self.scripts()
        #expect(scripts.count >= 2)
        for script in scripts {
            let known = profiles.filter { "\(TextFile.directory(of: $0.file))/toolchain.py" == script }.map(\.id)
            let profile = try #require(profiles.first { known.contains($0.id) })
            let toolchain = try VendorToolchain.find(for: profile, catalogue: Self.catalogue, python: python)
            #expect(toolchain.script == script)
            #expect(toolchain.description.chips == known.sorted())
        }
    }

    @Test("each says in one line what it was given instead of a step it knows")
    func unknownStep() throws {
        let python = try FakeToolchain().python
        for script in try Self.scripts() {
            var lines: [String] = []
            let exit = try ToolProcess.run([python, script, "dance"], reading: .everything) { lines.append($0) }
            #expect(exit == .code(1))
            #expect(lines == ["error: expected describe, setup or compile WORK, found: dance"])
        }
    }
}
