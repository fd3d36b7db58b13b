import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Plant

/// The registry as an HTTP server.
///
/// It speaks plain HTTP and binds to loopback unless told otherwise: beyond one machine it belongs behind a proxy that
/// ends TLS. Serving needs neither the signing key nor the administrator's token file.
package struct RegistryServer: Sendable {
    private let parts: RegistryParts
    private let host: String
    private let port: Int
    private let logger: Logger

    /// Connections at one time; more wait in the kernel's queue.
    private static let maximumConnections = 1_024
    /// A client that neither sends nor reads for so long is gone.
    private static let idleLimit: TimeAmount = .seconds(30)

    /// - Parameter port: 0 takes any free one.
    package init(
        directory: RegistryDirectory, host: String = "127.0.0.1", port: Int, clock: any PlantClock, logger: Logger
    ) {
        let archive = Archive(directory)
        parts = RegistryParts(
            directory: directory, ledger: Ledger(directory), archive: archive, gate: Gatekeeper(archive: archive),
            clock: clock)
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// Serves until shut down gracefully or cancelled.
    ///
    /// - Parameter ready: called with the port once connections are taken.
    /// - Throws: ``RegistryError`` when the directory is no registry; what the system says when the port is taken.
    package func run(ready: @escaping @Sendable (_ port: Int) async -> Void) async throws {
        try await parts.ledger.open()
        let router = Router(context: BasicRequestContext.self)
        router.addMiddleware { ErrorMiddleware() }
        for routes in Routes.all { routes.add(to: router, parts) }
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.idleLimit)),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: "millwright-registry",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)),
            onServerRunning: { channel in await ready(channel.localAddress?.port ?? 0) }, logger: logger)
        try await application.run()
        await parts.ledger.close()
    }
}

/// What routes work with.
struct RegistryParts: Sendable {
    let directory: RegistryDirectory
    let ledger: Ledger
    let archive: Archive
    let gate: Gatekeeper
    let clock: any PlantClock
}
