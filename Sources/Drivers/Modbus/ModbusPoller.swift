import Glibc
import Logging
import Plant
import Synchronization
import Threads

/// The clock by which requests are scheduled.
enum PollClock {
    static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }
}

/// One thread that asks all Modbus slaves of the process: a thread a slave would cost three times the CPU.
///
/// Nothing on it waits for one slave, for a name server or for the store.
final class ModbusPoller: Sendable {
    /// What a link hands over to be polled.
    struct Setup: Sendable {
        var id: Int
        var link: LinkDefinition
        var settings: ModbusSettings
        /// Of each block, in the order of its values.
        var tags: [[TagID]]
        var clock: any PlantClock
        var logger: Logger
        var monitor: LinkMonitor
        var mailbox: SampleMailbox
    }

    enum Command: Sendable {
        case attach(Setup, ended: CheckedContinuation<Void, Never>)
        case detach(Int)
        case resolved(line: Int, Result<[LineConnection.Address], LinkFailure>)
        case write(slave: Int, tag: String, Double, until: MonotonicTime, done: @Sendable (WriteOutcome) -> Void)
    }

    private let commands = Mutex<[Command]>([])
    private let wake: WakeSignal
    private let thread: ThreadExecutor
    /// A name server may take half a minute.
    private let resolver: ThreadExecutor
    private let nextID = Mutex(0)

    private static let only = Mutex<ModbusPoller?>(nil)

    /// The poller of this process; its thread sleeps while no link is attached.
    static func shared() throws(LinkFailure) -> ModbusPoller {
        try only.withLock { only throws(LinkFailure) in
            if let poller = only { return poller }
            let poller = try ModbusPoller()
            only = poller
            return poller
        }
    }

    private init() throws(LinkFailure) {
        wake = try WakeSignal()
        do {
            thread = try ThreadExecutor()
            resolver = try ThreadExecutor()
        } catch { throw .system(call: "pthread_create", code: error.code) }
        let polls = try PollSet()
        try polls.add(wake.descriptor, token: Core.wakeToken)
        // SAFETY: made here, and from here on used by the one thread alone.
        nonisolated(unsafe) let core = Core(polls: polls, poller: self)
        thread.submit { core.run() }
    }

    func newID() -> Int {
        nextID.withLock { id in
            id += 1
            return id
        }
    }

    func post(_ command: Command) {
        commands.withLock { $0.append(command) }
        wake.raise()
    }

    private func takeCommands() -> [Command] {
        commands.withLock { commands in
            let taken = commands
            commands = []
            return taken
        }
    }

    /// What belongs to the thread.
    final class Core {
        static let wakeToken = UInt64.max
        /// How often every link's figures are made, even while nothing comes.
        private static let statusInterval = Duration.seconds(1)

        let polls: PollSet
        /// What is read at once; a line's bytes are copied out of it.
        var buffer = [UInt8](repeating: 0, count: 16_384)
        private let poller: ModbusPoller
        private var lines: [Int: ModbusLine] = [:]
        private var linesBySettings: [LineSettings: Int] = [:]
        private var ended: [Int: CheckedContinuation<Void, Never>] = [:]
        private var deadlines = DeadlineHeap()
        /// The earliest entry of each line in `deadlines`.
        private var wakes: [Int: MonotonicTime] = [:]
        private var nextLine = 0
        private var nextStatus = MonotonicTime(nanoseconds: 0)

        fileprivate init(polls: PollSet, poller: ModbusPoller) {
            self.polls = polls
            self.poller = poller
        }

        func run() {
            while true {
                let now = PollClock.now()
                let events = polls.wait(timeout: timeout(now))
                turn(events, PollClock.now())
            }
        }

        func resolve(_ host: String, port: Int, for line: Int) {
            let poller = poller
            poller.resolver.submit {
                poller.post(.resolved(line: line, LineConnection.resolve(host, port: port, isNumeric: false)))
            }
        }

        private func timeout(_ now: MonotonicTime) -> Duration? {
            guard !lines.isEmpty else { return nil }
            let next = min(deadlines.first?.time ?? nextStatus, nextStatus)
            return max(next - now, .zero)
        }

        private func turn(_ events: [PollSet.Event], _ now: MonotonicTime) {
            for event in events {
                if event.token == Self.wakeToken {
                    poller.wake.clear()
                    for command in poller.takeCommands() { obey(command, now) }
                } else if let line = lines[Int(event.token >> 32)], line.token == event.token {
                    line.ready(event, now)
                    look(line, now)
                }
            }
            while let first = deadlines.first, first.time <= now {
                deadlines.removeFirst()
                guard wakes[first.owner] == first.time, let line = lines[first.owner] else { continue }
                wakes[first.owner] = nil
                look(line, now)
            }
            guard nextStatus <= now else { return }
            nextStatus = now + Self.statusInterval
            for line in lines.values { for slave in line.slaves { slave.flush(now) } }
        }

        /// Gives a line its turn, and notes when it wants the next.
        private func look(_ line: ModbusLine, _ now: MonotonicTime) {
            guard let next = line.turn(now), wakes[line.id].map({ next < $0 }) ?? true else { return }
            wakes[line.id] = next
            deadlines.insert(DeadlineHeap.Entry(time: next, owner: line.id))
        }

        private func obey(_ command: Command, _ now: MonotonicTime) {
            switch command {
            case .attach(let setup, let continuation):
                ended[setup.id] = continuation
                let line = line(setup.settings.line)
                line.attach(PolledSlave(setup), now)
                look(line, now)
            case .detach(let id):
                for line in lines.values where line.detach(id, now) != nil {
                    if line.slaves.isEmpty { drop(line) } else { look(line, now) }
                    break
                }
                ended.removeValue(forKey: id)?.resume()
            case .resolved(let id, let result):
                guard let line = lines[id] else { return }
                line.resolved(result, now)
                look(line, now)
            case .write(let id, let tag, let number, let deadline, let done):
                for line in lines.values {
                    guard let slave = line.slaves.first(where: { $0.id == id }) else { continue }
                    slave.write(tag, number, until: deadline, done: done)
                    return look(line, now)
                }
                done(.refused(reason: "the link does not run"))
            }
        }

        private func line(_ settings: LineSettings) -> ModbusLine {
            if let id = linesBySettings[settings], let line = lines[id] { return line }
            nextLine += 1
            let line = ModbusLine(id: nextLine, settings: settings, poller: self)
            lines[nextLine] = line
            linesBySettings[settings] = nextLine
            return line
        }

        private func drop(_ line: ModbusLine) {
            lines[line.id] = nil
            linesBySettings[line.settings] = nil
            wakes[line.id] = nil
        }
    }
}
