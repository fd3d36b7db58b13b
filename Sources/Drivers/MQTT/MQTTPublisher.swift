import CMosquitto
import Glibc
package import Plant
import Threads

/// Publishes single messages with QoS 1 and waits for the broker's acknowledgement; for alerts.
///
/// It connects when there is something to send and keeps the connection for the next one. Runs on a thread of its own.
package actor MQTTPublisher {
    /// Where to publish.
    package struct Settings: Hashable, Sendable {
        let connection: MQTTConnectionSettings

        /// - Parameter clientID: unique at the broker, and not the id of a link.
        package init(host: String, port: Int = 1_883, clientID: String) {
            // Without pings: between two alerts nobody runs a loop, and a dead connection shows by the missing answer.
            connection = MQTTConnectionSettings(host: host, port: port, clientID: clientID, keepAlive: .zero)
        }

        /// Publishes to the broker of a link, with its credentials.
        ///
        /// - Parameter clientID: of its own: a broker throws out the older of two connections with one id.
        /// - Returns: nil for a link that has no broker.
        package init?(link: LinkDefinition, clientID: String) {
            guard var connection = (link.settings as? any BrokerLinkSettings)?.connection else { return nil }
            connection.clientID = clientID
            connection.keepAlive = .zero
            connection.will = nil
            self.connection = connection
        }
    }

    /// Why a message was not acknowledged. The broker may have it all the same; who tries again may send it twice.
    package enum Failure: Error, Hashable, CustomStringConvertible {
        case notConnected(String)
        case timedOut
        case cancelled

        package var description: String {
            switch self {
            case .notConnected(let reason): reason
            case .timedOut: "the broker did not acknowledge in time"
            case .cancelled: "cancelled before the broker acknowledged"
            }
        }
    }

    private final class Handler: MosquittoHandler {
        var connectCode: Int32?
        var answer: (id: Int32, refusal: String?)?
        func connected(code: Int32, isSessionPresent: Bool) { connectCode = code }
        // SAFETY: neither pointer is looked at, let alone kept.
        func received(_ message: UnsafePointer<mosquitto_message>) {}
        func disconnected(code: Int32) {}
        func subscribed(id: Int32, refusal: String?) {}
        func published(id: Int32, refusal: String?) { answer = (id, refusal) }
        func logged(_ text: UnsafePointer<CChar>) {}
    }

    private let settings: MQTTConnectionSettings
    private let clock: any PlantClock
    private let handler = Handler()
    private var client: MosquittoClient?

    private nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: `.notConnected` when the system gives no thread.
    package init(_ settings: Settings, clock: any PlantClock) throws(Failure) {
        do {
            executor = try ThreadExecutor()
        } catch {
            throw .notConnected("\(error)")
        }
        self.clock = clock
        self.settings = settings.connection
    }

    /// Publishes one message; returns when the broker has it.
    ///
    /// - Parameter limit: for connecting and for the acknowledgement together.
    /// - Throws: when it is not known to have it; the caller may try again later.
    package func publish(
        _ topic: String, _ payload: [UInt8], retain: Bool = false, within limit: Duration = .seconds(10)
    ) async throws(Failure) {
        do {
            let stop = try WakeSignal()
            try await withTaskCancellationHandler {
                try send(topic, payload, retain, end: clock.monotonic() + limit, stop)
            } onCancel: {
                stop.raise()
            }
        } catch {
            // What is left of the connection, and of the message in it, is of no use.
            client = nil
            switch error {
            case let failure as Failure: throw failure
            case LinkFailure.timedOut: throw .timedOut
            case is CancellationError: throw .cancelled
            default: throw .notConnected("\(error)")
            }
        }
    }

    private func send(
        _ topic: String, _ payload: [UInt8], _ retain: Bool, end: MonotonicTime, _ stop: WakeSignal
    ) throws {
        let client = try connected(end: end, stop)
        handler.answer = nil
        let id = try client.publish(MQTTMessage(topic: topic, payload: payload, isRetained: retain))
        try turn(client, until: { handler.answer?.id == id }, end: end, stop)
        if let refusal = handler.answer?.refusal { throw LinkFailure.refused(refusal) }
    }

    private func connected(end: MonotonicTime, _ stop: WakeSignal) throws -> MosquittoClient {
        if let client, client.descriptor != nil, (try? client.read()) != nil { return client }
        let client = try MosquittoClient(settings, isSessionClean: true, handler: handler)
        handler.connectCode = nil
        try client.connect()
        do {
            try turn(client, until: { handler.connectCode != nil }, end: end, stop)
        } catch {
            // The library calls a refusal a broken connection; below it gets its reason.
            if handler.connectCode == nil { throw error }
        }
        if let code = handler.connectCode, code != 0 {
            throw LinkFailure.refused(MQTTReason.connect(code, settings.version))
        }
        self.client = client
        return client
    }

    private func turn(
        _ client: MosquittoClient, until isDone: () -> Bool, end: MonotonicTime, _ stop: WakeSignal
    ) throws {
        while !isDone() {
            let left = end - clock.monotonic()
            guard left > .zero else { throw LinkFailure.timedOut(what: "acknowledgement") }
            guard let descriptor = client.descriptor else { throw LinkFailure.closed }
            let isWriting = client.wantsToWrite || handler.connectCode == nil
            let events = Int16(POLLIN) | (isWriting ? Int16(POLLOUT) : 0)
            let ready = Polling.wait(
                [(descriptor, events), (stop.descriptor, Int16(POLLIN))], timeout: min(left, .milliseconds(50)))
            if ready[1] != 0 { throw CancellationError() }
            guard ready[0] != 0 else { continue }
            try client.write()
            while try client.read() == .more, !isDone() {}
        }
    }
}
