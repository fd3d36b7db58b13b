import Drivers
import Glibc
import Plant
import Rig
import TestBench
import Testing

/// Several slaves on one line: serial, and behind a gateway.
@Suite(.timeLimit(.minutes(3)))
struct ModbusLineTests {
    private let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    private func tables(_ first: Int) -> ModbusTables {
        var tables = ModbusTables(size: 32)
        for index in 0..<32 { tables.holding[index] = UInt16(first + index) }
        return tables
    }

    private func serial(
        _ name: String, _ line: SerialLine, unit: Int, scan: String = "10ms", keys: String = "timeout: 50ms"
    ) throws -> LinkDefinition {
        try link(
            """
            - name: \(name)
              driver: modbus-rtu
              port: \(line.path)
              baud: 115200
              unit: \(unit)
              \(keys)
              scan: \(scan)
              values: [ { tag: \(name).speed, registers: holding, at: 2, type: uint16 } ]
            """)
    }

    static let faults: [ModbusFault] = [
        .exception(4), .silence, .delay(.milliseconds(80)), .garbage(seed: 1), .short, .hang(.milliseconds(80)),
        .wrongUnit, .wrongFunction, .wrongChecksum, .fewerRegisters, .moreRegisters, .twice, .byteByByte,
    ]

    @Test(arguments: faults) func aFaultOnASerialLineYieldsNoWrongValue(_ fault: ModbusFault) async throws {
        let line = SerialLine(path: directory.file("tty"))
        let slave = try ModbusSlave(unit: 7, tables: tables(100), line: line)
        let bench = LinkBench(try serial("drive", line, unit: 7, keys: "timeout: 50ms\n  retries: 0"))
        #expect(await eventually { await bench.numbers("drive.speed").count >= 2 })
        // Each reply has another value from now on: one that comes late would show.
        slave.inject(fault, times: 3)
        #expect(await eventually { slave.faultsLeft == 0 })
        slave.withTables { $0.holding[2] = 555 }
        let before = await bench.samples("drive.speed").count
        #expect(
            await eventually {
                await bench.samples("drive.speed").dropFirst(before).count { $0.value == .number(555) } >= 5
            })
        let values = await bench.numbers("drive.speed")
        #expect(values.allSatisfy { $0 == 102 || $0 == 555 })
        // Once the new value has come, the old one never comes again.
        #expect(values.drop { $0 == 102 }.allSatisfy { $0 == 555 })
        await bench.stop()
    }

    @Test func twoSlavesShareAPortAndADeadOneDoesNotEatTheLine() async throws {
        let line = SerialLine(path: directory.file("tty"))
        // It answers to unit 1 alone.
        let slave = try ModbusSlave(unit: 1, tables: tables(100), line: line)
        let alive = LinkBench(try serial("alive", line, unit: 1))
        let dead = LinkBench(try serial("dead", line, unit: 2))
        #expect(await eventually { await dead.last("dead.speed")?.quality == .bad(.timedOut) })
        #expect(await eventually { await alive.numbers("alive.speed").count >= 100 })
        #expect(await dead.numbers("dead.speed").isEmpty)
        // What was not answered is asked more and more seldom.
        #expect(dead.counters.malformed["timed_out", default: 0] * 5 < alive.counters.received)
        await dead.stop()
        await alive.stop()
        #expect(slave.requests > 0)
    }

    @Test func aPortThatIsInUseIsSaidAndTriedAgain() async throws {
        let line = SerialLine(path: directory.file("tty"))
        let slave = try ModbusSlave(tables: tables(100), line: line)
        let first = LinkBench(try serial("first", line, unit: 1))
        #expect(await first.isConnected())
        let other = open(line.path, O_RDWR | O_NOCTTY)
        defer { close(other) }
        #expect(flock(other, LOCK_EX | LOCK_NB) == -1)
        await first.stop()
        let second = LinkBench(try serial("second", line, unit: 1))
        #expect(await eventually { await second.numbers("second.speed").count >= 3 })
        await second.stop()
        #expect(slave.connections == 0)
    }

    private func behindGateway(_ name: String, _ slave: ModbusSlave, unit: Int, keys: String = "") throws
        -> LinkDefinition
    {
        try link(
            """
            - name: \(name)
              driver: modbus-tcp
              host: localhost
              port: \(slave.port)
              unit: \(unit)
              timeout: 200ms
              scan: 5ms\(keys)
              values: [ { tag: \(name).speed, registers: holding, at: \(unit), type: uint16 } ]
            """)
    }

    @Test func linksToOneGatewayShareOneConnection() async throws {
        let gateway = try ModbusSlave(tables: tables(100))
        let benches = try (1...4).map { LinkBench(try behindGateway("slave-\($0)", gateway, unit: $0)) }
        for (index, bench) in benches.enumerated() {
            #expect(await eventually { await bench.numbers("slave-\(index + 1).speed").count >= 10 })
            #expect(await bench.numbers("slave-\(index + 1).speed").allSatisfy { $0 == Double(101 + index) })
        }
        #expect(gateway.connections == 1)
        // One that stops lets the others go on.
        await benches[0].stop()
        let before = await benches[1].samples("slave-2.speed").count
        #expect(await eventually { await benches[1].samples("slave-2.speed").count >= before + 10 })
        for bench in benches.dropFirst() { await bench.stop() }
        #expect(gateway.connections == 1)
    }

    @Test func anOwnConnectionIsOnesOwn() async throws {
        let gateway = try ModbusSlave(tables: tables(100))
        let own = "\n  connection: own"
        let benches = try (1...2).map { LinkBench(try behindGateway("slave-\($0)", gateway, unit: $0, keys: own)) }
        for (index, bench) in benches.enumerated() {
            #expect(await eventually { await bench.numbers("slave-\(index + 1).speed").count >= 3 })
        }
        #expect(gateway.connections == 2)
        for bench in benches { await bench.stop() }
    }

    /// A gateway that says that the slave behind it does not answer (exception 11) takes its time for it.
    @Test func whatAGatewaySaysOfADeadSlaveCountsAsSilence() async throws {
        let gateway = try ModbusSlave(tables: tables(100))
        gateway.inject(.exception(11), at: 2..<3)
        let alive = LinkBench(try behindGateway("slave-1", gateway, unit: 1))
        let dead = LinkBench(try behindGateway("slave-2", gateway, unit: 2))
        #expect(await eventually { await dead.last("slave-2.speed")?.quality == .bad(.modbusException(11)) })
        #expect(await eventually { await alive.numbers("slave-1.speed").count >= 100 })
        #expect(dead.counters.exceptions[11, default: 0] < 12)
        gateway.heal()
        #expect(await eventually { await dead.numbers("slave-2.speed").count >= 1 })
        for bench in [alive, dead] { await bench.stop() }
    }

    /// Both ask for more than the line can give, which takes 5 ms a request.
    @Test func priorityIsAShareOfTheLine() async throws {
        let gateway = try ModbusSlave(tables: tables(100))
        gateway.inject(.delay(.milliseconds(5)))
        let high = LinkBench(try behindGateway("slave-1", gateway, unit: 1, keys: "\n  priority: high"))
        let low = LinkBench(try behindGateway("slave-2", gateway, unit: 2, keys: "\n  priority: low"))
        #expect(await eventually { await low.numbers("slave-2.speed").count >= 20 })
        let (often, seldom) = (
            await high.numbers("slave-1.speed").count, await low.numbers("slave-2.speed").count
        )
        #expect(often > 2 * seldom, "\(often) and \(seldom)")
        for bench in [high, low] { await bench.stop() }
    }

    @Test func aBudgetIsKept() async throws {
        let gateway = try ModbusSlave(tables: tables(100))
        let start = ContinuousClock.now
        let bench = LinkBench(try behindGateway("slave-1", gateway, unit: 1, keys: "\n  budget: 50"))
        #expect(await eventually { gateway.requests >= 10 })
        // Ten requests at 50 a second have nine pauses of 20 ms between them.
        #expect(start.duration(to: .now) >= .milliseconds(9 * 20))
        await bench.stop()
    }

    /// One address that a slave never answers for, in a block with nothing else to ask.
    @Test func anAddressThatIsNotAnsweredIsFound() async throws {
        let slave = try ModbusSlave(tables: tables(100))
        slave.inject(.lost, at: 9..<10)
        let bench = LinkBench(
            try link(
                """
                - name: meter
                  driver: modbus-tcp
                  host: 127.0.0.1
                  port: \(slave.port)
                  timeout: 20ms
                  scan: 10ms
                  values:
                    - { tag: a, registers: holding, at: 6, type: uint16 }
                    - { tag: b, registers: holding, at: 7, type: uint16 }
                    - { tag: mute, registers: holding, at: 9, type: uint16 }
                    - { tag: c, registers: holding, at: 12, type: uint16 }
                """))
        #expect(await eventually { await bench.numbers("a").count >= 20 })
        #expect(await eventually { await bench.numbers("c").count >= 20 })
        #expect(await bench.numbers("c").allSatisfy { $0 == 112 })
        #expect(await bench.last("mute")?.quality == .bad(.timedOut))
        #expect(await bench.numbers("mute").isEmpty)
        #expect(await eventually { bench.status.failing == ["holding 9"] })
        slave.heal()
        #expect(await eventually { await bench.numbers("mute").last == 109 })
        await bench.stop()
    }

    @Test func severalRequestsAreUnderWayWhereTheDeviceTakesThem() async throws {
        let slave = try ModbusSlave(tables: tables(100))
        slave.inject(.delay(.milliseconds(20)))
        let values = [0, 4, 8, 12].map { "{ tag: v\($0), registers: holding, at: \($0), type: uint16 }" }
        let start = ContinuousClock.now
        let bench = LinkBench(
            try link(
                """
                - name: meter
                  driver: modbus-tcp
                  host: 127.0.0.1
                  port: \(slave.port)
                  in_flight: 4
                  max_gap: 0
                  scan: 1h
                  values: [ \(values.joined(separator: ", ")) ]
                """))
        for address in [0, 4, 8, 12] {
            #expect(await eventually { await bench.numbers("v\(address)") == [Double(100 + address)] })
        }
        // One after another they would have taken 80 ms; a busy machine may be slower, never faster.
        #expect(slave.requests == 4)
        #expect(start.duration(to: .now) < .seconds(10))
        await bench.stop()
    }
}
