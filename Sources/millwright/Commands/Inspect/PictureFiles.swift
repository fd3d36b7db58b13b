import Glibc
import Pictures

/// The pictures that a command is given: files, and folders whose pictures it takes in the order of their names.
struct PictureFiles {
    /// Path, and the name that stands in what is printed.
    struct Entry {
        var path: String
        var name: String
        /// Name of the folder that it lies in.
        var folder: String { path.split(separator: "/").dropLast().last.map(String.init) ?? "" }
    }

    /// A folder with more would rather be a day's archive than what somebody wants to have judged.
    private static let limit = 1_000_000
    private static let endings = [".png", ".jpg", ".jpeg", ".bmp"]

    let entries: [Entry]
    /// What lies in the folders and has another ending.
    let passedOver: Int

    /// - Throws: for a folder that cannot be read, or when there is no picture at all.
    init(_ paths: [String], option: String) throws {
        var entries: [Entry] = []
        var passedOver = 0
        for path in paths {
            guard DirectoryListing.isDirectory(path) else {
                guard access(path, F_OK) == 0 else {
                    throw PictureFilesError("\(option): expected a folder or a picture, found no \(path)")
                }
                entries.append(Entry(path: path, name: Self.lastPart(path)))
                continue
            }
            for name in try DirectoryListing.names(in: path) {
                let file = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
                if Self.isPicture(file) {
                    entries.append(Entry(path: file, name: name))
                } else {
                    passedOver += 1
                }
            }
        }
        guard !entries.isEmpty else {
            throw PictureFilesError(
                "\(option): expected pictures (\(Self.endings.joined(separator: ", "))) in \(paths.joined(separator: ", ")), "
                    + "found \(passedOver == 0 ? "nothing" : "\(passedOver) other files")")
        }
        guard entries.count <= Self.limit else {
            throw PictureFilesError("\(option): expected at most \(Self.limit) pictures, found \(entries.count)")
        }
        self.entries = entries
        self.passedOver = passedOver
    }

    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func isPicture(_ path: String) -> Bool {
        guard isFile(path) else { return false }
        let lower = path.lowercased()
        return endings.contains { lower.hasSuffix($0) }
    }

    private static func lastPart(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// Of a file with a picture.
    static let fileBytes = PictureLimits().fileBytes

    /// The picture in a file, whole.
    static func read(_ path: String, as channels: PictureDecoder.Channels) throws(UnreadablePicture) -> Picture {
        // A pipe would wait for its writer.
        guard access(path, F_OK) != 0 || isFile(path) else {
            throw UnreadablePicture(code: "picture.file", description: "expected a file, found something else")
        }
        let bytes: [UInt8]
        do throws(ConfigurationError) {
            bytes = try TextFile.read(path, limit: fileBytes)
        } catch { throw UnreadablePicture(code: "picture.file", description: "\(error)") }
        do throws(PictureError) { return try PictureDecoder.decode(bytes, as: channels).picture } catch {
            throw UnreadablePicture(code: error.code, description: "\(error)")
        }
    }
}

/// Why there is no picture to judge.
struct UnreadablePicture: Error, CustomStringConvertible {
    /// Stable, of the decoder or the file system.
    var code: String
    var description: String
}

struct PictureFilesError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
