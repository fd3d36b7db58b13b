import Plant
import Synchronization

/// State and counters of one link, written by its thread and read by everybody.
final class LinkMonitor: Sendable {
    private let status: Mutex<LinkStatus>
    private let clock: any PlantClock

    init(link: LinkDefinition, clock: any PlantClock) {
        self.clock = clock
        status = Mutex(
            LinkStatus(
                name: link.name, scheme: link.scheme, state: .stopped, since: clock.wall(), counters: LinkCounters()))
    }

    var current: LinkStatus { status.withLock { $0 } }

    func enter(_ state: LinkStatus.State) {
        let now = clock.wall()
        status.withLock { status in
            guard status.state != state else { return }
            status.state = state
            status.since = now
        }
    }

    func record(error: String) {
        let now = clock.wall()
        status.withLock { status in
            status.lastError = error
            status.lastErrorAt = now
        }
    }

    func count(_ change: (inout LinkCounters) -> Void) { status.withLock { change(&$0.counters) } }

    func update(_ change: (inout LinkStatus) -> Void) { status.withLock { change(&$0) } }
}
