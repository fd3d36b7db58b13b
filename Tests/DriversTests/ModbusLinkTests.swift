import Drivers
import Plant
import Rig
import TestBench
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ModbusLinkTests {
    /// Registers 0 to 9 hold 1000 to 1009, so that a value from a wrong place shows.
    private func slave(unit: UInt8? = 1) throws -> ModbusSlave {
        var tables = ModbusTables(size: 16)
        for index in 0..<16 { tables.holding[index] = UInt16(1_000 + index) }
        tables.input = tables.holding.map { $0 + 1_000 }
        tables.coils[3] = true
        tables.setHolding(21.5, at: 10)
        return try ModbusSlave(unit: unit, tables: tables)
    }

    private func definition(_ slave: ModbusSlave, blocks: String? = nil, timeout: String = "200ms") throws
        -> LinkDefinition
    {
        try link(
            """
            - name: drive
              driver: modbus-tcp
              host: 127.0.0.1
              port: \(slave.port)
              unit: 1
              timeout: \(timeout)
              blocks:
            \(blocks ?? """
                - { registers: holding, at: 2, scan: 20ms, values: [
                    { tag: speed, at: 2, type: uint16, unit: rpm }, { tag: load, at: 4, type: int16, scale: 0.1, unit: "%" } ] }
            """)
            """)
    }

    @Test func readsEveryTable() async throws {
        let slave = try slave()
        let bench = LinkBench(
            try definition(
                slave,
                blocks: """
                        - { registers: holding, at: 9, scan: 20ms, values: [ { tag: temperature, at: 10, type: float32, unit: degC } ] }
                        - { registers: input, at: 5, scan: 20ms, values: [ { tag: power, at: 5, type: uint16, unit: W } ] }
                        - { registers: coils, at: 0, count: 9, scan: 20ms, values: [ { tag: running, at: 3 }, { tag: alarm, at: 8 } ] }
                        - { registers: discrete, at: 1, scan: 20ms, values: [ { tag: door, at: 1 } ] }
                    """))
        #expect(await eventually { await bench.numbers("door").first == 0 })
        #expect(await bench.numbers("temperature").first == 21.5)
        #expect(await bench.numbers("power").first == 2_005)
        #expect(await bench.numbers("running").first == 1)
        #expect(await bench.numbers("alarm").first == 0)
        #expect(await bench.last("door")?.quality == .good)
        slave.withTables { $0.discrete[1] = true }
        #expect(await eventually { await bench.numbers("door").last == 1 })
        await bench.stop()
    }

    static let faults: [ModbusFault] = [
        .exception(1), .exception(4), .exception(6), .silence, .delay(.milliseconds(350)), .garbage(seed: 1),
        .garbage(seed: 2), .short, .wrongTransaction, .wrongProtocol, .wrongUnit, .wrongFunction, .fewerRegisters,
        .twice, .moreRegisters, .hang(.milliseconds(350)), .close, .byteByByte,
    ]

    /// The table of faults in which libmodbus alone believes a wrong unit id, and never gets back into step.
    @Test(arguments: faults) func aFaultYieldsNoWrongValueAndIsRecoveredFrom(_ fault: ModbusFault) async throws {
        let slave = try slave()
        let bench = LinkBench(try definition(slave))
        #expect(await eventually { await bench.numbers("speed").count >= 2 })
        slave.inject(fault, times: 3)
        #expect(await eventually { slave.faultsLeft == 0 })
        let before = await bench.samples("speed").count
        #expect(await eventually { await bench.samples("speed").dropFirst(before).count { $0.quality.isGood } >= 5 })
        #expect(await bench.numbers("speed").allSatisfy { $0 == 1_002 })
        #expect(await bench.numbers("load").allSatisfy { $0 == 100.4 })
        let bad = await bench.samples("speed").filter { !$0.quality.isGood }
        switch fault {
        case .byteByByte: #expect(bad.isEmpty)
        case .exception(let code):
            #expect(bad.map(\.quality) == Array(repeating: .bad(.modbusException(code)), count: 3))
            #expect(bench.counters.exceptions == [code: 3])
            #expect(bench.counters.reconnects == 0)
        case .silence, .delay:
            // After two the tags are bad already, and one value is asked for to see whether it is the device or an address.
            #expect(bad.map(\.quality) == Array(repeating: .bad(.timedOut), count: 2))
            #expect(bench.counters.malformed["timed_out"] == 3)
        case .short, .hang:
            // What is left of the frame could come at any time.
            #expect(bad.map(\.quality) == Array(repeating: .bad(.timedOut), count: 2))
            #expect(bench.counters.reconnects >= 3)
        case .twice:
            // The second one has the number of a request that is done.
            #expect(bad.isEmpty)
            #expect(bench.counters.reconnects == 0)
            #expect(bench.counters.malformed == ["late_reply": 3])
        case .close: #expect(bad.allSatisfy { $0.quality == .bad(.notConnected) })
        default:
            #expect(!bad.isEmpty)
            #expect(bench.counters.reconnects >= 1)
        }
        await bench.stop()
    }

    @Test func aRegisterBeyondTheDeviceDoesNotHideTheOthers() async throws {
        let slave = try slave()
        let bench = LinkBench(
            try definition(
                slave,
                blocks: """
                        - { registers: holding, at: 0, scan: 20ms, values: [
                            { tag: a, at: 0, type: uint16 }, { tag: b, at: 5, type: uint16 }, { tag: c, at: 9, type: uint16 },
                            { tag: beyond, at: 40, type: uint16 } ] }
                    """))
        #expect(await eventually { await bench.numbers("c").count >= 5 })
        #expect(await bench.numbers("a").first == 1_000)
        #expect(await bench.numbers("b").first == 1_005)
        #expect(await bench.numbers("c").first == 1_009)
        #expect(await bench.last("beyond")?.quality == .bad(.modbusException(2)))
        #expect(await bench.numbers("beyond").isEmpty)
        // It is asked more and more seldom.
        #expect(await bench.samples("beyond").count < bench.numbers("c").count)
        await bench.stop()
    }

    @Test func aSilentBlockDoesNotStarveTheOthers() async throws {
        let slave = try slave()
        slave.inject(.silence, at: 0..<1)
        let bench = LinkBench(
            try definition(
                slave,
                blocks: """
                        - { registers: holding, at: 0, scan: 20ms, values: [ { tag: mute, at: 0, type: uint16 } ] }
                        - { registers: holding, at: 5, scan: 20ms, values: [ { tag: speaks, at: 5, type: uint16 } ] }
                    """, timeout: "50ms"))
        #expect(await eventually { await bench.numbers("speaks").count >= 30 })
        #expect(await bench.last("mute")?.quality == .bad(.timedOut))
        #expect(await bench.samples("mute").count < 15)
        #expect(await bench.numbers("mute").isEmpty)
        await bench.stop()
    }

    @Test func anAbsentDeviceMarksItsTagsOnceAndComesBack() async throws {
        let slave = try slave()
        slave.stop()
        let bench = LinkBench(try definition(slave))
        #expect(await eventually { if case .waiting = bench.status.state { true } else { false } })
        #expect(await eventually { await bench.last("speed")?.quality == .bad(.notConnected) })
        try slave.start()
        #expect(await eventually { await bench.last("speed")?.quality == .good })
        #expect(await bench.samples("speed").count { !$0.quality.isGood } == 1)
        slave.stop()
        #expect(await eventually { await bench.last("speed")?.quality == .bad(.notConnected) })
        try slave.start()
        #expect(await eventually { await bench.last("speed")?.quality == .good })
        #expect(bench.counters.reconnects >= 1)
        await bench.stop()
    }

    /// Several devices, one of them dead: the others keep their rate, because nothing waits for it.
    @Test func aDeadDeviceDoesNotSlowAnother() async throws {
        let (dead, alive) = (try slave(), try slave())
        dead.inject(.silence)
        let deadBench = LinkBench(try definition(dead, timeout: "2s"))
        let aliveBench = LinkBench(try definition(alive))
        #expect(await eventually { await aliveBench.numbers("speed").count >= 50 })
        #expect(aliveBench.counters.malformed.isEmpty)
        #expect(await deadBench.numbers("speed").isEmpty)
        // It waits for a reply now, and ends at once all the same.
        await deadBench.stop()
        await aliveBench.stop()
    }

    @Test func aStoreThatIsStuckDoesNotStopTheScan() async throws {
        let slave = try slave()
        let bench = LinkBench(try definition(slave), sink: MemorySink(mode: .hold))
        #expect(await eventually { await bench.sink.offers == 1 })
        let before = slave.requests
        #expect(await eventually { slave.requests > before + 20 })
        await bench.sink.set(.accept)
        #expect(await eventually { bench.counters.stored >= 40 })
        #expect(bench.counters.dropped == 0)
        await bench.stop()
    }

    @Test func aRefusedScanIsOfferedAgain() async throws {
        let slave = try slave()
        let bench = LinkBench(try definition(slave), sink: MemorySink(mode: .refuse))
        #expect(await eventually { bench.counters.refusals >= 1 })
        await bench.sink.set(.accept)
        #expect(await eventually { bench.counters.stored >= 10 })
        #expect(bench.status.lastError?.contains("not stored") == true)
        await bench.stop()
    }

    @Test func aDeviceThatClosesIdleConnectionsIsNoFault() async throws {
        let slave = try slave()
        let bench = LinkBench(
            try definition(
                slave,
                blocks: """
                        - { registers: holding, at: 2, scan: 300ms, values: [ { tag: speed, at: 2, type: uint16 } ] }
                    """))
        #expect(await eventually { await bench.numbers("speed").count >= 1 })
        slave.stop()
        try slave.start()
        #expect(await eventually { await bench.numbers("speed").count >= 3 })
        #expect(await bench.samples("speed").allSatisfy { $0.quality.isGood })
        await bench.stop()
    }

    @Test func anotherUnitIsNotAnswered() async throws {
        let slave = try slave(unit: 9)
        let bench = LinkBench(try definition(slave, timeout: "50ms"))
        #expect(await eventually { await bench.last("speed")?.quality == .bad(.timedOut) })
        #expect(await bench.numbers("speed").isEmpty)
        await bench.stop()
    }
}
