import YAML

/// The chips that Millwright knows, a file each below `firmware-profiles/<vendor>/`.
package enum ProfileCatalogue {
    /// Where the catalogue is, seen from the root of the repository.
    package static let usualDirectory = "firmware-profiles"

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
}
