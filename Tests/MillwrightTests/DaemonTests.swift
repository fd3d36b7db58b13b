import Glibc
import Rig
import TestBench
import Testing

@testable import millwright

/// The program itself, started as a daemon with a real broker and real slaves.
@Suite(.serialized) struct DaemonTests {
    /// A folder with a configuration, and the daemon that runs it.
    final class RunningDaemon {
        let folder: TempDirectory
        let program: String
        private(set) var child: ChildProcess?

        init() throws {
            folder = try TempDirectory()
            program = try Files.program()
        }

        var configuration: String { folder.file("plant.yaml") }

        func configure(links: String, extra: String = "") throws {
            let text = """
                plant: { name: Works, device: box-1 }
                store: { directory: store, reserve: 1MB }
                links:
                \(links)
                \(extra)
                """
            try Files.write(text, to: configuration)
        }

        func start(environment: [String: String] = [:]) throws {
            unlink(folder.file("store/status.json"))
            child = try ChildProcess(
                program, ["run", "--config", configuration, "--log-level", "info"],
                environment: ["RUNTIME_DIRECTORY": "", "NOTIFY_SOCKET": ""].merging(environment) { $1 },
                outputFile: folder.file("log"))
        }

        func reload() { child?.send(signal: SIGHUP) }

        func report() -> StatusReport? { try? StatusFile(path: folder.file("store/status.json")).read().report }
        func link(_ name: String) -> StatusReport.Link? { report()?.links.first { $0.name == name } }

        func waits(_ what: String, until condition: (StatusReport) -> Bool) async throws {
            let held = await eventually(within: .seconds(30)) {
                guard child?.isRunning == true else { return true }
                return report().map(condition) ?? false
            }
            try #require(held && child?.isRunning == true, "\(what): \(child?.outputTail() ?? "")")
        }

        /// - Returns: how it ended.
        func stop() async -> ChildProcess.Exit? { await child?.stop(grace: .seconds(10)) }
    }

    static func modbus(_ name: String, port: Int, tag: String, scan: String = "20ms") -> String {
        """
          - name: \(name)
            driver: modbus-tcp
            host: 127.0.0.1
            port: \(port)
            blocks:
              - { registers: holding, at: 0, scan: \(scan), values: [ { tag: \(tag), at: 0, type: uint16 } ] }
        """
    }

    static func mqtt(port: Int) -> String {
        """
          - name: sensors
            driver: mqtt
            host: 127.0.0.1
            port: \(port)
            topics:
              - { topic: "t/+", tag: "t.{1}", payload: number }
        """
    }

    @Test func aReloadChangesWhatChangedAndLeavesTheRestConnected() async throws {
        let (steady, other) = (try ModbusSlave(), try ModbusSlave())
        defer {
            steady.stop()
            other.stop()
        }
        try steady.start()
        try other.start()
        let daemon = try RunningDaemon()
        let steadyLink = Self.modbus("steady", port: steady.port, tag: "a")
        try daemon.configure(links: steadyLink + "\n" + Self.modbus("second", port: other.port, tag: "b"))
        try daemon.start()
        try await daemon.waits("both links") { $0.links.allSatisfy { $0.counters["stored", default: 0] > 3 } }
        let before = try #require(daemon.link("steady"))
        let connections = steady.connections

        // Another scan interval for one link: it starts anew, the other goes on.
        try daemon.configure(
            links: steadyLink + "\n" + Self.modbus("third", port: other.port, tag: "b", scan: "30ms"))
        daemon.reload()
        try await daemon.waits("the new link") { report in
            report.links.map(\.name) == ["steady", "third"]
                && report.links.allSatisfy { $0.counters["stored", default: 0] > 3 }
        }
        var after = try #require(daemon.link("steady"))
        #expect(after.since == before.since && after.counters["reconnects"] == 0)
        #expect(after.counters["received", default: 0] > before.counters["received", default: 0])
        #expect(steady.connections == connections)
        #expect(daemon.report()?.configuration.reloadError == nil)

        // A configuration with a mistake changes nothing, and the status says what is wrong with it.
        let loadedAt = daemon.report()?.configuration.loadedAt
        try daemon.configure(links: Self.modbus("steady", port: steady.port, tag: "a", scan: "soon"))
        daemon.reload()
        try await daemon.waits("the refusal") { $0.configuration.reloadError != nil }
        let refusal = try #require(daemon.report()?.configuration.reloadError)
        #expect(refusal.contains("links[0].blocks[0].scan: expected a duration") && refusal.contains("found \"soon\""))
        #expect(daemon.report()?.links.map(\.name) == ["steady", "third"])
        #expect(daemon.report()?.configuration.loadedAt == loadedAt)

        // Another store would mean another daemon.
        try daemon.configure(links: steadyLink)
        let text = try Files.text(daemon.configuration).replacing("directory: store", with: "directory: elsewhere")
        try Files.write(text, to: daemon.configuration)
        daemon.reload()
        try await daemon.waits("the second refusal") { report in
            report.configuration.reloadError?.contains("needs a restart of the daemon") == true
        }

        // A good one takes the error away.
        try daemon.configure(links: steadyLink)
        daemon.reload()
        try await daemon.waits("the good one") { $0.links.count == 1 && $0.configuration.reloadError == nil }
        after = try #require(daemon.link("steady"))
        #expect(after.since == before.since && steady.connections == connections)
        #expect(await daemon.stop() == .code(0))
    }

    @Test func aSensorThatFallsSilentIsToldAndItsValuesCanBeFollowed() async throws {
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        try await broker.start()
        let daemon = try RunningDaemon()
        try daemon.configure(
            links: Self.mqtt(port: broker.port), extra: "watch: [{ tags: \"t.*\", stale_after: 1s, stuck_after: 3 }]")
        try daemon.start()
        try await daemon.waits("the broker") { $0.links.first?.state == "connected" }
        let publisher = try FieldPublisher(id: "test", port: broker.port)
        try publisher.publish("t/one", Array("1.5".utf8))
        try await publisher.flush()
        try await daemon.waits("the silence") { report in
            report.watch?.silent == 1 && report.watch?.worst.first?.quality == "bad (stale)"
                && report.links.first?.counters["flag.stale"] == 1
        }
        let follower = try ChildProcess(
            daemon.program, ["watch", "t.*", "--store", daemon.folder.file("store"), "--json", "--seconds", "600"],
            environment: [:], outputFile: folder.file("lines"))
        let isFollowed = try await eventually {
            try publisher.publish("t/one", Array("2.5".utf8))
            try await publisher.flush()
            let lines = try Files.text(folder.file("lines"))
            return lines.contains("\"value\":\"2.5\"") && lines.contains("\"quality\":\"uncertain (stuck)\"")
        }
        #expect(isFollowed)
        _ = await follower.stop(grace: .seconds(5))
        try await daemon.waits("the flags") { $0.watch?.found["stuck"] ?? 0 > 0 }
        #expect(await daemon.stop() == .code(0))
        await broker.stop()
    }

    @Test func aBrokerThatComesLaterIsFoundAndEverythingElseGoesOn() async throws {
        let slave = try ModbusSlave()
        defer { slave.stop() }
        try slave.start()
        let folder = try TempDirectory()
        let broker = try Broker(directory: folder.path)
        let daemon = try RunningDaemon()
        try daemon.configure(
            links: Self.mqtt(port: broker.port) + "\n" + Self.modbus("slave", port: slave.port, tag: "a"))
        try daemon.start()
        try await daemon.waits("the slave, without a broker") { report in
            let (sensors, slave) = (report.links.first, report.links.last)
            return sensors?.state != "connected" && sensors?.lastError != nil
                && slave?.counters["stored", default: 0] ?? 0 > 5
        }
        try await broker.start()
        try await daemon.waits("the broker") { $0.links.first?.state == "connected" }
        let publisher = try FieldPublisher(id: "test", port: broker.port)
        try publisher.publish("t/one", Array("1.5".utf8))
        try await publisher.flush()
        try await daemon.waits("the value") { $0.links.first?.counters["stored"] == 1 }
        // Lost again, and back.
        await broker.stop()
        try await daemon.waits("the loss") { $0.links.first?.state != "connected" }
        try await broker.start()
        try await daemon.waits("the broker again") { $0.links.first?.state == "connected" }
        #expect(daemon.link("sensors")?.counters["reconnects"] == 1)
        await broker.stop()
        #expect(await daemon.stop() == .code(0))
    }

    @Test func aWrongConfigurationEndsTheStartWithTheMistakes() async throws {
        let daemon = try RunningDaemon()
        try daemon.configure(links: Self.modbus("slave", port: 0, tag: "a"))
        try daemon.start()
        #expect(await daemon.child?.waitForExit() == .code(1))
        let text = try Files.text(daemon.folder.file("log"))
        #expect(
            text.contains("\(daemon.configuration):7:11: links[0].port: expected a whole number 1...65535, found \"0\"")
        )
    }

    @Test func aSecondDaemonOnTheSameStoreIsRefused() async throws {
        let slave = try ModbusSlave()
        defer { slave.stop() }
        try slave.start()
        let daemon = try RunningDaemon()
        try daemon.configure(links: Self.modbus("slave", port: slave.port, tag: "a"))
        try daemon.start()
        try await daemon.waits("the first") { $0.links.first?.state == "connected" }
        let second = try ChildProcess(
            daemon.program, ["run", "--config", daemon.configuration],
            environment: ["RUNTIME_DIRECTORY": "", "NOTIFY_SOCKET": ""], outputFile: daemon.folder.file("second.log"))
        #expect(await second.waitForExit() == .code(1))
        #expect(second.outputTail().contains("another daemon uses the store"))
        #expect(daemon.child?.isRunning == true)
        #expect(await daemon.stop() == .code(0))
    }

    @Test func whatTheBrokerAcknowledgedIsStoredOnceWhateverIsKilled() async throws {
        let folder = try TempDirectory()
        let drill = try ChildProcess(
            try Files.program(),
            ["drill", "kill", "--kills", "5", "--rate", "200", "--seed", "7", "--directory", folder.file("drill")],
            outputFile: folder.file("log"))
        let exit = await drill.waitForExit()
        #expect(exit == .code(0), "\(drill.outputTail())")
        #expect(drill.outputTail().contains("0 missing, 0 stored twice: the promise holds"))
    }
}
