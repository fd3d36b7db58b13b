import CVendorRuntimes
import Glibc
import Runtime

/// The program that is started to hold a vendor's library.
package struct HostProgram: Hashable, Sendable {
    /// Absolute path.
    package var path: String
    /// In front of the interface and the library's path.
    package var arguments: [String]
    /// Added to the environment, and before it.
    package var environment: [String: String]

    package init(path: String, arguments: [String], environment: [String: String] = [:]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// This very program, which has the command for it.
    package static var own: HostProgram {
        HostProgram(path: "/proc/self/exe", arguments: [AcceleratorHost.command])
    }
}

/// A running process that holds a vendor's library; killed when the object goes.
// SAFETY: pointers are those of C strings and structures that live through the call they are made for.
final class HostProcess {
    let channel: HostChannel
    let model: Int32
    let tensors: Int32
    private let life: HostLife
    private var isLeft = false
    var pid: pid_t { life.pid }

    /// Descriptors are moved up here first, so that none lies where another has to go in the child.
    private static let roomForChild: Int32 = 16
    /// How long a process may take to be gone that was killed, and one whose socket is closed before it is killed.
    static let grace = Duration.seconds(2)
    private static let closing = Duration.seconds(1)

    /// - Parameters:
    ///   - stop: can end the process as soon as there is one.
    ///   - signal: what ends it; see ``HostLife``.
    init(
        _ program: HostProgram, _ arguments: [String], _ stop: HostStop? = nil, signal: Int32 = SIGKILL
    ) throws(AcceleratorError) {
        let left = LeftProcesses.look()
        guard left.count < LeftProcesses.limit else {
            throw .host(
                call: "starting the vendor library's process",
                reason: "processes \(left.map(String.init).joined(separator: ", ")) are still there after SIGKILL")
        }
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw Self.failed("socketpair", errno)
        }
        var open = pair
        do throws(AcceleratorError) {
            let files = [try SharedMemory.file("model"), try SharedMemory.file("tensors")]
            open += files
            let high = [pair[1]] + files
            var moved: [Int32] = []
            for descriptor in high {
                let copy = mw_copy_descriptor(descriptor, Self.roomForChild)
                guard copy >= 0 else { throw Self.failed("fcntl(F_DUPFD_CLOEXEC)", errno) }
                moved.append(copy)
                open.append(copy)
            }
            life = HostLife(pid: try Self.spawn(program, arguments, moved), socket: pair[0], signal: signal)
            channel = HostChannel(descriptor: pair[0])
            (model, tensors) = (files[0], files[1])
            close(pair[1])
            for descriptor in moved { close(descriptor) }
        } catch {
            for descriptor in open { close(descriptor) }
            throw error
        }
        stop?.watch(life)
    }

    deinit {
        _ = end()
        life.forgetSocket()
        for descriptor in [channel.descriptor, model, tensors] { close(descriptor) }
    }

    /// Kills it unless it has ended, and waits for it a little.
    /// - Returns: how it ended; nil when it is still there, left to ``LeftProcesses``.
    func end() -> String? {
        if isLeft { return nil }
        if let status = life.look() { return Self.words(status) }
        life.kill()
        if let status = life.wait(within: Self.grace) { return Self.words(status) }
        isLeft = true
        LeftProcesses.add(life)
        return nil
    }

    /// How a process ended whose socket is closed; killed when it does not end by itself.
    func endedByItself() -> String? {
        life.wait(within: Self.closing).map(Self.words) ?? end()
    }

    private static func words(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0
            ? "exit code \(status >> 8 & 0xFF)" : "signal \(signal) (\(String(cString: strsignal(signal))))"
    }

    private static func failed(_ call: String, _ code: Int32) -> AcceleratorError {
        .host(call: call, reason: String(cString: strerror(code)))
    }

    private static func spawn(_ program: HostProgram, _ arguments: [String], _ descriptors: [Int32])
        throws(AcceleratorError) -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // Vendors' libraries print; standard output belongs to whoever reads this program's results.
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        for (index, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, AcceleratorHost.channelDescriptor + Int32(index))
        }
        mw_close_from(
            &actions, AcceleratorHost.channelDescriptor + Int32(descriptors.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let environment = program.environment.map { "\($0.key)=\($0.value)" } + inherited(without: program.environment)
        var pid: pid_t = 0
        let code = withCStrings([program.path] + program.arguments + arguments) { argv in
            withCStrings(environment) { posix_spawn(&pid, program.path, &actions, &attributes, argv, $0) }
        }
        guard code == 0 else { throw failed("posix_spawn \(program.path)", code) }
        return pid
    }

    private static func inherited(without names: [String: String]) -> [String] {
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
