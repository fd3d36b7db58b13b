import Plant

/// What a serial line is asked for, against what it can carry: reckoned from bytes, speed and pauses, before anything runs.
struct LineLoad {
    /// What a slave takes to answer, as far as nobody has measured it; `status` shows what it really takes.
    static let assumedAnswer = Duration.milliseconds(10)

    var requests = 0
    /// Time of asking everything once.
    var round = Duration.zero
    /// Share of the line's time, 1 being all of it.
    var share = 0.0
    /// The shortest interval asked for.
    var interval = Duration.seconds(86_400)

    mutating func add(_ settings: ModbusSettings, on port: SerialPort) {
        for block in settings.blocks {
            let request = ModbusRequest(
                unit: settings.unit, action: .read(block.table, start: block.start, count: block.count))
            let bytes = request.pdu.count + 3 + request.replyBytes + 3
            let time =
                port.time(ofBytes: bytes) + port.silence + max(port.silence, settings.line.pause) + Self.assumedAnswer
            requests += 1
            round = round + time
            share += time.inSeconds / block.scanInterval.inSeconds
            interval = min(interval, block.scanInterval)
        }
    }

    /// - Returns: what an integrator should know before it runs; nothing when everything fits.
    static func notices(_ links: [LinkDefinition]) -> [String] {
        var notices: [String] = []
        var lines: [(port: SerialPort, load: LineLoad)] = []
        for link in links {
            guard let settings = link.settings as? ModbusSettings else { continue }
            if let spacing = settings.requestSpacing {
                let asked = settings.blocks.reduce(0) { $0 + 1 / $1.scanInterval.inSeconds }
                let budget = 1 / spacing.inSeconds
                if asked > budget * 1.001 {
                    notices.append(
                        "link \(link.name): asked for \(text(asked)) requests/s, and its budget is \(text(budget))")
                }
            }
            guard case .serial(let port) = settings.line.endpoint else { continue }
            if let index = lines.firstIndex(where: { $0.port == port }) {
                lines[index].load.add(settings, on: port)
            } else {
                var load = LineLoad()
                load.add(settings, on: port)
                lines.append((port, load))
            }
        }
        for (port, load) in lines where load.share > 1 {
            notices.append(
                "line \(port.path) at \(port.baud): \(load.requests) requests, \(text(load.round.inSeconds)) s a round "
                    + "when a slave answers within \(text(assumedAnswer.inSeconds * 1_000)) ms; asked for "
                    + "\(text(load.interval.inSeconds)) s, \(text(load.share * 100)) % of its time")
        }
        return notices
    }

    /// Two digits that count, or whole ones.
    private static func text(_ number: Double) -> String {
        let rounded = number >= 10 ? number.rounded() : (number * 100).rounded() / 100
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
