import ArgumentParser
import Glibc
import Host
import Logging
import Registry
import ServiceLifecycle
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve until SIGTERM or SIGINT.",
        discussion: "Says READY=1 to systemd once connections are taken, and feeds its watchdog.")

    @OptionGroup var at: DirectoryOption

    @Option(help: "Address to listen on. Anything but loopback needs a proxy for TLS in front.")
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16 = 8_090

    @Option(help: "Write the port to this file once connections are taken.", completion: .file())
    var portFile: String?

    @Option(
        help: "Least severe level that is logged: trace, debug, info, notice, warning, error or critical.",
        transform: Self.level)
    var logLevel: Logger.Level = .info

    func run() async throws {
        // A client that goes while it is answered must not end the server.
        signal(SIGPIPE, SIG_IGN)
        let level = logLevel
        let logger = Logger(label: "millwright-registry") { StandardErrorLog(label: $0, level: level) }
        let server = RegistryServer(
            directory: RegistryDirectory(at.directory), host: host, port: Int(port), clock: SystemClock(),
            logger: logger)
        if !["127.0.0.1", "::1", "localhost"].contains(host) {
            logger.warning("listening beyond loopback without TLS", metadata: ["host": "\(host)"])
        }
        let manager = ServiceManager()
        let service = ServerService(server: server, host: host, portFile: portFile, manager: manager, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: WatchdogService(manager: manager), successTerminationBehavior: .ignore),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

extension Serve {
    private static func level(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else { throw ValidationError("no log level \(text)") }
        return level
    }
}

/// The server under the life cycle of the program.
struct ServerService: Service {
    let server: RegistryServer
    let host: String
    let portFile: String?
    let manager: ServiceManager
    let logger: Logger

    func run() async throws {
        try await server.run { port in
            if let portFile {
                do {
                    try PortFile.write(port, to: portFile)
                } catch {
                    logger.error("the port file was not written", metadata: ["error": "\(error)"])
                }
            }
            logger.info("serving", metadata: ["address": "http://\(host):\(port)"])
            manager.ready(status: "serving on \(host):\(port)")
        }
        manager.stopping()
    }
}

/// Tells systemd in time that this process still turns its tasks over.
struct WatchdogService: Service {
    let manager: ServiceManager

    func run() async throws {
        guard let interval = manager.watchdogInterval else { return }
        try? await cancelWhenGracefulShutdown {
            while true {
                manager.alive()
                try await Task.sleep(for: interval)
            }
        }
    }
}

/// A file with one number, there whole or not at all.
enum PortFile {
    struct Failure: Error, CustomStringConvertible {
        var path: String
        var errno: Int32
        var description: String { "\(path): errno \(errno)" }
    }

    static func write(_ port: Int, to path: String) throws(Failure) {
        let temporary = "\(path).\(getpid()).part"
        let text = Array("\(port)\n".utf8)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure(path: temporary, errno: errno) }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, text, text.count) == text.count, rename(temporary, path) == 0 else {
            throw Failure(path: path, errno: errno)
        }
    }
}
