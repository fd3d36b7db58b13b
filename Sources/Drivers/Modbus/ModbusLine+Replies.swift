import Glibc
import Plant

extension ModbusLine {
    /// The descriptor has something.
    func ready(_ event: PollSet.Event, _ now: MonotonicTime) {
        switch state {
        case .connecting: if event.isWritable { connectionEnded(now) }
        case .open(let descriptor): if event.isReadable { receive(descriptor, now) }
        case .idle, .waiting, .resolving: break
        }
    }

    private func receive(_ descriptor: Int32, _ now: MonotonicTime) {
        let count = read(descriptor, &poller.buffer, poller.buffer.count)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return count == 0 ? closedByPeer(now) : broke(.closed, now)
        }
        lastInput = now
        input.append(contentsOf: poller.buffer[..<count])
        if settings.endpoint.isRTU { takeRTU(now) } else { takeFrames(now) }
    }

    // MARK: Frames

    private func takeFrames(_ now: MonotonicTime) {
        var start = 0
        do throws(LinkFailure) {
            while let frame = try ModbusFrame.next(in: input, from: &start) { try take(frame, now) }
        } catch {
            return broke(error, culprit: 0, now)
        }
        if start == input.count { input.removeAll(keepingCapacity: true) } else { input.removeFirst(start) }
    }

    private func take(_ frame: ModbusFrame.Received, _ now: MonotonicTime) throws(LinkFailure) {
        guard let index = flights.firstIndex(where: { $0.transaction == frame.transaction }) else {
            // Late, or the second time: it has its number, so it harms nobody.
            guard isRemembered(frame.transaction) else {
                throw .wrongReply("transaction \(frame.transaction), which was not asked")
            }
            slaves.first { $0.settings.unit == frame.unit }?.countLateReply()
            return
        }
        let request = flights[index].request
        guard frame.unit == request.unit else {
            flights.swapAt(0, index)
            throw .wrongReply("unit \(frame.unit), asked \(request.unit)")
        }
        let reply: ModbusReply
        do throws(LinkFailure) {
            reply = try request.reply(frame.pdu)
        } catch {
            flights.swapAt(0, index)
            throw error
        }
        let flight = flights.remove(at: index)
        remember(flight.transaction)
        take(reply, flight, now)
    }

    private func takeRTU(_ now: MonotonicTime) {
        guard let flight = flights.first else {
            input.removeAll(keepingCapacity: true)
            return
        }
        guard let pdu = RTUFrame.reply(in: input, to: flight.request) else {
            if input.count > Self.maxInput { receivedNoFrame(now) }
            return
        }
        flights.removeFirst()
        let result = Result { () throws(LinkFailure) in try flight.request.reply(pdu) }
        input.removeAll(keepingCapacity: true)
        rest(now)
        switch result {
        case .success(let reply): take(reply, flight, now)
        case .failure(let failure): failed(flight, failure, now)
        }
    }

    /// What has come is no reply, and nothing follows.
    func receivedNoFrame(_ now: MonotonicTime) {
        let failure = LinkFailure.wrongReply("\(input.count) bytes without a frame for it")
        guard let flight = flights.popLast() else { return }
        input.removeAll(keepingCapacity: true)
        rest(now)
        for slave in slaves where slave === flight.slave { slave.broke(failure) }
        failed(flight, failure, now)
    }

    /// Quiet time before the next request.
    private func rest(_ now: MonotonicTime) {
        var gap = settings.pause
        if case .serial(let port) = settings.endpoint { gap = max(gap, port.silence) }
        quietUntil = now + gap
    }

    // MARK: Results

    private func take(_ reply: ModbusReply, _ flight: Flight, _ now: MonotonicTime) {
        let slave = flight.slave
        // 10 and 11: the gateway answers, and says that the slave behind it does not.
        let isGateways = if case .exception(let code) = reply { code == 10 || code == 11 } else { false }
        if !settings.endpoint.isRTU { rest(now) }
        countGoodReply()
        slave.answered(after: now - flight.sent, isAlive: !isGateways)
        collect(now)
        switch (flight.purpose, reply) {
        case (.job, _): advanceJob(slave, .success(reply))
        case (.scan(let block, let part), .data(let data)):
            slave.blocks[block].succeed(part.id)
            slave.took(part, of: block, data)
            ended(flight, block, now)
        case (.probe(let block, let part), .data(let data)): slave.took(part, of: block, data)
        case (.scan(let block, let part), .exception(let code)):
            slave.count(exception: code, for: part, of: block)
            // 2: an address that the device does not have. 3: more of them than it gives at once.
            let isCut =
                (code == 2 || code == 3)
                && slave.blocks[block].split(part.id, now: now, goodReplies: slave.goodReplies)
            if !isCut {
                slave.mark(part, of: block, bad: .modbusException(code))
                slave.blocks[block].fail(part.id, now: now, goodReplies: slave.goodReplies)
            }
            if isGateways {
                slave.wasSilent(now, late: .zero)
                if slave.isSilent { slave.markDown(.modbusException(code), besides: (block, part)) }
            }
            ended(flight, block, now)
        case (.probe(let block, let part), .exception(let code)):
            slave.count(exception: code, for: part, of: block)
            if isGateways { slave.wasSilent(now, late: .zero) }
        }
    }

    func timedOut(_ flight: Flight, _ now: MonotonicTime) {
        let slave = flight.slave
        let failure = LinkFailure.timedOut(what: "reply")
        remember(flight.transaction)
        slave.monitor.record(error: "\(failure)")
        rest(now)
        failed(flight, failure, now)
        // Without a transaction number a late reply looks like the next one: the slave is left alone for as long again.
        slave.wasSilent(now, late: settings.endpoint.isRTU ? slave.settings.timeout : .zero)
        if slave.isSilent {
            if case .scan(let block, let part) = flight.purpose {
                slave.markDown(.timedOut, besides: (block, part))
            } else {
                slave.markDown(.timedOut)
            }
        }
        countSilence(now)
    }

    /// A request that came to nothing.
    func failed(_ flight: Flight, _ failure: LinkFailure, _ now: MonotonicTime) {
        let slave = flight.slave
        slave.count(failure)
        collect(now)
        guard case .scan(let block, let part) = flight.purpose else {
            if case .job = flight.purpose { advanceJob(slave, .failure(failure)) }
            return
        }
        defer { ended(flight, block, now) }
        let isTimeout = if case .timedOut = failure { true } else { false }
        if slave.blocks[block].retry(part.id, atMost: slave.settings.retries) { return }
        slave.mark(part, of: block, bad: failure.cause)
        if isTimeout, slave.blocks[block].timeOut(part.id, goodReplies: slave.goodReplies),
            slave.blocks[block].split(part.id, now: now, goodReplies: slave.goodReplies)
        {
            return
        }
        slave.blocks[block].fail(part.id, now: now, goodReplies: slave.goodReplies)
    }

    /// The connection broke for another request's sake: this one is asked again.
    func putBack(_ flight: Flight) {
        switch flight.purpose {
        case .scan(let block, let part): flight.slave.blocks[block].putBack(part.id)
        case .probe: break
        case .job: advanceJob(flight.slave, .failure(.closed))
        }
    }

    private func ended(_ flight: Flight, _ block: Int, _ now: MonotonicTime) {
        let priority = flight.slave.blocks[block].block.priority
        let start = max(flight.slave.served[priority.rawValue], virtualTime)
        flight.slave.served[priority.rawValue] = start + (now - flight.sent).inSeconds / priority.weight
        finishRound(flight.slave, block, now)
    }

    private func advanceJob(_ slave: PolledSlave, _ result: Result<ModbusReply, LinkFailure>) {
        guard !slave.jobs.isEmpty, let outcome = slave.jobs[0].take(result) else { return }
        slave.jobs.removeFirst().done(outcome)
    }
}
