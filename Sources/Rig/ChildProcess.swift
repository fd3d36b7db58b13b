import Glibc
import Synchronization

/// A program that this one has started, and ends by its process id.
///
/// It is ended (SIGKILL) when the object goes away, so that no test leaves a server behind.
package final class ChildProcess: Sendable {
    package let pid: Int32
    /// File that standard output and standard error are appended to.
    package let outputFile: String
    private let life: Life

    /// How a program ended.
    package enum Exit: Hashable, Sendable {
        case code(Int32)
        case signal(Int32)
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - program: absolute path.
    ///   - arguments: without the program's own name.
    ///   - environment: added to, and before, what this process has.
    ///   - outputFile: appended to; made when it is not there.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], outputFile: String
    ) throws(RigError) {
        pid = try Self.spawn(program, arguments, environment, outputFile)
        self.outputFile = outputFile
        let life = Life(pid: pid)
        self.life = life
        try RigThread.start { life.waitForEnd() }
    }

    deinit { life.send(SIGKILL) }

    /// How it ended; nil while it runs.
    package var exit: Exit? { life.exit }
    package var isRunning: Bool { life.exit == nil }

    /// Asks it to end (SIGTERM).
    package func terminate() { life.send(SIGTERM) }

    /// Ends it without asking (SIGKILL).
    package func kill() { life.send(SIGKILL) }

    /// Sends any signal; nothing happens when it has ended already.
    package func send(signal: Int32) { life.send(signal) }

    /// Waits until it has ended.
    package func waitForExit() async -> Exit { await life.end() }

    /// Asks it to end, and ends it without asking when it has not within the grace period.
    @discardableResult
    package func stop(grace: Duration = .seconds(5)) async -> Exit {
        terminate()
        return await withTaskGroup(of: Exit?.self) { group in
            group.addTask { [life] in await life.end() }
            group.addTask { [life] in
                // Cancelled as soon as the program has ended.
                if (try? await Task.sleep(for: grace)) != nil { life.send(SIGKILL) }
                return nil
            }
            while let ended = await group.next() {
                if let ended {
                    group.cancelAll()
                    return ended
                }
            }
            return await life.end()
        }
    }

    /// The last bytes of what it wrote, for a message.
    package func outputTail(bytes: Int = 2_000) -> String {
        let descriptor = open(outputFile, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        lseek(descriptor, max(0, size - bytes), SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: bytes)
        let count = read(descriptor, &buffer, bytes)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Absolute path of an installed program: from `PATH`, then where Debian keeps servers.
    package static func find(_ program: String, debianPackage: String) throws(RigError) -> String {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        for directory in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin", "/usr/bin"]
        where access("\(directory)/\(program)", X_OK) == 0 {
            return "\(directory)/\(program)"
        }
        throw .programMissing(program, debianPackage: debianPackage)
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ outputFile: String
    ) throws(RigError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Descriptors of this process are none of the child's business.
        for descriptor in openDescriptors() where descriptor > 2 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The calling thread may block signals; the child starts with none blocked and the usual reactions.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let added = environment.map { "\($0.key)=\($0.value)" }
        var pid: pid_t = 0
        let code = withCStrings([program] + arguments) { argv in
            withCStrings(added + inheritedEnvironment(without: environment)) { envp in
                posix_spawn(&pid, program, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw .system(call: "posix_spawn \(program)", code: code) }
        return pid
    }

    /// What is open now. Our own are closed on exec anyway; this catches those of libraries that forget to ask for it.
    private static func openDescriptors() -> [Int32] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var result: [Int32] = []
        while let entry = readdir(directory) {
            // SAFETY: the bytes are read only inside the closure, and readdir(3) ends them with a zero.
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name) { result.append(descriptor) }
        }
        return result
    }

    private static func inheritedEnvironment(without names: [String: String]) -> [String] {
        var result: [String] = []
        // SAFETY: nothing in this program calls setenv, so the array stays as the kernel gave it.
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if names[String(line.prefix { $0 != "=" })] == nil { result.append(line) }
            entry += 1
        }
        return result
    }

    // SAFETY: each copy lives until after `body`, and the array ends with nil as the C side expects.
    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return (copies + [nil]).withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map(body) ?? body([nil])
        }
    }
}

/// What the thread that waits for the program shares with everybody else.
private final class Life: Sendable {
    private struct State {
        var exit: ChildProcess.Exit?
        var waiting: [CheckedContinuation<ChildProcess.Exit, Never>] = []
    }
    private let pid: Int32
    private let state = Mutex(State())

    init(pid: Int32) { self.pid = pid }

    var exit: ChildProcess.Exit? { state.withLock { $0.exit } }

    /// Under the lock, so that the id cannot have been given to another program between the look and the signal.
    func send(_ signal: Int32) {
        state.withLock { if $0.exit == nil { _ = Glibc.kill(pid, signal) } }
    }

    func end() async -> ChildProcess.Exit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.waiting.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    func waitForEnd() {
        var information = siginfo_t()
        // Leaves the id taken: it is given back only below, under the lock.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        let (exit, waiting) = state.withLock { state in
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            let signal = status & 0x7F
            let exit = signal == 0 ? ChildProcess.Exit.code(status >> 8 & 0xFF) : .signal(signal)
            defer { state.waiting = [] }
            state.exit = exit
            return (exit, state.waiting)
        }
        for continuation in waiting { continuation.resume(returning: exit) }
    }
}
