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
}
