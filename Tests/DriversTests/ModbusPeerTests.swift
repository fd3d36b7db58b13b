import Drivers
import Plant
import Rig
import TestBench
import Testing

/// The driver against slaves that other people wrote, and a master of other people against our slave.
@Suite(
    .enabled(if: peersFolder != nil, "MILLWRIGHT_PEERS names no folder of installed peers: ./test --peers"),
    .serialized, .timeLimit(.minutes(10)))
struct ModbusPeerTests {
    static let slaves = [
        Peer(
            name: "pymodbus 3.9.2 server",
            command: [Peer.python, "{sources}/modbus_servers.py", "pymodbus", "{port}"]),
        Peer(
            name: "pymodbus 3.9.2 simulator",
            command: [
                "{peers}/venv/bin/pymodbus.simulator", "--modbus_server", "server", "--modbus_device", "device",
                "--http_host", "127.0.0.1", "--http_port", "{other}", "--json_file", "{directory}/simulator.json",
            ], files: ["simulator.json": simulator]),
        Peer(
            name: "modbus-tk 1.1.3", command: [Peer.python, "{sources}/modbus_servers.py", "modbus-tk", "{port}"]),
        Peer(
            name: "pyModbusTCP 0.3.0",
            command: [Peer.python, "{sources}/modbus_servers.py", "pyModbusTCP", "{port}"]),
    ]

    /// Holding registers 0 to 15 with 1000 to 1015; coil 3 is bit 3 of register 100, as its shared tables have it.
    static let simulator = """
        {"server_list": {"server": {"comm": "tcp", "host": "127.0.0.1", "port": {port}, "framer": "socket"}},
         "device_list": {"device": {
          "setup": {"co size": 100, "di size": 100, "hr size": 116, "ir size": 116, "shared blocks": true,
           "type exception": false,
           "defaults": {"value": {"bits": 0, "uint16": 0, "uint32": 0, "float32": 0.0, "string": " "},
            "action": {"bits": null, "uint16": null, "uint32": null, "float32": null, "string": null}}},
          "invalid": [], "write": [], "bits": [{"addr": [0, 0], "value": 8}],
          "uint16": [\((1..<16).map { "{\"addr\": [\($0), \($0)], \"value\": \(1_000 + $0)}" }.joined(separator: ", "))],
          "uint32": [], "float32": [], "string": [], "repeat": []}}}
        """

    private func link(_ port: Int, unit: Int = 1, timeout: String = "500ms", _ blocks: String) throws -> LinkDefinition
    {
        try DriversTests.link(
            """
            - name: peer
              driver: modbus-tcp
              host: 127.0.0.1
              port: \(port)
              unit: \(unit)
              timeout: \(timeout)
              scan: 20ms
              blocks:
            \(blocks)
            """)
    }

    @Test(arguments: slaves) func isReadAndLostAndReadAgain(_ peer: Peer) async throws {
        let process = try PeerProcess(peer)
        try await process.start()
        let bench = LinkBench(
            try link(
                process.port,
                """
                    - { registers: holding, at: 2, values: [ { tag: two, at: 2, type: uint16 }, { tag: nine, at: 9, type: uint16 } ] }
                    - { registers: coils, at: 0, count: 5, values: [ { tag: on, at: 3 }, { tag: off, at: 2 } ] }
                """))
        #expect(await eventually { await bench.numbers("nine").count >= 50 }, "\(bench.status)")
        await process.kill()
        #expect(await eventually { await bench.last("nine")?.quality == .bad(.notConnected) })
        let before = await bench.numbers("nine").count
        try await process.start()
        #expect(await eventually { await bench.numbers("nine").count >= before + 50 })
        #expect(await eventually { await bench.numbers("on").count >= 50 })
        await bench.stop()
        let (two, nine) = (await bench.numbers("two"), await bench.numbers("nine"))
        #expect(two.allSatisfy { $0 == 1_002 })
        #expect(nine.allSatisfy { $0 == 1_009 })
        #expect(await bench.numbers("on").allSatisfy { $0 == 1 })
        #expect(await bench.numbers("off").allSatisfy { $0 == 0 })
        peerRow(peer.name, "killed and started again: \(two.count + nine.count) values, none wrong")
        await process.kill()
    }

    /// libmodbus' own test server: refuses, answers for another unit, too late, byte by byte, with too few registers; and ends
    /// with each connection.
    @Test func libmodbusTestServerMisbehaves() async throws {
        let process = try PeerProcess(
            Peer(name: "libmodbus 3.1.6 unit-test-server", command: ["{peers}/unit-test-server", "tcp", "{port}"]))
        try await process.start()
        let bench = LinkBench(
            try link(
                process.port, unit: 255, timeout: "200ms",
                """
                    - { registers: holding, at: 0x160, values: [ { tag: a, at: 0x160, type: uint16 }, { tag: c, at: 0x162, type: uint16 } ] }
                    - { registers: holding, at: 0x162, values: [ { tag: few, at: 0x162, type: uint32 } ] }
                    - { registers: holding, at: 0x170, values: [ { tag: busy, at: 0x170, type: uint16 } ] }
                    - { registers: holding, at: 0x172, values: [ { tag: late, at: 0x172, type: uint16 } ] }
                    - { registers: input, at: 0x108, values: [ { tag: input, at: 0x108, type: uint16 } ] }
                """))
        func served(_ condition: () async -> Bool) async throws -> Bool {
            try await eventually(within: .seconds(60)) {
                try await process.startAgainIfEnded()
                return await condition()
            }
        }
        #expect(try await served { await bench.numbers("a").count >= 10 })
        #expect(try await served { await bench.numbers("input").count >= 2 })
        #expect(try await served { await bench.samples("busy").contains { $0.quality == .bad(.modbusException(6)) } })
        #expect(try await served { await bench.samples("late").contains { $0.quality == .bad(.timedOut) } })
        #expect(try await served { await bench.samples("few").contains { !$0.quality.isGood } })
        await bench.stop()
        // Its holding registers are 0 until somebody writes them.
        #expect(await bench.numbers("a").allSatisfy { $0 == 0 })
        #expect(await bench.numbers("c").allSatisfy { $0 == 0 })
        #expect(await bench.numbers("input").allSatisfy { $0 == 0x000A })
        #expect(await bench.numbers("few").isEmpty)
        #expect(await bench.numbers("late").allSatisfy { $0 == 0 })
        peerRow(
            "libmodbus 3.1.6 test server",
            "refuses, is late, gives too few registers, ends with each connection: \(await bench.numbers("a").count) "
                + "values, none wrong")
        await process.kill()
    }

    @Test func mbpollReadsAndWritesOurSlave() async throws {
        var tables = ModbusTables(size: 16)
        for index in 0..<16 { tables.holding[index] = UInt16(1_000 + index) }
        let slave = try ModbusSlave(unit: 1, tables: tables)
        let directory = try TempDirectory()
        let program = try ChildProcess.find("mbpoll", debianPackage: "mbpoll")
        let arguments = ["-m", "tcp", "-p", "\(slave.port)", "-a", "1", "-0", "-r", "2", "-1"]
        let reader = try ChildProcess(
            program, arguments + ["-c", "3", "127.0.0.1"], outputFile: directory.file("read"))
        #expect(await reader.waitForExit() == .code(0))
        let lines = reader.outputTail().split(separator: "\n").filter { $0.hasPrefix("[") }
        #expect(lines.map { $0.split { " \t".contains($0) }.last.map(String.init) } == ["1002", "1003", "1004"])
        let writer = try ChildProcess(
            program, arguments + ["127.0.0.1", "77", "78"], outputFile: directory.file("write"))
        #expect(await writer.waitForExit() == .code(0))
        #expect(slave.withTables { Array($0.holding[1...4]) } == [1_001, 77, 78, 1_004])
        slave.stop()
        let refused = try ChildProcess(program, arguments + ["127.0.0.1"], outputFile: directory.file("refused"))
        #expect(await refused.waitForExit() != .code(0))
        try slave.start()
        let later = try ChildProcess(program, arguments + ["127.0.0.1"], outputFile: directory.file("later"))
        #expect(await later.waitForExit() == .code(0))
        #expect(later.outputTail().contains("77"))
        peerRow("mbpoll 1.4.11, as master", "reads and writes our slave, which goes and comes back")
    }
}
