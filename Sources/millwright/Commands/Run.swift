import ArgumentParser
import Host
import Logging
import ServiceLifecycle
import UnixSignals

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon.",
        discussion: """
            Runs until SIGTERM or SIGINT. SIGHUP reads the configuration again; links, assets and channels that did not \
            change go on undisturbed, and a configuration with a mistake changes nothing.
            """)

    @Option(help: "The configuration.", completion: .file(extensions: ["yaml"]))
    var config: String

    @Option(help: "Least level to log.")
    var logLevel = LogLevel.info

    func run() async throws {
        ProcessMemory.prepare()
        let environment = ProcessEnvironment.current
        let clock = SystemClock()
        let logger = Logger(label: "millwright") {
            StandardErrorLog(label: $0, level: logLevel.level, environment: environment)
        }
        let configuration = try PlantConfiguration.load(path: config)
        if clock.wall() < earliestPlausibleWallTime {
            logger.warning("the clock cannot be right; times are kept but not believed")
        }
        let daemon = try await Daemon(
            path: config, configuration: configuration, clock: clock, logger: logger, environment: environment)
        try await ServiceGroup(
            services: [daemon], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}

/// The levels of the log, as an option takes them.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
