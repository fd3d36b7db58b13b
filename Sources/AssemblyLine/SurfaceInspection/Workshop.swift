/// What runs the scripts of a pack: whoever starts programs gives it to the line.
package protocol Workshop: Sendable {
    /// A folder for files that pass between scripts and stages; the same name gives the same folder, with what a run before
    /// has left there.
    func folder(_ name: String) throws(LineError) -> String

    /// Runs a script to its end.
    ///
    /// - Parameters:
    ///   - script: its file in the pack's ``SurfaceInspectionPack/scripts``.
    ///   - line: each line that it says.
    /// - Throws: `.script` with what it said last.
    func run(_ script: String, _ arguments: [String], line: (String) -> Void) throws(LineError)

    /// A file that a script has left.
    func bytes(_ path: String) throws(LineError) -> [UInt8]

    /// Leaves a file for a script.
    func write(_ bytes: [UInt8], to path: String) throws(LineError)
}

/// The scripts of a pack as bytes, so that a stage runs again when one that it uses has changed, and only then.
package struct PackScripts: Sendable {
    /// By the name of the file.
    private let files: [String: [UInt8]]

    /// - Parameter files: all of the folder, by name.
    package init(_ files: [String: [UInt8]]) { self.files = files }

    /// A script and all those that it imports, in the order of their names, and what they need of others.
    func inputs(of script: String) -> [[UInt8]] {
        var found: Set<String> = []
        var waiting = [script]
        while let next = waiting.popLast() {
            guard let bytes = files[next], found.insert(next).inserted else { continue }
            waiting += Self.imports(of: String(decoding: bytes, as: UTF8.self)).map { "\($0).py" }
        }
        return (found.sorted() + ["requirements.txt"]).flatMap { [Array($0.utf8), files[$0] ?? []] }
    }

    /// First parts of the modules that a script names in its `import` lines.
    static func imports(of script: String) -> [String] {
        script.split(whereSeparator: \.isNewline).flatMap { line -> [String] in
            let words = line.split { " ,\t".contains($0) }.map(String.init)
            switch words.first {
            case "from": return Array(words.dropFirst().prefix(1))
            case "import": return Array(words.dropFirst())
            default: return []
            }
        }
    }
}
