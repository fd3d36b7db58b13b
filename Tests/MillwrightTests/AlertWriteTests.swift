import AssemblyLine
import Rig
import TestBench
import Testing

@testable import millwright

/// The whole way back to the field: vibration over a broker, an alert of the model, a register of a slave.
@Suite(.serialized, .timeLimit(.minutes(3))) struct AlertWriteTests {
    private static let register = 2

    private func links(_ broker: Broker, _ slave: ModbusSlave) -> String {
        """
          - name: sensors
            driver: mqtt
            host: 127.0.0.1
            port: \(broker.port)
            topics:
              - { topic: v, tag: fan-3.vibration, payload: waveform, format: float32-le, samples: 4096, rate: 12800, unit: g }
              - { topic: s, tag: fan-3.speed, payload: number, unit: rpm }
              - { topic: l, tag: fan-3.load, payload: number, unit: "%" }
          - name: horn
            driver: modbus-tcp
            host: 127.0.0.1
            port: \(slave.port)
            scan: 50ms
            writes: allowed
            values:
              - { tag: horn.on, registers: holding, at: \(Self.register), type: uint16, allowed: [0, 1], writable: true }
        """
    }

    private static let alerts = """
        assets:
          - id: fan-3
            pack: \(Files.pack)
            inputs: { vibration: fan-3.vibration, speed: fan-3.speed, load: fan-3.load }
        alerts:
          writes: [ { code: bearing.outer_race, asset: fan-3, tag: horn.on, value: 1, when_clear: 0 } ]
          delays: { on_windows: 3, off_windows: 3 }
        """

    private func publish(_ moments: some Sequence<RecordingPlayer.Moment>, _ publisher: FieldPublisher) throws {
        for moment in moments {
            try publisher.publish("s", Array("\(moment.speedRPM)".utf8))
            try publisher.publish("l", Array("\(moment.loadPercent)".utf8))
            let bytes = moment.window.flatMap { value in
                withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            }
            try publisher.publish("v", bytes)
        }
    }

    private func audit(_ arguments: [String], _ daemon: DaemonTests.RunningDaemon) async throws -> String {
        let child = try ChildProcess(
            daemon.program, ["audit"] + arguments + ["--config", daemon.configuration],
            environment: ["RUNTIME_DIRECTORY": ""], outputFile: daemon.folder.file("audit-\(arguments[0])"))
        #expect(await child.waitForExit() == .code(0))
        return child.outputTail()
    }

    @Test func anAlertIsWrittenToTheFieldReadBackAndAudited() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let slave = try ModbusSlave()
        let daemon = try DaemonTests.RunningDaemon()
        try daemon.configure(links: links(broker, slave), extra: Self.alerts)
        try daemon.start()
        try await daemon.waits("both links") { $0.links.allSatisfy { $0.state == "connected" } }

        let moments = try PlayedRecording.moments.get()
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        func judged(_ windows: Int) async throws {
            try await daemon.waits("\(windows) windows") { $0.assets.first.map { $0.windows >= windows } ?? false }
        }
        try publish(moments.prefix(5), publisher)
        try await judged(5)
        #expect(slave.writes.isEmpty)

        // The last of the recording have a damage that is critical.
        try publish(moments.suffix(6), publisher)
        #expect(
            await eventually { slave.withTables { $0.holding[Self.register] } == 1 },
            "\(String(describing: daemon.report()?.assets))")
        try await judged(11)
        // Once, however many windows say it, and however critical it becomes.
        #expect(slave.writes == [[6, 0, UInt8(Self.register), 0, 1]])
        let raised = try await audit(["list"], daemon)
        #expect(raised.contains("horn.on") && raised.contains("0.0 -> 1.0"), "\(raised)")
        #expect(raised.contains("bearing.outer_race"), "\(raised)")

        try publish(moments.prefix(6), publisher)
        #expect(await eventually { slave.withTables { $0.holding[Self.register] } == 0 })
        try await judged(17)
        #expect(slave.writes.count == 2)
        #expect(await daemon.stop() == .code(0))
        let verdict = try await audit(["verify"], daemon)
        #expect(verdict.contains("2 entries, intact"), "\(verdict)")
        await broker.stop()
    }
}
