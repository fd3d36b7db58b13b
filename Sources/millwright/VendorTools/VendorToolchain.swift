import FoundationEssentials
import Glibc
import Profiles

/// A vendor's compiler and simulator behind the driver script that lies beside the vendor's profiles.
///
/// What the script takes and leaves is in `firmware-profiles/README.md`; nothing here knows a vendor.
struct VendorToolchain {
    /// What `toolchain.py describe` prints.
    struct Description: Decodable, Hashable {
        /// Name and version: `rknn-toolkit2 2.5.0`.
        var toolchain: String
        /// `3.11`.
        var python: String
        /// Packages that the Python that was asked lacks.
        var missing: [String]
        /// What they take on disk once all are there, and how long that takes.
        var gigabytes: Double
        var minutes: Int
        /// Profiles that the tool knows as a target.
        var chips: [String]
    }

    let script: String
    let description: Description

    private static let fileName = "toolchain.py"

    /// - Parameter python: any Python 3; one that is found unless given.
    static func find(for profile: ChipProfile, catalogue: String, python: String?) throws -> VendorToolchain {
        let script = "\(TextFile.directory(of: profile.file))/\(fileName)"
        guard access(script, R_OK) == 0 else {
            throw VendorToolError.noToolchain(chip: profile.id, expected: script, known: try vendors(of: catalogue))
        }
        guard let any = python ?? ToolProcess.onPath("python3") else {
            throw VendorToolError.noPython(expected: "3", looked: "no python3 on PATH")
        }
        let description = try describe(script, any)
        guard description.chips.contains(profile.id) else {
            throw VendorToolError.unknownChip(chip: profile.id, script: script, known: description.chips)
        }
        return VendorToolchain(script: script, description: description)
    }

    /// The Python of an environment that has everything; made and filled where it has not.
    /// - Parameter python: what an environment is made with; one that is found unless given.
    func python(environment: String, madeWith python: String?) throws -> String {
        let own = "\(environment)/bin/python"
        if access(own, X_OK) != 0 {
            let base = try python ?? find()
            try check(base)
            announce(environment)
            try ToolProcess.step("\(base) -m venv", place: environment, [base, "-m", "venv", environment])
        } else {
            try check(own)
            if try Self.describe(script, own).missing.isEmpty { return own }
            announce(environment)
        }
        try ToolProcess.step("\(script) setup", place: environment, [own, script, "setup"])
        let missing = try Self.describe(script, own).missing
        guard missing.isEmpty else {
            throw VendorToolError.failed(
                step: "\(script) setup", reason: "packages are still missing: \(missing.joined(separator: ", "))",
                place: environment)
        }
        return own
    }

    /// Runs the vendor's compiler and simulator on a work folder.
    func compile(_ work: String, python: String) throws {
        try ToolProcess.step("\(script) compile", place: work, [python, script, "compile", work])
    }

    /// Where the environment is unless the user names another: beside what other programs keep.
    func usualEnvironment() throws -> String {
        let name = description.toolchain.map { $0 == " " ? "-" : $0 }
        return try UserCache.folder("millwright-\(String(name))", option: "--venv")
    }

    private func announce(_ environment: String) {
        Output.error(
            "\(description.toolchain) goes from PyPI into \(environment): about "
                + "\(Format.fixed(description.gigabytes, 1)) GB on disk, about \(description.minutes) minutes")
    }

    private func find() throws -> String {
        let name = "python\(description.python)"
        guard let path = ToolProcess.onPath(name) else {
            throw VendorToolError.noPython(expected: description.python, looked: "no \(name) on PATH")
        }
        return path
    }

    private func check(_ python: String) throws {
        let question = "import sys; print('%d.%d' % sys.version_info[:2])"
        var answer = ""
        let exit = try ToolProcess.run([python, "-c", question], reading: .output) { answer = $0 }
        guard exit == .code(0) else {
            throw VendorToolError.failed(step: "\(python) --version", reason: exit.description, place: python)
        }
        guard answer == description.python else {
            throw VendorToolError.wrongPython(path: python, expected: description.python, found: answer)
        }
    }

    private static func describe(_ script: String, _ python: String) throws -> Description {
        var lines: [String] = []
        let exit = try ToolProcess.run([python, script, "describe"], reading: .output) { lines.append($0) }
        guard exit == .code(0) else {
            throw VendorToolError.failed(step: "\(script) describe", reason: exit.description, place: script)
        }
        let text = lines.joined(separator: "\n")
        do {
            return try JSONDecoder().decode(Description.self, from: Data(text.utf8))
        } catch {
            throw VendorToolError.wrongAnswer(
                file: "\(script) describe", expected: "what it is as JSON", found: "\(text.prefix(200)): \(error)")
        }
    }

    private static func vendors(of catalogue: String) throws -> [String] {
        try DirectoryListing.names(in: catalogue).filter { access("\(catalogue)/\($0)/\(fileName)", R_OK) == 0 }
    }
}
