import Glibc
import Plant

extension ModbusLine {
    /// Does what is due, and says when it wants its next turn; nil while only the other side can bring one about.
    func turn(_ now: MonotonicTime) -> MonotonicTime? {
        expire(now)
        var next = send(now)
        if let flushAt {
            if flushAt <= now || slaves.contains(where: \.isFull) {
                self.flushAt = nil
                for slave in slaves where slave.hasCollected { slave.flush(now) }
            } else {
                next = min(next ?? flushAt, flushAt)
            }
        }
        for flight in flights { next = min(next ?? flight.deadline, flight.deadline) }
        for slave in slaves {
            for job in slave.jobs where !job.hasBegun { next = min(next ?? job.deadline, job.deadline) }
        }
        if settings.endpoint.isRTU, !input.isEmpty, !flights.isEmpty {
            let end = lastInput + Self.silenceInFrame
            next = min(next ?? end, end)
        }
        return next
    }

    /// Ends what has taken too long.
    private func expire(_ now: MonotonicTime) {
        if case .connecting(_, let deadline) = state, deadline <= now {
            connectFailed(.timedOut(what: "connection"), now)
        }
        if settings.endpoint.isRTU, !input.isEmpty, !flights.isEmpty, lastInput + Self.silenceInFrame <= now {
            receivedNoFrame(now)
        }
        for slave in slaves where !slave.jobs.isEmpty { slave.expireJobs(now) }
        while let index = flights.firstIndex(where: { $0.deadline <= now }) {
            let flight = flights.remove(at: index)
            let isMidFrame = !input.isEmpty
            timedOut(flight, now)
            guard isMidFrame, !settings.endpoint.isRTU else { continue }
            // Half a frame, and the rest may come at any time.
            return broke(.timedOut(what: "rest of the reply"), culprit: -1, now)
        }
    }

    /// Sends what may be sent.
    ///
    /// - Returns: when the next request can be.
    private func send(_ now: MonotonicTime) -> MonotonicTime? {
        if case .waiting(let until) = state {
            guard until <= now else { return until }
            state = .idle
        }
        let limit = settings.endpoint.isRTU ? 1 : settings.inFlight
        while flights.count < limit {
            var next: MonotonicTime?
            guard let slave = slaveToAsk(now, &next) else { return next }
            switch state {
            case .idle:
                connect(now)
                switch state {
                case .waiting(let until): return until
                case .connecting(_, let deadline): return deadline
                case .idle, .resolving, .open: continue
                }
            case .connecting(_, let deadline): return deadline
            case .resolving, .waiting: return nil
            case .open(let descriptor):
                guard quietUntil <= now else { return quietUntil }
                if settings.endpoint.isRTU { drain(descriptor) }
                guard ask(slave, descriptor, now) else { continue }
            }
        }
        return nil
    }

    /// Who is asked next: writes first, then whoever has had the least of the line's time, as weighed by priority.
    ///
    /// - Parameter next: when somebody may be asked, if nobody may now.
    private func slaveToAsk(_ now: MonotonicTime, _ next: inout MonotonicTime?) -> (PolledSlave, block: Int?)? {
        var best: (slave: PolledSlave, block: Int?)?
        var bestKey = (Double.infinity, MonotonicTime(nanoseconds: .max))
        for slave in slaves {
            let allowed = slave.isAllowed(now)
            if !slave.jobs.isEmpty, allowed || !settings.endpoint.isRTU,
                !flights.contains(where: { $0.slave === slave })
            {
                return (slave, nil)
            }
            for index in slave.blocks.indices {
                guard let ready = slave.blocks[index].ready else { continue }
                guard allowed, ready <= now else {
                    let time = max(ready, slave.allowedFrom ?? ready)
                    next = min(next ?? time, time)
                    continue
                }
                let served = max(slave.served[slave.blocks[index].block.priority.rawValue], virtualTime)
                guard (served, ready) < bestKey else { continue }
                bestKey = (served, ready)
                best = (slave, index)
            }
        }
        return best
    }

    /// - Returns: false when there was nothing to ask after all.
    private func ask(_ who: (slave: PolledSlave, block: Int?), _ descriptor: Int32, _ now: MonotonicTime) -> Bool {
        let slave = who.slave
        guard let block = who.block else {
            guard let job = slave.jobs.first else { return false }
            return send(.job, job.action, to: slave, descriptor, now)
        }
        let due = slave.blocks[block].schedule.due
        if slave.wantsProbe, let probe = slave.nextProbe() {
            let action = ModbusRequest.Action.read(
                slave.blocks[probe.block].block.table, start: probe.part.start, count: probe.part.count)
            return send(.probe(block: probe.block, part: probe.part), action, to: slave, descriptor, now)
        }
        guard let part = slave.blocks[block].next(now) else {
            finishRound(slave, block, now)
            return false
        }
        virtualTime = max(slave.served[slave.blocks[block].block.priority.rawValue], virtualTime)
        let action = ModbusRequest.Action.read(slave.blocks[block].block.table, start: part.start, count: part.count)
        let sent = send(.scan(block: block, part: part), action, to: slave, descriptor, now)
        slave.countRequest(now, due: due)
        return sent
    }

    func finishRound(_ slave: PolledSlave, _ block: Int, _ now: MonotonicTime) {
        if let missed = slave.blocks[block].finishRound(now), missed > 0 { slave.countMissed(missed) }
    }

    private func send(
        _ purpose: Flight.Purpose, _ action: ModbusRequest.Action, to slave: PolledSlave, _ descriptor: Int32,
        _ now: MonotonicTime
    ) -> Bool {
        let request = ModbusRequest(unit: slave.settings.unit, action: action)
        let transaction = newTransaction()
        let bytes =
            settings.endpoint.isRTU ? RTUFrame.bytes(request) : ModbusFrame.bytes(request, transaction: transaction)
        var deadline = now + slave.settings.timeout
        if case .serial(let port) = settings.endpoint {
            // The time is the slave's; the line's own comes on top, both ways.
            deadline = deadline + port.time(ofBytes: bytes.count + request.replyBytes + 3)
        }
        flights.append(
            Flight(
                slave: slave, purpose: purpose, request: request, transaction: transaction, sent: now,
                deadline: deadline))
        let isSocket = if case .serial = settings.endpoint { false } else { true }
        let count =
            isSocket
            ? Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            : Glibc.write(descriptor, bytes, bytes.count)
        guard count == bytes.count else {
            let code = errno
            broke(code == EPIPE || code == ECONNRESET ? .closed : .system(call: "send", code: code), now)
            return false
        }
        return true
    }

    /// Throws away what has come without having been asked for: it must not be taken for the next reply.
    private func drain(_ descriptor: Int32) {
        input.removeAll(keepingCapacity: true)
        var bytes = [UInt8](repeating: 0, count: 512)
        // At most what a serial port buffers.
        for _ in 0..<8 where read(descriptor, &bytes, bytes.count) <= 0 { break }
    }
}
