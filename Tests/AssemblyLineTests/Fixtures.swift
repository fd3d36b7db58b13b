import AssemblyLine
import Glibc
import Graph
import Plant
import Scoring
import Signals

enum Fixtures {
    static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    struct NoSuchFile: Error { var path: String }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw NoSuchFile(path: path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
        }
    }

    static func pack() throws -> RotatingMachinePack {
        let path = "\(root)/solutions/rotating-machine/pack.yaml"
        return try RotatingMachinePack.parse(bytes(path), file: path)
    }

    /// The pack with a short window, few of them and little training: seconds in a debug build.
    static func smallPack() throws -> RotatingMachinePack {
        var pack = try pack()
        pack.window.samples = 2048
        pack.line.windows = 60
        pack.line.steps = 150
        return pack
    }

    static func scorer(_ plan: [UInt8]) throws -> MachineScorer {
        let memory = PlanMemory(copying: plan)
        return try MachineScorer(plan: Plan(bytes: memory.bytes), keeping: memory)
    }

    /// A clock that stands still.
    struct Clock: PlantClock {
        func wall() -> WallTime { WallTime(nanoseconds: 0) }
        func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: 0) }
    }

    /// A folder of its own under the system's temporary one, removed with all files in it at the end.
    static func withFolder<T>(_ body: (String) throws -> T) throws -> T {
        var template = Array("/tmp/millwright-line-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw NoSuchFile(path: "/tmp") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in files(path) { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        return try body(path)
    }

    static func files(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
