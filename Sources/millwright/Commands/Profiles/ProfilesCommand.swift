import ArgumentParser
import Profiles

struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles",
        abstract:
            "Look at what is known of domestic chips, check it, find the chip of this box, compare them for a model.",
        subcommands: [
            ProfilesList.self, ProfilesShow.self, ProfilesCheck.self, ProfilesDetect.self, ProfilesCompare.self,
        ])
}

/// Where the catalogue lies.
struct ProfilesOption: ParsableArguments {
    @Option(help: "Folder of the profiles, <vendor>/<soc>.yaml in it.", completion: .directory)
    var profiles = ProfileCatalogue.usualDirectory

    func load() throws -> [ChipProfile] { try ProfileCatalogue.load(directory: profiles) }

    /// One profile; mistakes in others are said and do not stand in its way.
    func profile(named name: String) throws -> ChipProfile {
        let contents = try ProfileCatalogue.contents(of: profiles)
        do {
            let profile = try ProfileCatalogue.profile(named: name, in: contents.profiles)
            if !contents.findings.isEmpty {
                Output.error(
                    "\(profiles): \(contents.findings.count) mistakes in other files: millwright profiles check")
            }
            return profile
        } catch {
            // Its own file may be the one with the mistake.
            guard contents.findings.isEmpty else {
                throw ProfileError.wrong("\(contents.findings.joined(separator: "\n"))\n\(error)")
            }
            throw error
        }
    }
}

extension Reach {
    /// For people.
    var words: String {
        switch self {
        case .bitExact: "bit-exact to vendor simulator"
        case .contractKnown: "contract known"
        case .factsOnly: "facts only"
        }
    }
}
