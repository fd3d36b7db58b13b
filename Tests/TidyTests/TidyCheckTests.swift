import Testing

@Suite("Tidy: each check can fail")
struct TidyCheckTests {
    private static let manifest = """
        let modules: [Module] = [
            module("Plant"),
            module("CThing", .system(pkgConfig: "thing", debian: "libthing-dev")),
            module(
                "Drivers", uses: ["Plant", "CThing"],
                packages: ["Logging"]),
            module("Registry", uses: ["Plant"], packages: ["Hummingbird"]),
            module("millwright", .program, uses: ["Drivers"]),
            module("DriversTests", .tests, uses: ["Drivers"]),
        ]
        """

    private func swift(_ text: String, _ path: String = "Sources/Drivers/A.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test func theTableIsRead() {
        let table = ModuleTable(manifest: Self.manifest)
        #expect(table.rows.count == 6)
        #expect(table.rows["CThing"]?.kind == "system")
        #expect(table.rows["Drivers"]?.uses == ["Plant", "CThing"])
        #expect(table.closure(of: "millwright") == ["millwright", "Drivers", "Plant", "CThing"])
    }

    @Test(
        arguments: [
            ("import Plant\npackage import Logging\nimport Glibc\n", "Sources/Drivers/A.swift", []),
            ("import Store", "Sources/Drivers/A.swift", [1]),
            ("\npackage import Hummingbird", "Sources/Drivers/A.swift", [2]),
            ("@testable import Drivers\nimport Testing\nimport Foundation", "Tests/DriversTests/A.swift", []),
            ("@preconcurrency internal import Foundation", "Sources/Drivers/A.swift", [1]),
            ("import Foundation", "Sources/Plant/A.swift", [1]),
            ("import Foundation\nimport Hummingbird", "Sources/Registry/A.swift", []),
            ("import struct Foundation.Date", "Sources/Drivers/A.swift", [1]),
            ("// import Store\nlet x = \"\"\"\nimport Store\n\"\"\"", "Sources/Drivers/A.swift", []),
            ("", "Sources/Unknown/A.swift", [0]),
            ("import Plant", "Tests/DriversTests/A.swift", [1]),
        ] as [(String, String, [Int])])
    func imports(_ text: String, _ path: String, _ lines: [Int]) {
        let found = ImportCheck.findings(swift(text, path), ModuleTable(manifest: Self.manifest))
        #expect(found.map(\.line) == lines, "\(found)")
    }

    @Test(arguments: [
        ("let a = try! f()", 1), ("fatalError(\"x\")", 1), ("let a = b as! C", 1), ("print(1)", 1), ("a.print(1)", 0),
        ("func print(_ x: Int) {}", 0),
        ("let a = b!.c", 1), ("f(a!)", 1), ("return a!", 1), ("let a: Int! = nil", 1), ("if a != b, !c { }", 0),
        ("x = !y", 0), ("[1]![0]", 1),
        ("Task.detached { }", 1), ("// TODO later", 1), ("/* FIXME */", 1), ("let t = \"TODO try! print(\"", 0),
        ("// try! is banned", 0),
        ("let t = \"\\(a!)\"", 1), ("let t = #\"\\(a!)\"#", 0), ("let t = #\"\\#(a!)\"#", 1),
        ("let t = \"\"\"\n  fatalError(\n\"\"\"\nfatalError(\"\")", 1),
        ("let methodology = 1 // XXXL", 0), ("let r = #/a!. \"/#", 0),
    ])
    func bannedWords(_ text: String, _ count: Int) {
        #expect(BannedWords.findings(swift(text)).count == count, "\(text)")
    }

    @Test func printIsAllowedInTestsOnly() {
        #expect(BannedWords.findings(swift("print(1)", "Tests/DriversTests/A.swift")).isEmpty)
        #expect(BannedWords.findings(swift("try! f()", "Tests/DriversTests/A.swift")).count == 1)
    }

    @Test(arguments: [
        ("final class A: @unchecked Sendable {}", 1), ("// SAFETY: locked\nfinal class A: @unchecked Sendable {}", 0),
        ("final class A: @unchecked Sendable {\n    // SAFETY: locked\n}", 0),
        ("nonisolated(unsafe) var a = 1", 1), ("let u = Unmanaged.passRetained(a)", 1), ("// Unmanaged", 0),
        ("// SAFETY: far\n\n\n\n\n\n\nnonisolated(unsafe) var a = 1", 1),
        ("// SAFETY: near\n\n\n\n\n\nnonisolated(unsafe) var a = 1", 0),
        ("// SAFETY: all of it\nstruct A {\n    let b = 1\n\n\n\n\n\n\n    let u = Unmanaged.passRetained(a)\n}", 0),
        ("// SAFETY: another\nstruct A {}\n\n\n\n\n\n\nstruct B {\n    let u = Unmanaged.passRetained(a)\n}", 1),
        ("/// - SAFETY: alive\n@inline(__always)\nfunc f() {\n  1\n  2\n  3\n  4\n  5\n  6\n  Unmanaged.f()\n}", 0),
        ("let p: UnsafeMutablePointer<Int>", 1), ("let p: UnsafeRawBufferPointer\nlet q: UnsafePointer<Int>", 1),
        ("// SAFETY: alive\n\n\n\n\n\n\n\n\nlet p: UnsafePointer<Int>", 0), ("let s = \"UnsafeMutablePointer\"", 0),
    ])
    func safety(_ text: String, _ count: Int) {
        #expect(SafetyComments.findings(swift(text)).count == count, "\(text)")
    }

    @Test func lengthCountsLines() {
        let line = "a\n"
        #expect(Length.findings(swift(String(repeating: line, count: 400))).isEmpty)
        #expect(Length.findings(swift(String(repeating: line, count: 401))).count == 1)
        #expect(Length.findings(swift(String(repeating: line, count: 401), "Tests/A/B.swift")).isEmpty)
    }

    @Test(arguments: [
        ("see /" + "home/li/x", 1), ("\"/" + "work/main\"", 1), ("https://example.com/" + "home/x", 0),
        ("a/" + "work/b", 0), ("/var/lib", 0),
        ("`/" + "Users/li`", 1),
    ])
    func developerPaths(_ text: String, _ count: Int) {
        #expect(DeveloperPaths.findings(SourceFile(path: "docs/a.md", text: text)).count == count)
    }

    @Test(arguments: [
        ("[a](b.md)", 0), ("[a](c.md)", 1), ("[a](../README.md#x)", 0), ("[a](https://x.example/c.md)", 0),
        ("[a](#here)", 0),
        ("![p](media/p.png) [q](media/q.png)", 1), ("[a](/docs/b.md)", 0), ("```\n[a](c.md)\n```", 0),
        ("[dir](media)", 0),
    ])
    func links(_ text: String, _ count: Int) {
        let paths: Set<String> = ["README.md", "docs", "docs/b.md", "docs/media", "docs/media/p.png"]
        #expect(Links.findings(SourceFile(path: "docs/a.md", text: text), paths).count == count)
    }

    @Test(arguments: Packs.byKind.keys.sorted()) func packs(_ kind: String) {
        func findings(_ paths: Set<String>, _ text: String) -> [Finding] {
            let file = SourceFile(path: "solutions/p/pack.yaml", text: text)
            return Packs.findings(Repository(paths: paths, files: paths.contains(file.path) ? [file] : []))
        }
        let needed = Packs.always + Packs.byKind[kind, default: []]
        let good = Set(needed.map { "solutions/p/\($0)" })
        #expect(findings(good, "pack: p\nkind: \(kind)\n").isEmpty)
        for missing in needed {
            #expect(findings(good.subtracting(["solutions/p/\(missing)"]), "kind: \(kind)").count == 1)
        }
        #expect(findings(good, "kind: teapot").count == 1)
        #expect(findings(good, "pack: p").count == 1)
    }

    @Test func catalogues() {
        let catalogue = SourceFile(
            path: "Sources/Drivers/Drivers.swift",
            text:
                "package enum Drivers {\n  package static let all: [any D.Type] = [\n    ADriver.self, BDriver.self,\n  ]\n}"
        )
        func member(_ name: String, _ text: String = "") -> SourceFile {
            SourceFile(path: "Sources/Drivers/X/\(name)", text: text)
        }
        let rule = Catalogues.rules[0]
        let a = member("ADriver.swift")
        #expect(Catalogues.findings(rule, [catalogue, a]).isEmpty)
        #expect(
            Catalogues.findings(rule, [catalogue, a, member("CDriver.swift")]).map(\.path) == [
                "Sources/Drivers/X/CDriver.swift"
            ])
        #expect(
            Catalogues.findings(rule, [catalogue, member("FieldDriver.swift", "package protocol FieldDriver {")])
                .isEmpty)
        #expect(Catalogues.findings(rule, [catalogue, member("ADriver+Topic.swift"), member("Other.swift")]).isEmpty)
        #expect(Catalogues.findings(rule, [a]).count == 1)
    }

    @Test func migrationsAndKernels() {
        let rule = Catalogues.Rule(
            folder: "Sources/Store/Migrations/", suffix: ".swift", type: "Migrations", property: "all")
        let list = SourceFile(
            path: "Sources/Store/Migrations/Migrations.swift",
            text: "enum Migrations {\n static let all: [Migration] = [M0001_Initial.migration]\n}")
        let one = SourceFile(path: "Sources/Store/Migrations/M0001_Initial.swift", text: "")
        let two = SourceFile(path: "Sources/Store/Migrations/M0002_More.swift", text: "")
        #expect(Catalogues.findings(rule, [list, one]).isEmpty)
        #expect(Catalogues.findings(rule, [list, one, two]).count == 1)

        func kernel(_ name: String, _ text: String = "") -> SourceFile {
            SourceFile(path: "Sources/CKernels/dot/\(name)", text: text)
        }
        let table = kernel(
            "kernels.inc", "KERNEL(mw_s8_dot, scalar, 1)\n#if defined(__x86_64__)\nKERNEL(mw_s8_dot, avx2, 1)\n#endif\n"
        )
        let files = [table, kernel("dot_scalar.c"), kernel("dot_avx2.c"), kernel("kernels.c")]
        #expect(Catalogues.kernelFindings(files).isEmpty)
        #expect(Catalogues.kernelFindings(files + [kernel("dot_neon.c")]).count == 1)
        #expect(Catalogues.kernelFindings(Array(files.dropLast(2))).count == 1)
    }
}
