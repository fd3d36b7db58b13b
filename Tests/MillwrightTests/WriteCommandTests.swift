import Rig
import TestBench
import Testing

@testable import millwright

/// `millwright write` and `audit` against a running daemon and a slave.
@Suite(.serialized) struct WriteCommandTests {
    private func links(_ slave: ModbusSlave) -> String {
        """
          - name: drive
            driver: modbus-tcp
            host: 127.0.0.1
            port: \(slave.port)
            scan: 20ms
            writes: allowed
            values:
              - { tag: setpoint, registers: holding, at: 2, type: uint16, min: 0, max: 50, writable: true }
        """
    }

    /// - Returns: how a command ended, and what it printed.
    private func run(
        _ arguments: [String], _ daemon: DaemonTests.RunningDaemon
    ) async throws -> (exit: ChildProcess.Exit?, text: String) {
        let child = try ChildProcess(
            daemon.program, arguments + ["--config", daemon.configuration],
            environment: ["RUNTIME_DIRECTORY": ""], outputFile: daemon.folder.file("command.log"))
        let exit = await child.waitForExit()
        return (exit, child.outputTail())
    }

    @Test func aValueIsWrittenReadBackAndAudited() async throws {
        let slave = try ModbusSlave()
        let daemon = try DaemonTests.RunningDaemon()
        try daemon.configure(links: links(slave))
        try daemon.start()
        try await daemon.waits("the slave") { $0.links.first?.state == "connected" }

        let good = try await run(["write", "setpoint", "42", "--by", "li.wei", "--reason", "noise"], daemon)
        #expect(good.exit == .code(0))
        #expect(good.text.contains("setpoint: 42.0 written and read back, before it was 0.0"))
        #expect(slave.withTables { $0.holding[2] } == 42)
        #expect(slave.writes == [[6, 0, 2, 0, 42]])

        let beyond = try await run(["write", "setpoint", "51", "--by", "li.wei"], daemon)
        #expect(beyond.exit == .code(1))
        #expect(beyond.text.contains("not written"))
        #expect(slave.writes.count == 1)

        let list = try await run(["audit", "list"], daemon)
        #expect(list.text.contains("li.wei") && list.text.contains("0.0 -> 42.0") && list.text.contains("noise"))
        #expect(list.text.contains("refused"))
        let verdict = try await run(["audit", "verify"], daemon)
        #expect(verdict.exit == .code(0))
        #expect(verdict.text.contains("2 entries, intact"))
        #expect(await daemon.stop() == .code(0))
    }
}
