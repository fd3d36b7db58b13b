/// Catalogues are plain arrays; a file in their folders that is missing from them would never be used or tested.
enum Catalogues {
    struct Rule {
        /// Files of the catalogue: all below this folder whose name ends so.
        var folder: String
        var suffix: String
        /// `static let all` of this type, anywhere below `Sources/<target>`.
        var type: String
        var property: String
    }

    static let rules = [
        Rule(folder: "Sources/Drivers/", suffix: "Driver.swift", type: "Drivers", property: "all"),
        Rule(folder: "Sources/Alerts/Channels/", suffix: ".swift", type: "Channels", property: "all"),
        Rule(folder: "Sources/Store/Migrations/", suffix: ".swift", type: "Migrations", property: "all"),
        Rule(folder: "Sources/Registry/Migrations/", suffix: ".swift", type: "Migrations", property: "all"),
        Rule(
            folder: "Sources/AssemblyLine/RotatingMachine/Stages/", suffix: ".swift", type: "RotatingMachineStages",
            property: "order"),
        Rule(
            folder: "Sources/AssemblyLine/SurfaceInspection/Stages/", suffix: ".swift", type: "SurfaceInspectionStages",
            property: "order"),
        Rule(folder: "Sources/Registry/Routes/", suffix: "Routes.swift", type: "Routes", property: "all"),
        Rule(folder: "Sources/Graph/Operators/", suffix: ".swift", type: "Operators", property: "all"),
        Rule(folder: "Sources/Graph/Contracts/", suffix: ".swift", type: "Contracts", property: "all"),
        Rule(folder: "Sources/Compiler/Passes/", suffix: ".swift", type: "Passes", property: "order"),
    ]

    static func findings(_ rule: Rule, _ files: [SourceFile]) -> [Finding] {
        let target = rule.folder.split(separator: "/").prefix(2).joined(separator: "/") + "/"
        let catalogue = files.lazy.filter { $0.path.hasPrefix(target) && $0.isSwift }
            .compactMap { file in list(rule, file).map { (file: file.path, list: $0) } }.first
        let members = files.filter { file in
            // The seam itself (FieldDriver) and the catalogue are no members; `Type+Topic.swift` belongs to its type.
            file.path.hasPrefix(rule.folder) && file.name.hasSuffix(rule.suffix) && file.path != catalogue?.file
                && file.name != "\(rule.type).swift" && !file.name.contains("+") && !isSeam(file, rule)
        }
        guard !members.isEmpty else { return [] }
        guard let catalogue else {
            return [
                Finding(
                    path: rule.folder, line: 0, message: "there is no \(rule.type).\(rule.property) for these files")
            ]
        }
        return members.filter { !catalogue.list.contains(String($0.name.dropLast(".swift".count))) }.map {
            Finding(path: $0.path, line: 0, message: "is not in \(rule.type).\(rule.property) (\(catalogue.file))")
        }
    }

    /// A file that declares the protocol after which it is named.
    private static func isSeam(_ file: SourceFile, _ rule: Rule) -> Bool {
        file.text.contains("protocol \(file.name.dropLast(".swift".count))")
    }

    /// The type names in the array.
    private static func list(_ rule: Rule, _ file: SourceFile) -> Set<String>? {
        guard file.text.contains("enum \(rule.type)") else { return nil }
        let code = file.swift.code.joined(separator: "\n")
        guard let declaration = try? Regex("enum \(rule.type)[ :{]"), let start = code.firstMatch(of: declaration),
            let property = try? Regex("static (?:let|var) \(rule.property)[ :=][^=\\{\\n]*[=\\{]\\s*\\["),
            let array = code[start.range.upperBound...].firstMatch(of: property)
        else { return nil }
        let body = code[array.range.upperBound...].prefix { $0 != "]" }
        return Set(body.matches(of: #/(\w+)(?:\.\w+|\()/#).map { String($0.output.1) })
    }

    /// Each kernel file `<operator>_<isa>.c` has a row `KERNEL(isa, ...)` or `KERNEL(mw_..., isa, ...)` in its folder's kernels.inc, and each row a file.
    static func kernelFindings(_ files: [SourceFile]) -> [Finding] {
        files.filter { $0.path.hasPrefix("Sources/CKernels/") && $0.name == "kernels.inc" }.flatMap { table in
            let folder = String(table.path.dropLast("kernels.inc".count))
            let name = folder.split(separator: "/").last.map(String.init) ?? ""
            let rows = Set(
                table.text.matches(of: #/(?m)^\s*KERNEL\(\s*(?:mw_\w+\s*,\s*)?(\w+)/#).map { String($0.output.1) })
            let sources = files.filter {
                $0.path.hasPrefix(folder) && $0.name.hasPrefix("\(name)_") && $0.name.hasSuffix(".c")
            }
            let isas = Set(sources.map { String($0.name.dropFirst(name.count + 1).dropLast(2)) })
            return isas.subtracting(rows).sorted().map {
                Finding(path: "\(folder)\(name)_\($0).c", line: 0, message: "is not in kernels.inc")
            }
                + rows.subtracting(isas).sorted().map {
                    Finding(path: table.path, line: 0, message: "the row \($0) has no file \(name)_\($0).c")
                }
        }
    }
}
