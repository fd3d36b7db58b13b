import Glibc
import YAML

/// The chips that Millwright knows, a file each below `firmware-profiles/<vendor>/`.
package enum ProfileCatalogue {
    /// Where the catalogue is, seen from the root of the repository.
    package static let usualDirectory = "firmware-profiles"

    /// What stands in a folder, good or not.
    package struct Contents: Sendable {
        /// Profiles whose files have no mistake, in the order of folders and files.
        package var profiles: [ChipProfile] = []
        /// One line a mistake: file, line, column, what was expected and what came.
        package var findings: [String] = []
        package var fileCount = 0
    }

    /// Reads every profile.
    ///
    /// - Throws: `.cannotRead`; `.wrong` with every mistake of every file.
    package static func load(directory: String) throws(ProfileError) -> [ChipProfile] {
        let contents = try contents(of: directory)
        guard contents.findings.isEmpty else { throw .wrong(contents.findings.joined(separator: "\n")) }
        return contents.profiles
    }

    /// Finds a profile by id or alias; capitals do not count.
    ///
    /// - Throws: `.unknownProfile` with the nearest name.
    package static func profile(named name: String, in profiles: [ChipProfile]) throws(ProfileError) -> ChipProfile {
        let wanted = name.lowercased()
        if let profile = profiles.first(where: { $0.id == wanted || $0.aliases.contains(wanted) }) { return profile }
        throw .unknownProfile(
            name: name, known: profiles.map(\.id),
            suggestion: Nearest.match(wanted, among: profiles.flatMap { [$0.id] + $0.aliases }))
    }

    /// Reads one file's text.
    ///
    /// - Parameter file: its path, for messages; its name without `.yaml` must be the id.
    /// - Throws: `.wrong` with every mistake.
    package static func profile(parsing bytes: [UInt8], file: String) throws(ProfileError) -> ChipProfile {
        let node: Node
        do { node = try YAML.parse(bytes, file: file) } catch { throw .wrong(error.description) }
        let diagnostics = Diagnostics(file: file)
        let profile = ChipProfile(reading: node, diagnostics: diagnostics)
        guard let profile, diagnostics.isEmpty else { throw .wrong(diagnostics.text) }
        return profile
    }

    /// Reads every file of a folder and collects the mistakes instead of stopping.
    ///
    /// - Throws: `.cannotRead` when there is no such folder, or no profile in it.
    package static func contents(of directory: String) throws(ProfileError) -> Contents {
        var contents = Contents()
        for vendor in try names(in: directory) where isDirectory("\(directory)/\(vendor)") {
            for file in try names(in: "\(directory)/\(vendor)") where file.hasSuffix(".yaml") {
                let path = "\(directory)/\(vendor)/\(file)"
                contents.fileCount += 1
                do {
                    contents.profiles.append(try profile(parsing: try bytes(of: path), file: path))
                } catch {
                    contents.findings += error.description.split(separator: "\n").map(String.init)
                }
            }
        }
        guard contents.fileCount > 0 else {
            throw .cannotRead(path: directory, reason: "no file <vendor>/<soc>.yaml in it")
        }
        contents.findings += claimedTwice(contents.profiles)
        return contents
    }

    /// Names, and signs of one chip, that two profiles claim.
    private static func claimedTwice(_ profiles: [ChipProfile]) -> [String] {
        var findings: [String] = []
        var names: [String: ChipProfile] = [:]
        var signs: [String: ChipProfile] = [:]
        for profile in profiles {
            for name in [profile.id] + profile.aliases {
                if let first = names[name] {
                    findings.append(
                        "\(profile.file):\(profile.line): chip: expected each id and alias once, found \"\(name)\", "
                            + "which \(first.file) has too")
                }
                names[name] = profile
            }
            for sign in profile.detection.signs where sign.names == .chip {
                let key = "\(sign.place.rawValue) \(sign.value.value)"
                if let first = signs[key], first.id != profile.id {
                    findings.append(
                        "\(profile.file):\(profile.line): detection: expected a sign of one chip in one profile, found \(key), "
                            + "which \(first.file) has too")
                }
                signs[key] = profile
            }
        }
        return findings
    }

    /// The largest file that is taken; the longest profile has about 12 kB.
    private static let byteLimit = 256 << 10

    private static func bytes(of path: String) throws(ProfileError) -> [UInt8] {
        do {
            return try SmallFile.read(path, limit: byteLimit)
        } catch {
            throw .cannotRead(path: path, reason: error.reason)
        }
    }

    private static func names(in directory: String) throws(ProfileError) -> [String] {
        do {
            return try SmallFile.names(in: directory)
        } catch {
            throw .cannotRead(path: directory, reason: error.reason)
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
