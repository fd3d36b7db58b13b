import Plant
import Rig
import TestBench
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RigTests {
    let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    private func shell(_ script: String, environment: [String: String] = [:]) throws -> ChildProcess {
        try ChildProcess("/bin/sh", ["-c", script], environment: environment, outputFile: directory.file("out"))
    }

    @Test func aProgramsOutputAndExitAreKept() async throws {
        let child = try shell("echo $MW_WORD; echo err >&2; exit 7", environment: ["MW_WORD": "speed"])
        #expect(await child.waitForExit() == .code(7))
        #expect(child.exit == .code(7))
        #expect(child.outputTail() == "speed\nerr\n")
    }

    @Test func aProgramThatWillNotEndIsEnded() async throws {
        let child = try shell("trap '' TERM; echo ready; while :; do sleep 1; done")
        #expect(await eventually { child.outputTail() == "ready\n" })
        #expect(await child.stop(grace: .milliseconds(100)) == .signal(9))
        #expect(!child.isRunning)
    }

    @Test func aProgramThatDoesNotExistIsSaid() throws {
        #expect(throws: RigError.self) { try ChildProcess("/no/such", [], outputFile: directory.file("out")) }
        #expect(throws: RigError.self) { try ChildProcess.find("no-such-program", debianPackage: "none") }
    }

    @Test func aBrokerKeepsItsPortAndItsSessions() async throws {
        var settings = Broker.Settings()
        settings.isPersistent = true
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        try publisher.publish("a", [1])
        try await publisher.flush()
        #expect(publisher.counters.acknowledged == 1)
        await broker.stop()
        #expect(broker.pid == nil)
        try await broker.start()
        #expect(await eventually { publisher.isConnected })
        try publisher.publish("a", [2])
        try await publisher.flush()
        await broker.kill()
    }

    @Test func aLoadIsPublishedAndAcknowledged() async throws {
        let broker = try Broker(directory: directory.path)
        try await broker.start()
        for (content, qos) in [(MQTTLoad.Content.json, 1), (.json, 0), (.collectd, 1)] {
            var load = MQTTLoad(port: broker.port, messagesPerSecond: 50_000, count: 3_000)
            load.content = content
            load.qos = qos
            load.topics = 7
            let outcome = try await load.run()
            #expect(outcome.sent == 3_000)
            #expect(outcome.acknowledged == (qos > 0 ? 3_000 : 0))
            #expect(outcome.acknowledgementMilliseconds.count == outcome.acknowledged)
        }
        await broker.kill()
        let load = MQTTLoad(port: broker.port, messagesPerSecond: 1, count: 1)
        await #expect(throws: RigError.self) { try await load.run() }
    }

    @Test func aFarmAnswersForEachOfItsSlaves() async throws {
        let farm = try ModbusFarm(slaves: 3, delay: .milliseconds(2), hanging: 1)
        defer { farm.stop() }
        #expect(Set(farm.ports).count == 3)
        for (index, port) in farm.ports.enumerated() {
            let request: [UInt8] = [0x12, 0x34, 0, 0, 0, 6, 9, 3, 0, 100, 0, 2]
            let reply = try LoopbackExchange.send(request, to: port, expecting: 13, patience: .milliseconds(500))
            let first = UInt16(truncatingIfNeeded: port + 100)
            let words = [first, first &+ 1].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
            #expect(reply == (index == 2 ? [] : [0x12, 0x34, 0, 0, 0, 7, 9, 3, 4] + words))
        }
        let refused = try LoopbackExchange.send(
            [0, 1, 0, 0, 0, 6, 9, 6, 0, 100, 0, 2], to: farm.ports[0], expecting: 9, patience: .seconds(5))
        #expect(refused == [0, 1, 0, 0, 0, 3, 9, 0x86, 1])
        #expect(await eventually { farm.served.requests == 3 && farm.served.registers == 4 })
    }
}
