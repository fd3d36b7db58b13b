import CVendorRuntimes
import Glibc

/// A program that is started, read to its end and waited for.
///
/// It has a process group of its own: what it has started ends when it ends, and with this program, however that ends.
enum ToolProcess {
    enum Exit: Hashable, Sendable, CustomStringConvertible {
        case code(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .code(let code): "exit code \(code)"
            case .signal(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
            }
        }
    }

    /// What of its words is read.
    enum Stream {
        /// Standard output; what goes wrong is for people and passes through.
        case output
        /// Both, as they come.
        case everything
    }

    /// The longest line that is kept; a tool that never ends its line is cut there.
    private static let lineLimit = 64 << 10

    /// - Parameters:
    ///   - arguments: the program's path first.
    ///   - line: each line as it comes, without its end.
    static func run(_ arguments: [String], reading stream: Stream, line: (String) -> Void) throws(VendorToolError)
        -> Exit
    {
        // The end that is written to stays in this program alone; nothing is written, it closes.
        let lifeline = try pair(arguments[0])
        defer { for end in lifeline { close(end) } }
        let group = mw_guard_group(lifeline[0])
        guard group > 0 else { throw failed("fork", arguments[0], errno) }
        defer { mw_end_group(group) }
        let ends = try pair(arguments[0])
        defer { close(ends[0]) }
        let pid: pid_t
        do {
            defer { close(ends[1]) }
            pid = try spawn(arguments, stream, ends[1], group)
        }
        read(ends[0], line)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { throw failed("waitpid", arguments[0], errno) }
        }
        let signal = status & 0x7F
        return signal == 0 ? .code(status >> 8 & 0xFF) : .signal(signal)
    }

    /// A pipe that no program inherits unless it is told to.
    private static func pair(_ path: String) throws(VendorToolError) -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard mw_pipe(&ends) == 0 else { throw failed("pipe2", path, errno) }
        return ends
    }

    private static func read(_ descriptor: Int32, _ line: (String) -> Void) {
        var chunk = [UInt8](repeating: 0, count: 4_096)
        var pending: [UInt8] = []
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for byte in chunk[..<count] {
                if byte != UInt8(ascii: "\n") { pending.append(byte) }
                guard byte == UInt8(ascii: "\n") || pending.count >= lineLimit else { continue }
                line(String(decoding: pending, as: UTF8.self))
                pending = []
            }
        }
        if !pending.isEmpty { line(String(decoding: pending, as: UTF8.self)) }
    }

    // SAFETY: pointers are those of C strings and structures that live through the call they are made for; `environ`
    // is handed on as it is, and nothing in this program calls setenv.
    private static func spawn(_ arguments: [String], _ stream: Stream, _ writer: Int32, _ group: pid_t)
        throws(VendorToolError) -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, writer, STDOUT_FILENO)
        if stream == .everything { posix_spawn_file_actions_adddup2(&actions, writer, STDERR_FILENO) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, group)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let copies = arguments.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, arguments[0], &actions, &attributes, copies + [nil], environ)
        guard code == 0 else { throw failed("posix_spawn", arguments[0], code) }
        return pid
    }

    private static func failed(_ call: String, _ path: String, _ code: Int32) -> VendorToolError {
        .system(call: call, path: path, reason: String(cString: strerror(code)))
    }
}
