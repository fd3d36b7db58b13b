import Glibc
import Registry
import Rig
import TestBench
import Testing
import Transfer

/// The program `millwright-registry` as a child process, with a directory of its own.
final class RegistryProcess {
    let folder: TempDirectory
    let directory: RegistryDirectory
    private(set) var port = 0
    private(set) var child: ChildProcess?

    /// Beside the test's own program, where the build put both.
    static func program() throws -> String {
        var bytes = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        try #require(count > 0)
        let own = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let places = [own, CommandLine.arguments.first ?? ""].map { place in
            "\(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])/millwright-registry"
        }
        return try #require(places.first { access($0, X_OK) == 0 }, "millwright-registry was not built beside \(own)")
    }

    init() throws {
        folder = try TempDirectory()
        directory = RegistryDirectory(folder.file("registry"))
        _ = try directory.initialize()
    }

    /// Starts serving; on the same port as before, so that a client finds it again.
    func start(environment: [String: String] = [:]) throws {
        unlink(folder.file("port"))
        child = try ChildProcess(
            try Self.program(),
            [
                "serve", "--directory", directory.path, "--port", "\(port)", "--port-file", folder.file("port"),
                "--log-level", "warning",
            ], environment: environment, outputFile: folder.file("log"))
    }

    /// Waits until connections are taken.
    func ready() async throws {
        try #require(
            await eventually {
                port = text("port").flatMap { Int($0.prefix { $0.isNumber }) } ?? port
                return port != 0 && access(folder.file("port"), F_OK) == 0
            }, "the registry did not start: \(text("log") ?? "")")
    }

    /// Ends it as a power cut does.
    func kill() async {
        guard let child else { return }
        child.kill()
        _ = await child.waitForExit()
    }

    func text(_ name: String) -> String? {
        let file = open(folder.file(name), O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(file, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Runs the program to its end.
    func run(_ arguments: [String]) async throws -> (exit: ChildProcess.Exit, output: String) {
        let name = "output-\(UInt64.random(in: 0...UInt64.max))"
        let child = try ChildProcess(try Self.program(), arguments, outputFile: folder.file(name))
        return (await child.waitForExit(), text(name) ?? "")
    }
}
