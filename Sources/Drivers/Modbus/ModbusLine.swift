import Glibc
import Plant

/// One line: a connection or serial port and the slaves that are asked over it, one request after another.
///
/// Belongs to the thread of the poller, and never waits: it is told what has come and what time it is, and says when it wants
/// to be looked at again. Who asks next is in `ModbusLine+Turn.swift`, what comes back in `ModbusLine+Replies.swift`.
final class ModbusLine {
    enum State {
        /// Not connected, and nothing wrong: connects when something is due.
        case idle
        case waiting(until: MonotonicTime)
        case resolving
        case connecting(Int32, deadline: MonotonicTime)
        case open(Int32)
    }

    /// A request on its way.
    struct Flight {
        enum Purpose {
            case scan(block: Int, part: BlockReader.Part)
            case probe(block: Int, part: BlockReader.Part)
            case job
        }
        var slave: PolledSlave
        var purpose: Purpose
        var request: ModbusRequest
        var transaction: UInt16
        var sent: MonotonicTime
        var deadline: MonotonicTime
    }

    /// Transactions of the past that may still be answered: late, or twice. More than this a slave does not answer late.
    static let maxRemembered = 64
    /// So many requests in a row without any reply: the connection may be dead without saying so.
    static let silencesToReconnect = 3
    /// Values are handed on at whole multiples of this, those of all lines together: 64 slaves that answer every 5 ms would
    /// wake the store 11,000 times a second, and it is little beside any loss contract.
    static let collectionTime = Duration.milliseconds(50)
    /// A line that brings bytes and then nothing for this long has brought no frame.
    static let silenceInFrame = Duration.milliseconds(100)
    /// Bytes received and not understood; the largest frame a few times over.
    static let maxInput = 4_096

    let id: Int
    let settings: LineSettings
    let poller: ModbusPoller.Core
    var slaves: [PolledSlave] = []
    var state = State.idle
    var flights: [Flight] = []
    var input: [UInt8] = []
    var lastInput = MonotonicTime(nanoseconds: 0)
    /// Not before this the next request is sent.
    var quietUntil = MonotonicTime(nanoseconds: 0)
    var flushAt: MonotonicTime?
    /// Line time used by whom is asked now: who has been idle starts from here.
    var virtualTime = 0.0

    private var addresses: [LineConnection.Address] = []
    /// Counts the descriptors of this line, so that an event of an old one is not taken for the new one's.
    private var generation: UInt32 = 0
    private var nextTransaction: UInt16 = 0
    /// Transactions that were given up or answered already.
    private var remembered: [UInt16] = []
    private var backOff: BackOff
    /// Connections in a row that broke before a good reply came.
    private var fruitless = 0
    private var hasGoodReply = false
    private var silences = 0

    init(id: Int, settings: LineSettings, poller: ModbusPoller.Core) {
        self.id = id
        self.settings = settings
        self.poller = poller
        backOff = BackOff(first: .milliseconds(100), seed: UInt64(truncatingIfNeeded: id))
    }

    /// What its present descriptor is known by.
    var token: UInt64 { Self.token(id, generation) }

    private static func token(_ id: Int, _ generation: UInt32) -> UInt64 { UInt64(id) << 32 | UInt64(generation) }

    private func newToken() -> UInt64 {
        generation &+= 1
        return token
    }

    var descriptor: Int32? {
        switch state {
        case .connecting(let descriptor, _), .open(let descriptor): descriptor
        case .idle, .waiting, .resolving: nil
        }
    }

    // MARK: Slaves

    func attach(_ slave: PolledSlave, _ now: MonotonicTime) {
        slaves.append(slave)
        if case .open = state { slave.connected(now) } else { slave.connecting() }
    }

    /// - Returns: whether the slave was one of this line's; its connection is closed when no other uses it.
    func detach(_ id: Int, _ now: MonotonicTime) -> PolledSlave? {
        guard let index = slaves.firstIndex(where: { $0.id == id }) else { return nil }
        let slave = slaves.remove(at: index)
        for job in slave.jobs { job.done(.refused(reason: "the link was stopped")) }
        for flight in flights where flight.slave === slave { remember(flight.transaction) }
        flights.removeAll { $0.slave === slave }
        slave.flush(now)
        if slaves.isEmpty { close() }
        return slave
    }

    // MARK: Connection

    func connect(_ now: MonotonicTime) {
        for slave in slaves { slave.connecting() }
        switch settings.endpoint {
        case .serial(let port):
            do throws(LinkFailure) {
                let descriptor = try LineConnection.open(port)
                state = .open(descriptor)
                try poller.polls.add(descriptor, token: newToken())
                opened(now)
                quietUntil = now + port.silence
            } catch {
                broke(error, now)
            }
        case .tcp(let host, let port), .rtuOverTCP(let host, let port):
            if !addresses.isEmpty { return connectNext(now) }
            if case .success(let found) = LineConnection.resolve(host, port: port, isNumeric: true) {
                addresses = found
                return connectNext(now)
            }
            state = .resolving
            poller.resolve(host, port: port, for: id)
        }
    }

    func resolved(_ result: Result<[LineConnection.Address], LinkFailure>, _ now: MonotonicTime) {
        guard case .resolving = state else { return }
        switch result {
        case .success(let found) where !found.isEmpty:
            addresses = found
            connectNext(now)
        case .success: broke(.notConnected("the name has no address"), now)
        case .failure(let failure): broke(failure, now)
        }
    }

    private func connectNext(_ now: MonotonicTime) {
        let timeout = slaves.map(\.settings.timeout).max() ?? .seconds(1)
        var last = LinkFailure.notConnected("the name has no address")
        while !addresses.isEmpty {
            let address = addresses.removeFirst()
            do throws(LinkFailure) {
                let descriptor = try LineConnection.connect(to: address)
                state = .connecting(descriptor, deadline: now + timeout)
                try poller.polls.add(descriptor, token: newToken(), writing: true)
                return
            } catch {
                if let descriptor { Glibc.close(descriptor) }
                last = error
            }
        }
        broke(last, now)
    }

    /// The socket that connects can be written to: it is connected, or the next address is tried.
    func connectionEnded(_ now: MonotonicTime) {
        guard case .connecting(let descriptor, _) = state else { return }
        do throws(LinkFailure) {
            try LineConnection.checkConnected(descriptor)
            try poller.polls.change(descriptor, token: token, writing: false)
            state = .open(descriptor)
            addresses = []
            opened(now)
        } catch {
            connectFailed(error, now)
        }
    }

    func connectFailed(_ failure: LinkFailure, _ now: MonotonicTime) {
        if let descriptor { Glibc.close(descriptor) }
        state = .idle
        if addresses.isEmpty { broke(failure, now) } else { connectNext(now) }
    }

    private func opened(_ now: MonotonicTime) {
        input = []
        (hasGoodReply, silences) = (false, 0)
        remembered = []
        for slave in slaves { slave.connected(now) }
    }

    func close() {
        if let descriptor { LineConnection.close(descriptor, settings.endpoint) }
        state = .idle
        input = []
    }

    /// The connection has failed, or what it brings is out of step: another is made, at once the first time.
    ///
    /// - Parameter culprit: which request's reply was wrong; the others are asked again.
    func broke(_ failure: LinkFailure, culprit: Int? = nil, _ now: MonotonicTime) {
        let wasOpen = if case .open = state { true } else { false }
        close()
        for slave in slaves { slave.broke(failure) }
        let lost = flights
        flights = []
        for (index, flight) in lost.enumerated() {
            if index == culprit || culprit == nil { failed(flight, failure, now) } else { putBack(flight) }
        }
        fruitless = hasGoodReply ? 0 : fruitless + 1
        hasGoodReply = false
        collect(now)
        if wasOpen, fruitless == 0 {
            for slave in slaves { slave.connecting() }
            return
        }
        if !wasOpen || fruitless > 1 {
            for slave in slaves { slave.markDown(.notConnected) }
        }
        let until = now + backOff.wait()
        state = .waiting(until: until)
        for slave in slaves { slave.waiting(until: until, now) }
    }

    /// The other side has closed: no fault while nothing was asked, many do so after some idle time.
    func closedByPeer(_ now: MonotonicTime) {
        guard flights.isEmpty, hasGoodReply else { return broke(.closed, now) }
        close()
        for slave in slaves { slave.connecting() }
    }

    func countGoodReply() {
        (hasGoodReply, silences) = (true, 0)
        backOff.reset()
    }

    /// A request got no reply; when none does, the connection is made anew.
    func countSilence(_ now: MonotonicTime) {
        silences += 1
        guard silences >= Self.silencesToReconnect, flights.isEmpty else { return }
        if case .serial = settings.endpoint { return }
        close()
        for slave in slaves where !slave.isSilent { slave.connecting() }
    }

    // MARK: Transactions

    func newTransaction() -> UInt16 {
        nextTransaction &+= 1
        return nextTransaction
    }

    func remember(_ transaction: UInt16) {
        remembered.append(transaction)
        if remembered.count > Self.maxRemembered { remembered.removeFirst() }
    }

    func isRemembered(_ transaction: UInt16) -> Bool { remembered.contains(transaction) }

    /// Values wait to be handed on.
    func collect(_ now: MonotonicTime) {
        guard flushAt == nil else { return }
        let step = Self.collectionTime.wholeNanoseconds
        flushAt = MonotonicTime(nanoseconds: (now.nanoseconds / step + 1) * step)
    }
}
