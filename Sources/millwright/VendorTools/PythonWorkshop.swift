import AssemblyLine
import Glibc
import Store
import Trust

/// Runs a pack's scripts with Python, in an environment of its own that has what they need.
struct PythonWorkshop: Workshop {
    /// Folder of the scripts.
    let scripts: String
    /// The Python of the environment.
    private let python: String
    /// What passes between scripts and stages lies below it.
    private let directory: String

    /// What such files may have; a checkpoint is a hundred megabytes.
    private static let fileLimit = 1 << 30
    /// Written last: an environment without it was cut short.
    private static let mark = "complete"

    /// Makes the environment where it is not there yet.
    ///
    /// - Parameters:
    ///   - pack: its folder.
    ///   - environment: its folder; one in the user's cache for these very requirements unless given.
    ///   - python: what an environment is made with; the one on PATH unless given.
    init(pack: String, directory: String, environment: String?, python: String?) throws {
        scripts = "\(pack)/\(SurfaceInspectionPack.scripts)"
        self.directory = directory
        let list = "\(pack)/\(SurfaceInspectionPack.requirements)"
        let requirements = try TextFile.read(list)
        let digest = try Digest(of: requirements).hex
        let folder =
            try environment
            ?? UserCache.folder("millwright-line-python-\(digest.prefix(12))", option: "--venv")
        self.python = "\(folder)/bin/python"
        if (try? TextFile.read("\(folder)/\(Self.mark)")) == Array(digest.utf8) { return }
        try Self.make(folder, for: list, isEmpty: Self.needsNothing(requirements), with: python)
        try OutputFile.write(Array(digest.utf8), to: "\(folder)/\(Self.mark)")
    }

    private static func needsNothing(_ requirements: [UInt8]) -> Bool {
        String(decoding: requirements, as: UTF8.self).split(whereSeparator: \.isNewline)
            .allSatisfy { $0.drop { $0 == " " }.isEmpty || $0.hasPrefix("#") }
    }

    private static func make(_ folder: String, for list: String, isEmpty: Bool, with python: String?) throws {
        guard let base = python ?? ToolProcess.onPath("python3") else {
            throw VendorToolError.noPython(expected: "3", looked: "no python3 on PATH")
        }
        let bare = isEmpty ? ["--without-pip"] : []
        try ToolProcess.step("\(base) -m venv", place: folder, [base, "-m", "venv"] + bare + [folder])
        guard !isEmpty else { return }
        Output.error("what \(list) names goes from PyPI into \(folder): about 1 GB on disk, some minutes")
        do throws(VendorToolError) {
            try ToolProcess.step(
                "pip install -r \(list)", place: folder,
                ["\(folder)/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", list])
        } catch {
            guard case .failed(let step, let reason, let place) = error else { throw error }
            throw VendorToolError.failed(
                step: step,
                reason: "\(reason); the scripts need these packages once, from PyPI or a mirror that pip is set to",
                place: place)
        }
    }

    // MARK: Workshop

    func folder(_ name: String) throws(LineError) -> String {
        let path = "\(directory)/\(name)"
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw .file(path: made, operation: "mkdir", errno: errno)
            }
        }
        return path
    }

    func run(_ script: String, _ arguments: [String], line: (String) -> Void) throws(LineError) {
        do throws(VendorToolError) {
            // -B: an installed pack's folder is not this user's to write to.
            try ToolProcess.step(
                script, place: directory, [python, "-B", "\(scripts)/\(script)"] + arguments, line: line)
        } catch {
            guard case .failed(_, let reason, let place) = error else {
                throw .script(name: script, reason: error.description)
            }
            throw .script(name: script, reason: "\(reason) (see \(place))")
        }
    }

    func bytes(_ path: String) throws(LineError) -> [UInt8] {
        do throws(ConfigurationError) { return try TextFile.read(path, limit: Self.fileLimit) } catch {
            throw .script(name: path, reason: "expected what a script leaves, found: \(error)")
        }
    }

    func write(_ bytes: [UInt8], to path: String) throws(LineError) {
        do { try OutputFile.write(bytes, to: path, isDurable: false) } catch {
            throw .script(name: path, reason: "\(error)")
        }
    }
}
