import Drivers
import Host
import Inspection
import Logging
import Pictures
import Plant
import Rig
import Store

/// A station with its store on this disk and a Modbus slave as reject gate: how long a part waits for its decision.
///
/// Pictures are handed over in memory, one after the other, each with a receipt, as a broker's are. The slave is a real one over
/// TCP: a coil is read, written and read back, and its state is compared with the verdict after each part.
struct GateBench {
    var pictures = 500
    /// Of `inspect fit`; nil for a drawn part compared with a golden one.
    var model: String?
    /// Of pictures for it.
    var folder: String?
    var directory: String

    struct Report: Encodable {
        var pictures: Int
        var mode: String
        var defects: Int
        var late: Int
        /// In milliseconds from the picture's arrival: verdict known; coil written and read back; verdict and audit durable.
        var to_verdict_ms: StatusReport.Station.Latency
        var to_gate_ms: StatusReport.Station.Latency
        var to_stored_ms: Distribution
    }

    private static let coil = "gate.reject"
    private static let stream = "bench.camera"
    private static let side = 224

    func run() async throws -> Report {
        let clock = SystemClock()
        let slave = try ModbusSlave()
        defer { slave.stop() }
        let configuration = try configuration(port: slave.port)
        let store = try Store(
            directory: configuration.store.directory, clock: clock, logger: CommandLog.logger)
        let links = LinkSupervisor(clock: clock, logger: CommandLog.logger)
        let stations = StationService(store: store, writer: links, clock: clock, logger: CommandLog.logger)
        try await stations.configure(configuration)
        links.want(configuration.links)
        let watch = WatchPart(store: store, clock: clock, logger: CommandLog.logger)
        let running = Task {
            await links.run(
                in: .init(
                    sink: IngestPath(store: store, watch: watch, stations: stations),
                    tags: StoreTags(store: store, watch: watch, stations: stations), pictures: stations))
        }
        try await connect(links, clock)
        let files = try files()
        var (stored, defects): ([Float], Int) = ([], 0)
        for index in 0..<pictures {
            let (arrival, monotonic) = (clock.wall(), clock.monotonic())
            let answer = try await stations.take(
                FieldPicture(
                    link: "bench", stream: Self.stream, bytes: files[index % files.count], name: "\(index)",
                    arrival: arrival, monotonic: monotonic,
                    receipt: MessageReceipt(packetID: UInt16(index % 65_535 + 1), digest: UInt64(index))))
            stored.append(Float((clock.monotonic() - monotonic).inSeconds * 1_000))
            let isRejected = answer.verdict != .good
            guard slave.withTables({ $0.coils[0] }) == isRejected else {
                throw BenchError.noProgress("picture \(index): the coil does not say \(answer.verdict.rawValue)")
            }
            if answer.verdict == .defect { defects += 1 }
        }
        let status = stations.status().first
        running.cancel()
        await running.value
        await store.close()
        guard let status, let verdict = status.toVerdict, let gate = status.toGate else {
            throw BenchError.noProgress("no part was judged")
        }
        return Report(
            pictures: pictures, mode: try InspectionFile.open(modelFile).model.recipe.mode.rawValue, defects: defects,
            late: status.notJudged["part.late"] ?? 0, to_verdict_ms: verdict, to_gate_ms: gate,
            to_stored_ms: Distribution(stored))
    }

    private func connect(_ links: LinkSupervisor, _ clock: SystemClock) async throws {
        let start = clock.monotonic()
        while await links.status().first?.state != .connected {
            guard clock.monotonic() - start < .seconds(10) else {
                throw BenchError.noProgress("the slave is not there")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func configuration(port: Int) throws -> PlantConfiguration {
        let text = """
            plant: { name: Bench, device: bench }
            store: { directory: store }
            links:
              - name: gate
                driver: modbus-tcp
                host: 127.0.0.1
                port: \(port)
                writes: allowed
                values: [ { tag: \(Self.coil), registers: coils, at: 0, type: bool, allowed: [0, 1], writable: true } ]
            """
        try OutputFile.write(Array(text.utf8), to: "\(directory)/plant.yaml")
        var configuration = try PlantConfiguration.load(path: "\(directory)/plant.yaml")
        if model == nil { try fit() }
        configuration.stations = [
            StationDefinition(
                id: "bench", title: LocalizedText(english: "bench", chinese: "bench"), pictures: Self.stream,
                models: .one(modelFile), budget: .seconds(1),
                gate: .tag(Self.coil, .init(good: 0, defect: 1, notJudged: 1)))
        ]
        return configuration
    }

    // MARK: Pictures

    private var modelFile: String { model ?? "\(directory)/drawn.mwplan" }

    private func files() throws -> [[UInt8]] {
        guard let folder else {
            return (0..<20).map { PNGEncoder.encode(Self.part(noise: 100 + $0, hasBlot: $0 % 2 == 1)) }
        }
        return try PictureFiles([folder], option: "--from").entries.map {
            try TextFile.read($0.path, limit: PictureFiles.fileBytes)
        }
    }

    private func fit() throws {
        var fit = try TemplateFit(
            golden: Self.part(noise: 1, hasBlot: false), region: nil, mask: nil, settings: .init())
        for noise in 2..<12 { _ = try fit.add(Self.part(noise: noise, hasBlot: false), name: "\(noise)") }
        try InspectionFile.write(fit.finish(budget: 0.01).model, network: nil, to: modelFile)
    }

    /// Tracks and pads with noise; a blot of ten pixels in every second one.
    private static func part(noise: Int, hasBlot: Bool) -> Picture {
        var state = UInt32(truncatingIfNeeded: noise)
        var pixels = [UInt8](repeating: 0, count: side * side)
        for y in 0..<side {
            for x in 0..<side {
                state = state &* 1_664_525 &+ 1_013_904_223
                let isBlot = hasBlot && abs(x - 90) < 5 && abs(y - 110) < 5
                let isTrack = ((x / 12 + y / 30) % 3 == 0 || (y % 30) < 4) != isBlot
                pixels[y * side + x] = UInt8((isTrack ? 200 : 60) + Int(state >> 24) % 11 - 5)
            }
        }
        return Picture(width: side, height: side, channels: 1, pixels: pixels)
    }
}
