import Glibc
import Pictures
import Plant
import Rig
import Store
import TestBench
import Testing

@testable import millwright

/// The whole way of a part: a picture over a broker, a verdict, a coil of a slave, a line of the audit.
@Suite(.serialized, .timeLimit(.minutes(4))) struct StationDaemonTests {
    static func configure(_ daemon: DaemonTests.RunningDaemon, _ broker: Broker, _ slave: ModbusSlave) throws {
        try Files.write(try StationBench.model.get(), to: daemon.folder.file("board.mwplan"))
        try daemon.configure(
            links: """
                  - name: camera
                    driver: mqtt
                    host: 127.0.0.1
                    port: \(broker.port)
                    topics: [ { topic: "press/+", payload: picture, pictures: press-3.camera, part: "{1}" } ]
                  - name: gate
                    driver: modbus-tcp
                    host: 127.0.0.1
                    port: \(slave.port)
                    writes: allowed
                    values: [ { tag: reject, registers: coils, at: 3, type: bool, allowed: [0, 1], writable: true } ]
                """,
            extra: """
                stations:
                  - id: press-3
                    pictures: press-3.camera
                    model: board.mwplan
                    budget: 30s
                    gate: { tag: reject }
                """)
    }

    private func station(_ daemon: DaemonTests.RunningDaemon) -> StatusReport.Station? {
        daemon.report()?.stations?.first
    }

    @Test func aPictureOverABrokerMovesACoilAndIsAudited() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let slave = try ModbusSlave()
        defer { slave.stop() }
        let daemon = try DaemonTests.RunningDaemon()
        try Self.configure(daemon, broker, slave)
        let check = try await BackupCommandTests.run(["check", daemon.configuration], in: folder)
        #expect(check.exit == .code(0) && check.text.contains("1 stations"), "\(check.text)")
        try daemon.start()
        try await daemon.waits("both links") { $0.links.allSatisfy { $0.state == "connected" } }
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("press/4711", StationBench.blot)
        try await publisher.flush()
        #expect(await eventually { slave.withTables { $0.coils[3] } })
        try publisher.publish("press/4712", StationBench.good)
        try await publisher.flush()
        #expect(await eventually { !slave.withTables { $0.coils[3] } })
        try await daemon.waits("both verdicts") { report in
            report.stations?.first.map { $0.good == 1 && $0.defects == ["defect": 1] && $0.last?.part == "4712" }
                == true
        }
        let status = try await BackupCommandTests.run(["status", "--config", daemon.configuration], in: folder)
        #expect(status.text.contains("gate acknowledged after"), "\(status.text)")
        #expect(await daemon.stop() == .code(0))
        let audit = try await BackupCommandTests.run(["audit", "list", "--config", daemon.configuration], in: folder)
        #expect(audit.text.contains("press-3 4711 defect") && audit.text.contains("press-3 4712 good"), "\(audit.text)")
        await broker.stop()
    }

    /// The gate hears of a part on a topic; here the daemon itself listens to it, over the broker.
    @Test func aDecisionIsPublishedOnATopic() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let daemon = try DaemonTests.RunningDaemon()
        try Files.write(try StationBench.model.get(), to: daemon.folder.file("board.mwplan"))
        let told = "{ path: $.verdict, tag: told, type: text }, { path: $.part, tag: told-part, type: text }"
        try daemon.configure(
            links: """
                  - name: line
                    driver: mqtt
                    host: 127.0.0.1
                    port: \(broker.port)
                    topics:
                      - { topic: "press/+", payload: picture, pictures: press-3.camera, part: "{1}" }
                      - { topic: gates/press-3, payload: json, values: [ \(told) ] }
                """,
            extra: """
                stations:
                  - id: press-3
                    pictures: press-3.camera
                    model: board.mwplan
                    budget: 30s
                    gate: { mqtt: { link: line, topic: gates/press-3 } }
                """)
        try daemon.start()
        try await daemon.waits("the link") { $0.links.allSatisfy { $0.state == "connected" } }
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        try publisher.publish("press/4711", StationBench.blot)
        try publisher.publish("press/4712", Array("no picture".utf8))
        try publisher.publish("press/4713", StationBench.good)
        try await publisher.flush()
        let reader = try StoreReader(
            directory: daemon.folder.file("store"), clock: MachineClock(), logger: StationBench.logger)
        func texts(_ tag: String) async throws -> [String] {
            guard let tag = try await reader.tags()[tag]?.id else { return [] }
            return try await reader.samples(after: 0, limit: 1_000).samples.filter { $0.sample.tag == tag }
                .compactMap(\.sample.value.label)
        }
        #expect(try await eventually { try await texts("told-part").count == 3 })
        #expect(try await texts("told-part") == ["4711", "4712", "4713"])
        #expect(try await texts("told") == ["defect", "not_judged", "good"])
        #expect(await daemon.stop() == .code(0))
        await broker.stop()
    }

    @Test func whateverIsKilledEachPartHasOneVerdictAndIsToldOnce() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let slave = try ModbusSlave()
        defer { slave.stop() }
        let daemon = try DaemonTests.RunningDaemon()
        try Self.configure(daemon, broker, slave)
        try daemon.start()
        try await daemon.waits("both links") { $0.links.allSatisfy { $0.state == "connected" } }
        let publisher = try FieldPublisher(id: "camera", port: broker.port)
        let parts = 24
        for part in 0..<parts {
            try publisher.publish(
                "press/\(part)", InspectCommandTests.part(noise: 200 + part, blot: part % 3 == 0 ? (60, 70) : nil))
        }
        try await publisher.flush()
        // Killed at whatever it is doing, when some more parts have been told.
        for kill in 1...3 {
            _ = await eventually { slave.writes.count >= kill * 3 }
            daemon.child?.send(signal: SIGKILL)
            _ = await daemon.child?.waitForExit()
            try daemon.start()
        }
        try await daemon.waits("the others") { report in report.links.allSatisfy { $0.state == "connected" } }
        let reader = try StoreReader(
            directory: daemon.folder.file("store"), clock: MachineClock(), logger: StationBench.logger)
        let tag = try #require(try await reader.tags()["press-3.part"]).id
        func judged() async throws -> [Sample.Value] {
            try await reader.samples(after: 0, limit: 10_000).samples.filter { $0.sample.tag == tag }
                .map(\.sample.value)
        }
        #expect(try await eventually(within: .seconds(60)) { try await judged().count >= parts })
        #expect(await daemon.stop() == .code(0))
        let names = try await judged().compactMap(\.label)
        #expect(names.count == parts && Set(names) == Set((0..<parts).map { "\($0)" }))
        let audit = try await reader.auditEntries(limit: 1_000)
        let told = audit.compactMap { $0.reason?.split(separator: " ").dropFirst().first }
        #expect(told.count == parts && Set(told).count == parts, "each part told once, or known to be in doubt")
        #expect(audit.count { $0.outcome == "unknown" } <= 3)
        await broker.stop()
    }
}
