import Glibc
import Host
import Plant
import Rig
import Store

/// A folder for one drill.
enum DrillDirectory {
    /// Works in a folder; a temporary one goes away afterwards. Where the work failed it stays for looking at.
    ///
    /// - Parameter holds: whether the result is as it should be.
    static func with<Result>(
        _ path: String?, holds: (Result) -> Bool = { _ in true }, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let directory = try make(path)
        let result = try await body(directory)
        if path == nil, holds(result) { DirectoryTree.remove(directory) }
        return result
    }

    /// - Parameter path: must be empty or missing; nil for a temporary folder, which stays for looking at.
    static func make(_ path: String?) throws -> String {
        guard let path else {
            var template = Array("/tmp/millwright-drill-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else {
                throw DrillError.folder("/tmp", String(cString: strerror(errno)))
            }
            return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw DrillError.folder(path, String(cString: strerror(errno)))
        }
        guard rmdir(path) == 0, mkdir(path, 0o755) == 0 else {
            throw DrillError.folder(path, "expected an empty folder: \(String(cString: strerror(errno)))")
        }
        return path
    }
}

enum DrillError: Error, CustomStringConvertible {
    case folder(String, String)
    case daemonEnded(String)
    case timedOut(String)

    var description: String {
        switch self {
        case .folder(let path, let reason): "\(path): \(reason)"
        case .daemonEnded(let output): "the daemon ended by itself:\n\(output)"
        case .timedOut(let what): "gave up waiting for \(what)"
        }
    }
}

/// This program, started once more as a daemon.
struct DaemonProcess {
    let configuration: String
    let directory: String

    /// - Throws: when it does not come up.
    func start() throws -> ChildProcess {
        // The status of the last run must not be taken for this one's.
        unlink("\(directory)/store/status.json")
        return try ChildProcess(
            Self.program(), ["run", "--config", configuration, "--log-level", "notice"],
            environment: ["RUNTIME_DIRECTORY": "", "NOTIFY_SOCKET": ""], outputFile: "\(directory)/daemon.log")
    }

    /// The file that this process was started from.
    static func program() throws -> String {
        guard let program = Installation.program() else {
            throw DrillError.folder("/proc/self/exe", String(cString: strerror(errno)))
        }
        return program
    }

    /// The registry's program, which lies beside this one.
    static func registryProgram() throws -> String {
        let path = "\(TextFile.directory(of: try program()))/millwright-registry"
        guard access(path, X_OK) == 0 else {
            throw DrillError.folder(
                path, "the registry's program is missing: build it, or install it beside millwright")
        }
        return path
    }

    /// The daemon's status; nil before it has written one.
    func status() -> StatusReport? { try? StatusFile(path: "\(directory)/store/status.json").read().report }

    /// Waits until the status satisfies a condition.
    func wait(
        _ child: ChildProcess, for what: String, within limit: Duration = .seconds(30),
        until condition: (StatusReport) -> Bool
    ) async throws -> StatusReport {
        let clock = SystemClock()
        let end = clock.monotonic() + limit
        while clock.monotonic() < end {
            if let report = status(), condition(report) { return report }
            guard child.isRunning else { throw DrillError.daemonEnded(child.outputTail()) }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw DrillError.timedOut(what)
    }

    /// Waits until the rows stop growing at the expected number, or stay below it for long.
    func drain(_ child: ChildProcess, expected: Int) async throws {
        let clock = SystemClock()
        var last = -1
        var lastChange = clock.monotonic()
        while (clock.monotonic() - lastChange) < .seconds(10) {
            guard child.isRunning else { throw DrillError.daemonEnded(child.outputTail()) }
            let samples = status()?.store["samples"] ?? 0
            if samples != last {
                last = samples
                lastChange = clock.monotonic()
            }
            // A second without news after all have come: time for a doubled one to show.
            if last >= expected, (clock.monotonic() - lastChange) > .seconds(1) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// Random numbers from a seed, so that a drill that failed can be run again. Source: SplitMix64.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
