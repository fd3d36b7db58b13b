import Logging
import Plant
import Synchronization

/// One slave as a link of the plant: declares its tags, has the poller ask it, and hands the values to the store.
final class ModbusLink: Sendable {
    let monitor: LinkMonitor
    private let link: LinkDefinition
    private let settings: ModbusSettings
    private let tags: any TagLookup
    private let clock: any PlantClock
    private let logger: Logger
    /// What the poller knows it by while it runs.
    private let slave = Mutex<Int?>(nil)

    init(link: LinkDefinition, tags: any TagLookup, clock: any PlantClock, logger: Logger) {
        guard let settings = link.settings as? ModbusSettings else {
            preconditionFailure("the Modbus driver was given settings of \(link.scheme)")
        }
        (self.link, self.settings, self.tags, self.clock, self.logger) = (link, settings, tags, clock, logger)
        monitor = LinkMonitor(link: link, clock: clock)
    }

    func run(into sink: any SampleSink) async throws {
        defer { monitor.enter(.stopped) }
        let poller = try ModbusPoller.shared()
        guard let ids = await declareTags() else { return }
        let mailbox = SampleMailbox(values: settings.tags.count)
        async let storing: Void = mailbox.empty(into: sink, link: link.name, monitor: monitor)
        let id = poller.newID()
        let setup = ModbusPoller.Setup(
            id: id, link: link, settings: settings, tags: ids, clock: clock, logger: logger, monitor: monitor,
            mailbox: mailbox)
        slave.withLock { $0 = id }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                poller.post(.attach(setup, ended: continuation))
                // The handler below may have run before there was anything to detach.
                if Task.isCancelled { poller.post(.detach(id)) }
            }
        } onCancel: {
            poller.post(.detach(id))
        }
        slave.withLock { $0 = nil }
        mailbox.close()
        await storing
    }

    /// - Parameter limit: later than this it is not begun.
    func write(_ tag: String, _ number: Double, within limit: Duration) async -> WriteOutcome {
        guard let id = slave.withLock({ $0 }), let poller = try? ModbusPoller.shared() else {
            return .refused(reason: "the link does not run")
        }
        return await withCheckedContinuation { continuation in
            let end = PollClock.now() + limit
            poller.post(.write(slave: id, tag: tag, number, until: end) { continuation.resume(returning: $0) })
        }
    }

    /// - Returns: nil when the link was told to end before the store took the tags.
    private func declareTags() async -> [[TagID]]? {
        monitor.enter(.connecting)
        var backOff = BackOff(first: .milliseconds(100), seed: UInt64.random(in: .min ... .max))
        while !Task.isCancelled {
            do {
                var ids: [[TagID]] = []
                for block in settings.blocks { ids.append(try await tags.ids(for: block.values.map(\.tag))) }
                return ids
            } catch {
                monitor.record(error: "\(error)")
                try? await Task.sleep(for: backOff.wait())
            }
        }
        return nil
    }
}
