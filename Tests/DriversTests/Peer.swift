import FoundationEssentials
import Rig
import TestBench
import Testing

/// Folder of what `./test --peers` has installed; nil without it.
let peersFolder = ProcessInfo.processInfo.environment["MILLWRIGHT_PEERS"]

/// A server that somebody else wrote, on a free loopback port.
struct Peer: Sendable, CustomTestStringConvertible {
    /// With its version, as it stands in the table.
    var name: String
    /// Program and arguments; `{port}`, `{other}`, `{directory}`, `{peers}` and `{sources}` are put in.
    var command: [String]
    /// Files of its own directory, with the same places.
    var files: [String: String] = [:]
    var environment: [String: String] = [:]

    var testDescription: String { name }

    static let sources = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Peers"
    static let python = "{peers}/venv/bin/python"
}

/// A peer at work; it is ended with this object.
actor PeerProcess {
    nonisolated let port: Int
    nonisolated let directory: TempDirectory
    private let peer: Peer
    private let places: [String: String]
    private var process: ChildProcess?

    init(_ peer: Peer) throws {
        self.peer = peer
        directory = try TempDirectory()
        port = try FreePort.next()
        places = [
            "{port}": "\(port)", "{other}": "\(try FreePort.next())", "{directory}": directory.path,
            "{peers}": try #require(peersFolder), "{sources}": Peer.sources,
        ]
        for (name, text) in peer.files {
            try Data(Self.filled(text, places).utf8).write(to: URL(filePath: directory.file(name)))
        }
    }

    private static func filled(_ text: String, _ places: [String: String]) -> String {
        places.reduce(text) { $0.replacing($1.key, with: $1.value) }
    }

    var isRunning: Bool { process?.isRunning ?? false }

    /// Starts it, and returns when somebody listens at its port.
    func start() async throws {
        let words = peer.command.map { Self.filled($0, places) }
        let program = words[0].contains("/") ? words[0] : try ChildProcess.find(words[0], debianPackage: words[0])
        let child = try ChildProcess(
            program, Array(words.dropFirst()), environment: peer.environment.mapValues { Self.filled($0, places) },
            outputFile: directory.file("log"))
        process = child
        let isReady = await eventually(within: .seconds(60)) { !child.isRunning || isListening() }
        try #require(isReady && child.isRunning, "\(peer.name) does not start: \(child.outputTail())")
    }

    /// Starts it again when it has ended; does not wait until it listens.
    func startAgainIfEnded() async throws {
        if !isRunning { try await start() }
    }

    func kill() async {
        process?.kill()
        _ = await process?.waitForExit()
    }

    func stop() async { await process?.stop(grace: .seconds(20)) }

    /// Looks into the kernel's table: a connection to try it would be the one that some servers take.
    private nonisolated func isListening() -> Bool {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        let port = String(port, radix: 16, uppercase: true)
        return tables.flatMap { $0.split(separator: "\n") }.contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[1].hasSuffix(":" + String(repeating: "0", count: 4 - port.count) + port)
                && fields[3] == "0A"
        }
    }
}

/// A row of the table that `./test --peers` prints.
func peerRow(_ name: String, _ what: String) { print("peer | \(name) | \(what)") }
