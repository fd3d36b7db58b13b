import Drivers
import Glibc
import Inspection
import Pictures
import Plant

/// Pictures of one station's parts with their verdicts and heat maps, `<store>/evidence/<station>/<day>/<name>.*`.
///
/// The file `.json` is written last, so that what has one is whole. Nothing is synced: evidence that a power cut takes is of parts
/// whose verdicts are stored, and a sync a part would wear out flash.
struct EvidenceFolder {
    /// One part's files to be written.
    struct Item: Sendable {
        var name: String
        var picture: [UInt8]
        var encoding = FieldPicture.Encoding.file
        var verdict: [UInt8]
        var map: Plane?
        var mapThreshold: Double
    }

    let path: String
    private let settings: StationDefinition.Evidence
    /// Free space below which evidence gives way: well above what the store itself needs to go on.
    private let leastFree: Int64
    private(set) var bytes: Int64 = 0
    private(set) var files = 0
    private var agedAt: MonotonicTime?

    /// Between two days that go by their age: a clock that leaps ahead takes no more than one before the next look.
    private static let agingInterval = Duration.seconds(3_600)

    /// Looks through what is there.
    init(_ path: String, _ settings: StationDefinition.Evidence, leastFree: Int64) {
        self.path = path
        self.settings = settings
        self.leastFree = leastFree
        for day in days {
            for name in names(day) {
                bytes += Self.size("\(path)/\(day)/\(name)")
                files += 1
            }
        }
    }

    /// - Returns: false when there is no room, or the disk refuses; what was written of it is gone then.
    mutating func write(_ item: Item, clock: any PlantClock) -> Bool {
        var parts = [item.file, ("json", item.verdict)]
        if let map = item.map { parts.insert(("heat.png", HeatMap.png(map, threshold: item.mapThreshold)), at: 1) }
        let needed = parts.reduce(Int64(0)) { $0 + Int64($1.1.count) }
        keep(clock: clock, room: needed)
        guard bytes + needed <= settings.bytes, Self.freeBytes(path) >= leastFree + needed else { return false }
        Self.makeDirectories("\(path)/\(TextFile.directory(of: item.name))")
        var written: [String] = []
        for (ending, content) in parts {
            let file = "\(path)/\(item.name).\(ending)"
            do {
                try OutputFile.write(content, to: file, isDurable: false)
                written.append(file)
            } catch {
                for file in written { unlink(file) }
                return false
            }
        }
        bytes += needed
        files += parts.count
        return true
    }

    /// Takes away what is too old, and the oldest as long as there is too much, or too little room on the disk.
    mutating func keep(clock: any PlantClock, room: Int64 = 0) {
        let now = clock.monotonic()
        if agedAt.map({ now - $0 >= Self.agingInterval }) ?? true {
            agedAt = now
            let oldest = ISO8601.compact(clock.wall() + (.zero - settings.age)).prefix(8)
            for day in days.prefix(while: { $0 < oldest }) {
                let before = files
                for name in names(day) where !remove("\(day)/\(name)") { break }
                if files < before { break }
            }
        }
        while bytes + room > settings.bytes || (files > 0 && Self.freeBytes(path) < leastFree + room) {
            guard let oldest = oldestFile, remove(oldest) else { break }
        }
    }

    private mutating func remove(_ name: String) -> Bool {
        let size = Self.size("\(path)/\(name)")
        guard unlink("\(path)/\(name)") == 0 else { return false }
        bytes -= size
        files -= 1
        // Goes only when it is empty; a folder that somebody else has put there stays, and is in nobody's way.
        rmdir("\(path)/\(TextFile.directory(of: name))")
        return true
    }

    /// Oldest first.
    private var days: [String] { Self.days(in: path) }

    static func days(in path: String) -> [String] {
        ((try? DirectoryListing.names(in: path)) ?? []).filter { $0.utf8.count == 8 && Int($0) != nil }
    }

    /// Of files, oldest first.
    private func names(_ day: String) -> some Sequence<String> {
        let all = (try? DirectoryListing.names(in: "\(path)/\(day)")) ?? []
        return all.lazy.filter { PictureFiles.isFile("\(path)/\(day)/\($0)") }
    }

    private var oldestFile: String? {
        for day in days { for name in names(day) { return "\(day)/\(name)" } }
        return nil
    }

    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Of the nearest folder above that is there.
    private static func freeBytes(_ path: String) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            let above = TextFile.directory(of: path)
            return above == path ? 0 : freeBytes(above)
        }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }

    static func makeDirectories(_ path: String) {
        guard !DirectoryListing.isDirectory(path), mkdir(path, 0o750) != 0, errno == ENOENT else { return }
        makeDirectories(TextFile.directory(of: path))
        mkdir(path, 0o750)
    }
}

extension EvidenceFolder.Item {
    /// The picture as anybody can look at it: as it came, or as a PNG where it came as bare pixels. The ending is for the eye only,
    /// because decoders look at the bytes.
    fileprivate var file: (ending: String, bytes: [UInt8]) {
        if case .raw(let shape) = encoding {
            guard let pixels = try? PictureDecoder.decode(picture, as: shape) else { return ("raw", picture) }
            return ("png", PNGEncoder.encode(pixels))
        }
        return switch picture.first {
        case 0x89: ("png", picture)
        case 0xFF: ("jpg", picture)
        case UInt8(ascii: "B"): ("bmp", picture)
        default: ("bin", picture)
        }
    }
}
