import AssemblyLine
import Glibc
import Host
import Plant
import Rig
import Store

/// Everything that stands around the daemon in the demo, and the daemon itself.
struct DemoStage: Sendable {
    let broker: Broker
    let slave: ModbusSlave
    let webhook: HTTPSink
    let publisher: FieldPublisher
    let registryProcess: RegistryProcess
    var registry: ChildProcess
    let process: DaemonProcess
    var daemon: ChildProcess
    let reader: StoreReader

    private static let speedRegister = 0
    private static let loadRegister = 2

    /// Starts it all; returns when the daemon is connected and judges with the model from the registry.
    static func build(
        pack: String, description: RotatingMachinePack, directory: String, sendEvery: String = "1s",
        say: (LocalizedText) -> Void
    ) async throws -> DemoStage {
        let broker = try Broker(directory: directory)
        try await broker.start()
        say(
            LocalizedText(
                english: "broker        127.0.0.1:\(broker.port)", chinese: "消息代理      127.0.0.1:\(broker.port)"))
        let slave = try ModbusSlave(unit: 1)
        say(
            LocalizedText(
                english: "Modbus slave  127.0.0.1:\(slave.port)", chinese: "Modbus 从站   127.0.0.1:\(slave.port)"))
        let webhook = try HTTPSink()
        let registry = try await RegistryProcess(
            directory: "\(directory)/registry", outputFile: "\(directory)/registry.log")
        try await registry.publish(pack: description.name, file: "\(pack)/\(description.modelFile)")
        try OutputFile.write(Array(try await registry.addDevice("demo-edge").utf8), to: "\(directory)/device.token")
        let server = try registry.serve()
        say(LocalizedText(english: "registry      \(registry.url)", chinese: "注册中心      \(registry.url)"))
        // The daemon gets the pack without its model: that comes from the registry, signed.
        let bare = "\(directory)/\(description.name)"
        guard mkdir(bare, 0o755) == 0 else { throw DrillError.folder(bare, String(cString: strerror(errno))) }
        try OutputFile.write(try TextFile.read("\(pack)/rules.yaml"), to: "\(bare)/rules.yaml")
        let configuration = "\(directory)/plant.yaml"
        let text = DemoPlant(
            brokerPort: broker.port, modbusPort: slave.port, webhookPort: webhook.port, registryURL: registry.url,
            publicKey: try await registry.publicKey(), pack: description, sendEvery: sendEvery
        ).yaml
        try OutputFile.write(Array(text.utf8), to: configuration)
        let process = DaemonProcess(configuration: configuration, directory: directory)
        let daemon = try process.start()
        let report = try await process.wait(daemon, for: "the daemon to connect and to fetch its model") { report in
            report.links.allSatisfy { $0.state == "connected" } && report.assets.allSatisfy { $0.modelDigest != nil }
        }
        say(
            LocalizedText(
                english:
                    "daemon        pid \(daemon.pid), model \(report.assets.first?.modelDigest?.prefix(16) ?? "")\n",
                chinese: "守护进程      pid \(daemon.pid)，模型 \(report.assets.first?.modelDigest?.prefix(16) ?? "")\n"))
        return DemoStage(
            broker: broker, slave: slave, webhook: webhook,
            publisher: try FieldPublisher(id: "demo-sensor", port: broker.port), registryProcess: registry,
            registry: server, process: process, daemon: daemon,
            reader: try StoreReader(directory: "\(directory)/store", clock: SystemClock(), logger: CommandLog.logger))
    }

    /// What the PLC shows: speed in rpm, load in tenths of a percent.
    func show(speedRPM: Double, loadPercent: Double) {
        slave.withTables { tables in
            tables.setHolding(Float(speedRPM), at: Self.speedRegister)
            tables.holding[Self.loadRegister] = UInt16(max(0, min(65_535, (loadPercent * 10).rounded())))
        }
    }

    func publish(window: [Float]) throws {
        try publisher.publish("plant/fan-3/vibration", Self.payload(window))
    }

    /// One window as the sensor sends it: int16, little-endian, 0.5 mg a step.
    static func payload(_ window: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(window.count * 2)
        for value in window {
            let step = Int16(max(-32_768, min(32_767, (value / DemoPlant.gravityPerStep).rounded())))
            bytes.append(UInt8(truncatingIfNeeded: step))
            bytes.append(UInt8(truncatingIfNeeded: step >> 8))
        }
        return bytes
    }

    func report() throws -> StatusReport {
        guard daemon.isRunning else { throw DrillError.daemonEnded(daemon.outputTail()) }
        guard let report = process.status() else { throw DrillError.timedOut("the status of the daemon") }
        return report
    }

    /// Waits until everything that was published is stored, judged, delivered and at the registry.
    func settle(within limit: Duration = .seconds(30)) async throws -> StatusReport {
        try await publisher.flush()
        let clock = SystemClock()
        let end = clock.monotonic() + limit
        var (stored, cursor) = (0, Int64(0))
        while clock.monotonic() < end {
            try await Task.sleep(for: .milliseconds(200))
            let tags = try await reader.tags()
            guard let vibration = tags["fan-3.vibration"]?.id, let score = tags["fan-3.score"]?.id,
                let report = process.status()
            else { continue }
            let page = try await reader.samples(after: cursor, limit: 1_000)
            stored += page.samples.count { $0.sample.tag == vibration }
            cursor = page.through
            guard page.isEnd, stored >= publisher.counters.published else { continue }
            // A score bears the time of its window.
            let isJudged = try await reader.latest(score)?.sample.time == reader.latest(vibration)?.sample.time
            let waiting = report.alerts.deliveries.filter { $0.key.hasSuffix(".waiting") }.values.reduce(0, +)
            if isJudged, waiting == 0, try await reader.statistics().outbox.values.allSatisfy({ $0.rows == 0 }) {
                return report
            }
        }
        throw DrillError.timedOut(
            "the last of \(publisher.counters.published) windows to be judged and synced (\(stored) stored)")
    }

    func alerts() async throws -> [AlertHistory] {
        var histories: [AlertHistory] = []
        for alert in try await reader.alerts() {
            if let history = try await reader.alert(alert.id) { histories.append(history) }
        }
        return histories
    }

    func end() async {
        await daemon.stop()
        await registry.stop()
        await broker.stop()
        slave.stop()
        webhook.stop()
    }
}
