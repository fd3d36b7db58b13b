/// Imports against the table in Package.swift.
enum ImportCheck {
    static let standard: Set<String> = ["Swift", "Synchronization", "FoundationEssentials", "Glibc"]
    static let testing: Set<String> = ["Testing", "Foundation"]

    static func findings(_ file: SourceFile, _ table: ModuleTable) -> [Finding] {
        guard file.isSwift, let target = file.target else { return [] }
        guard let row = table.rows[target] else {
            return [Finding(path: file.path, line: 0, message: "the target \(target) has no row in Package.swift")]
        }
        var allowed = standard.union(row.uses)
        for package in row.packages { allowed.formUnion(ModuleTable.modulesOfPackage[package] ?? [package]) }
        if !file.isUnderSources { allowed.formUnion(testing) }
        // The server may link what it likes; what an edge box carries may not.
        if file.isUnderSources, !table.closure(of: "millwright").contains(target) { allowed.insert("Foundation") }
        let statement =
            #/^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/#
        return file.swift.code.enumerated().compactMap { index, line in
            guard let module = line.firstMatch(of: statement).map({ String($0.output.1) }), !allowed.contains(module)
            else {
                return nil
            }
            return Finding(
                path: file.path, line: index + 1, message: "\(target) may not import \(module) (table in Package.swift)"
            )
        }
    }
}

/// Words that must not be written.
enum BannedWords {
    static func findings(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.target != nil else { return [] }
        let text = file.swift
        var findings: [Finding] = []
        func report(_ line: Int, _ message: String) {
            findings.append(Finding(path: file.path, line: line + 1, message: message))
        }
        for (index, line) in text.code.enumerated() {
            // The two that end in the same sign come first and are taken out.
            let code = line.replacing("try!", with: "try").replacing("as!", with: "as")
            if line.contains("try!") { report(index, "try! ends the daemon: handle it or throw it on") }
            if line.contains("as!") { report(index, "as! ends the daemon: use as? and say what was expected") }
            if code.contains("fatalError(") { report(index, "fatalError: a plant that misbehaves is an error") }
            if code.utf8.contains(UInt8(ascii: "!")), code.contains(#/[\w\)\]>]!(?:[.,;:)\]\[(]|\s|$)/#) {
                report(index, "a force unwrap: say what is expected there")
            }
            if code.contains("Task.detached") { report(index, "Task.detached: use a child task") }
            if file.isUnderSources, code.contains("p"), code.contains(#/(?:^|[^.\w])(?:debugPrint|print|dump)\(/#),
                !code.contains("func print(")
            {
                report(index, "print: write through the logger or Output")
            }
            let words = (code + text.comments[index]).split { !$0.isLetter }
            if words.contains(where: { $0 == "TODO" || $0 == "FIXME" || $0 == "XXX" }) {
                report(index, "unfinished: do it or write an issue")
            }
        }
        return findings
    }
}

/// `SAFETY` beside everything that the compiler takes on trust.
///
/// What switches a check of the compiler off says why beside it. Pointers come in families that live by one argument, so
/// a file that holds some says it once.
enum SafetyComments {
    /// How far above the line it may stand; it may also be the first thing in the body, or on an enclosing declaration.
    static let reach = 6
    private static let inBody = 2

    static func findings(_ file: SourceFile) -> [Finding] {
        guard file.isSwift, file.target != nil else { return [] }
        let text = file.swift
        let escapes = ["@unchecked Sendable", "nonisolated(unsafe)", "Unmanaged", "unsafeBitCast"]
        var findings = text.code.indices.compactMap { index -> Finding? in
            guard let word = escapes.first(where: text.code[index].contains) else { return nil }
            let start = min(max(0, index - reach), firstLineOfDeclaration(around: index, text))
            let end = min(index + inBody, text.code.count - 1)
            guard !text.comments[start...end].contains(where: { $0.contains("SAFETY:") }) else { return nil }
            return Finding(
                path: file.path, line: index + 1, message: "\(word) without a `SAFETY:` comment that says why it holds")
        }
        // Tests hand buffers to C all the time, and end with the process when they are wrong.
        let pointer = #/Unsafe(?:Mutable)?(?:Raw)?(?:Buffer)?Pointer/#
        if file.isUnderSources, !text.comments.contains(where: { $0.contains("SAFETY:") }),
            let line = text.code.firstIndex(where: { $0.contains("Unsafe") && $0.contains(pointer) })
        {
            findings.append(
                Finding(
                    path: file.path, line: line + 1,
                    message: "unsafe pointers, and no `SAFETY:` comment in the file that says why they hold"))
        }
        return findings
    }

    /// The first line of the comment on the outermost declaration that encloses a line: a statement there covers all of it.
    private static func firstLineOfDeclaration(around index: Int, _ text: SwiftText) -> Int {
        let declaration = #/\b(?:func|init|deinit|subscript|struct|class|actor|enum|extension|protocol|var|let)\b/#
            .wordBoundaryKind(.simple)
        var result = index
        var indent = Int.max
        var line = index
        while line >= 0 {
            let code = text.code[line]
            let own = code.prefix { $0 == " " }.count
            if own < code.count, own < indent {
                indent = own
                if code.contains(declaration) {
                    var first = line
                    while first > 0, isCommentOrAttribute(first - 1, text) { first -= 1 }
                    if text.comments[first...line].contains(where: { $0.contains("SAFETY:") }) { result = first }
                }
            }
            line -= 1
        }
        return result
    }

    private static func isCommentOrAttribute(_ line: Int, _ text: SwiftText) -> Bool {
        let code = text.code[line].drop { $0 == " " }
        return code.isEmpty ? !text.comments[line].isEmpty : code.hasPrefix("@")
    }
}

/// Files that grow beyond one idea.
enum Length {
    static let limit = 400

    static func findings(_ file: SourceFile) -> [Finding] {
        guard file.isUnderSources, [".swift", ".c", ".h"].contains(where: file.path.hasSuffix) else { return [] }
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        return count > limit
            ? [Finding(path: file.path, line: 0, message: "\(count) lines, at most \(limit): split it by idea")] : []
    }
}

/// Paths that exist on one developer's machine only.
enum DeveloperPaths {
    static func findings(_ file: SourceFile) -> [Finding] {
        // Put together here, so that this file does not find itself.
        let roots = ["home/\\w", "Users/\\w", "root/", "work/\\w", "tmp/mini"].map { "/" + $0 }.joined(separator: "|")
        guard let path = try? Regex("(?:^|[\\s\"'`(=:])(?:\(roots))") else {
            return [Finding(path: file.path, line: 0, message: "the check itself is broken")]
        }
        return file.lines.enumerated().compactMap { index, line in
            line.contains(path)
                ? Finding(path: file.path, line: index + 1, message: "a path of somebody's own machine: \(line)") : nil
        }
    }
}

/// Links in documents to files that are not there.
enum Links {
    static func findings(_ file: SourceFile, _ paths: Set<String>) -> [Finding] {
        guard file.path.hasSuffix(".md") else { return [] }
        let folder = file.path.split(separator: "/").dropLast().map(String.init)
        var findings: [Finding] = []
        var isCode = false
        for (index, line) in file.lines.enumerated() {
            if line.hasPrefix("```") { isCode.toggle() }
            guard !isCode else { continue }
            for match in line.matches(of: #/\]\(\s*<?([^)\s>]+)/#) {
                let target = match.output.1
                if target.contains("://") || target.hasPrefix("#") || target.hasPrefix("mailto:") { continue }
                let bare = target.prefix { $0 != "#" && $0 != "?" }
                var parts = bare.hasPrefix("/") ? [] : folder
                for part in bare.split(separator: "/") {
                    switch part {
                    case ".": break
                    case "..": _ = parts.popLast()
                    default: parts.append(String(part))
                    }
                }
                let path = parts.joined(separator: "/")
                if !path.isEmpty, !paths.contains(path) {
                    findings.append(Finding(path: file.path, line: index + 1, message: "dead link to \(target)"))
                }
            }
        }
        return findings
    }
}

/// What each solution pack must have, by its kind.
enum Packs {
    static let always = ["pack.yaml", "README.md", "README.zh-CN.md", "model"]
    /// A machine's pack raises alerts by its rules; a pack for pictures brings the scripts that draw and
    /// train. Both bring something to replay.
    static let byKind = ["rotating-machine": ["rules.yaml", "replay"], "surface-inspection": ["line", "replay"]]

    static func findings(_ repository: Repository) -> [Finding] {
        let packs = Set(
            repository.paths.compactMap { path -> String? in
                let parts = path.split(separator: "/")
                return parts.count > 2 && parts[0] == "solutions" ? "solutions/\(parts[1])" : nil
            })
        return packs.sorted().flatMap { pack in
            let kind = repository.file("\(pack)/pack.yaml").flatMap { $0.lines.lazy.compactMap(Self.kind).first }
            guard let kind, let own = byKind[kind] else {
                let known = byKind.keys.sorted().joined(separator: " or ")
                let message = "expected kind: \(known), found \(kind ?? "none")"
                return [Finding(path: "\(pack)/pack.yaml", line: 0, message: message)]
            }
            return (always + own).filter { !repository.paths.contains("\(pack)/\($0)") }.map {
                Finding(path: pack, line: 0, message: "a pack of kind \(kind) needs \($0)")
            }
        }
    }

    private static func kind(_ line: String) -> String? {
        line.hasPrefix("kind: ") ? String(line.dropFirst("kind: ".count)) : nil
    }
}
