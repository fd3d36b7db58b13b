import Glibc
import Synchronization

/// A mosquitto broker of our own on a free loopback port, for tests and the demonstration.
///
/// Its settings are those that Millwright ships for real plants: no queue limit that drops QoS 1 messages silently
/// (mosquitto's default of 1,000 lost up to 41 % of a burst), and no Nagle delay.
package final class Broker: Sendable {
    /// Port on 127.0.0.1; stays the same over restarts.
    package let port: Int
    private let program: String
    private let directory: String
    private let process = Mutex<ChildProcess?>(nil)

    /// What differs between one broker and another.
    package struct Settings: Sendable {
        /// Whether sessions and queued messages are written to disk, and so outlive a restart.
        package var isPersistent = false
        /// Messages on their way to one client without an acknowledgement; 0 for no limit.
        package var maxInflight = 1_000
        /// Whether a client may come without a user name.
        package var isAnonymousAllowed = true
        /// Lines added to the configuration as they are.
        package var extra: [String] = []

        package init() {}
    }

    /// Writes the configuration; ``start()`` starts it.
    ///
    /// - Parameter directory: existing; keeps configuration, log and sessions.
    /// - Throws: `.programMissing` without mosquitto; `.system` without a free port or with a directory that takes no file.
    package convenience init(directory: String, settings: Settings = Settings()) throws(RigError) {
        try self.init(directory: directory) { port in Self.text(settings, port: port, directory: directory) }
    }

    /// A broker with a configuration of the caller's own.
    ///
    /// - Parameter configuration: makes its text, for a port.
    package init(directory: String, configuration: (_ port: Int) -> String) throws(RigError) {
        program = try ChildProcess.find("mosquitto", debianPackage: "mosquitto")
        port = try FreePort.next()
        self.directory = directory
        // As root, mosquitto would become the user "mosquitto", who may not write here.
        let user = geteuid() == 0 ? "user root\n" : ""
        try Self.write(user + configuration(port), to: "\(directory)/broker.conf")
    }

    private static func text(_ settings: Settings, port: Int, directory: String) -> String {
        var lines = [
            "listener \(port) 127.0.0.1", "allow_anonymous \(settings.isAnonymousAllowed)", "set_tcp_nodelay true",
            "max_queued_messages 0",
            "max_inflight_messages \(settings.maxInflight)", "persistence \(settings.isPersistent)",
            "log_dest stdout", "log_type error", "log_type warning", "connection_messages false",
        ]
        if settings.isPersistent { lines.append("persistence_location \(directory)/") }
        return (lines + settings.extra).joined(separator: "\n") + "\n"
    }

    /// Starts it on its port and returns when it answers an MQTT connection.
    ///
    /// - Throws: `.notReady` with the end of its log when it does not answer within ten seconds.
    package func start() async throws(RigError) {
        let child = try ChildProcess(
            program, ["-c", "\(directory)/broker.conf"], outputFile: "\(directory)/broker.log")
        process.withLock { $0 = child }
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: .seconds(10))
        while clock.now < end, child.isRunning {
            if answers() { return }
            // A cancelled caller gets the same error as one whose broker is silent.
            guard (try? await clock.sleep(for: .milliseconds(5))) != nil else { break }
        }
        child.kill()
        throw .notReady(program: "mosquitto", output: child.outputTail())
    }

    /// Ends it in order: sessions and queues are written when it is persistent.
    package func stop() async {
        let child = process.withLock { $0.take() }
        await child?.stop()
    }

    /// Ends it as a power cut does.
    package func kill() async {
        let child = process.withLock { $0.take() }
        child?.kill()
        _ = await child?.waitForExit()
    }

    /// Its process id; nil when it does not run.
    package var pid: Int32? { process.withLock { $0?.pid } }

    /// Sends CONNECT and looks for CONNACK; a refusal is an answer too. Source: MQTT 3.1.1, sections 3.1 and 3.2.
    private func answers() -> Bool {
        guard let descriptor = try? LoopbackSocket.connected(port: port) else { return false }
        defer { close(descriptor) }
        let id = Array("rig-probe".utf8)
        let variable: [UInt8] = [0, 4] + Array("MQTT".utf8) + [4, 2, 0, 10, 0, UInt8(id.count)] + id
        let connect = [0x10, UInt8(variable.count)] + variable
        guard send(descriptor, connect, connect.count, Int32(MSG_NOSIGNAL)) == connect.count else {
            return false
        }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 500) == 1 else { return false }
        var reply = [UInt8](repeating: 0xFF, count: 4)
        guard recv(descriptor, &reply, reply.count, 0) == 4, reply[0] == 0x20 else { return false }
        let disconnect: [UInt8] = [0xE0, 0]
        send(descriptor, disconnect, 2, Int32(MSG_NOSIGNAL))
        return true
    }

    private static func write(_ text: String, to path: String) throws(RigError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(call: "open \(path)", code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw .system(call: "write \(path)", code: errno)
        }
    }
}
