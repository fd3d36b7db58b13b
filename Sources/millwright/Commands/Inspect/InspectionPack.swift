import AssemblyLine
import Glibc

/// A pack for pictures, found by its name.
struct InspectionPack {
    /// Plan of the network that looks at parts.
    let network: String

    /// Where packs lie: beside whoever works on them, and where this program was installed.
    private static var places: [String] {
        ["solutions"] + (Installation.sharedDirectory().map { ["\($0)/solutions"] } ?? [])
    }

    /// - Parameter name: of the pack, or its folder.
    /// - Throws: with the places that were looked at, or what the pack is instead.
    init(named name: String) throws {
        let isFolder = name.utf8.contains(UInt8(ascii: "/")) || name == "."
        let folders = isFolder ? [name] : Self.places.map { "\($0)/\(name)" }
        guard let folder = folders.first(where: { access("\($0)/pack.yaml", R_OK) == 0 }) else {
            throw PictureFilesError("--pack: expected a pack.yaml in \(folders.joined(separator: " or ")), found none")
        }
        let file = "\(folder)/pack.yaml"
        guard case .surfaceInspection(let pack) = try Pack.parse(try TextFile.read(file), file: file) else {
            throw PictureFilesError(
                "--pack: expected a pack of kind \(Pack.Kind.surfaceInspection.rawValue), found another in \(folder)")
        }
        network = "\(folder)/\(pack.modelFile)"
    }
}
