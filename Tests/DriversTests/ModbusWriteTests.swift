import Drivers
import Plant
import Rig
import TestBench
import Testing

/// Writes to a device: read first, written once, read back.
@Suite(.timeLimit(.minutes(3)))
struct ModbusWriteTests {
    private func slave() throws -> ModbusSlave {
        var tables = ModbusTables(size: 32)
        for index in 0..<32 { tables.holding[index] = UInt16(100 + index) }
        tables.setHolding(1.5, at: 10)
        return try ModbusSlave(tables: tables)
    }

    private func bench(_ slave: ModbusSlave, with style: String = "single") async throws -> LinkBench {
        let bench = LinkBench(
            try link(
                """
                - name: drive
                  driver: modbus-tcp
                  host: 127.0.0.1
                  port: \(slave.port)
                  timeout: 100ms
                  scan: 20ms
                  writes: allowed
                  write_with: \(style)
                  values:
                    - { tag: setpoint, registers: holding, at: 2, type: int16, scale: 0.1, min: -50, max: 50, writable: true }
                    - { tag: ramp, registers: holding, at: 10, type: float32, words: cdab, min: 0, max: 10, writable: true }
                    - { tag: mode, registers: holding, at: 4, bits: 4-7, allowed: [0, 1, 2], writable: true }
                    - { tag: run, registers: coils, at: 3, allowed: [0, 1], writable: true }
                    - { tag: total, registers: holding, at: 20, type: uint16 }
                """))
        #expect(await bench.isConnected())
        return bench
    }

    private func write(_ bench: LinkBench, _ tag: String, _ value: Double) async throws -> WriteOutcome {
        let driver = try #require(bench.driver as? any WritingDriver)
        return await driver.write(tag, value, within: .seconds(10))
    }

    struct Vector: Sendable, CustomTestStringConvertible {
        var style: String
        var tag: String
        var value: Double
        var old: Double
        /// The PDU of the write, byte for byte.
        var bytes: [UInt8]
        var testDescription: String { "\(tag) \(style)" }
    }

    /// 1.5 as it stands in the slave is 3F C0 00 00, which `cdab` reads as 0x00003FC0.
    static let vectors = [
        Vector(style: "single", tag: "setpoint", value: -5, old: 102 * 0.1, bytes: [6, 0, 2, 0xFF, 0xCE]),
        Vector(style: "multiple", tag: "setpoint", value: 12.5, old: 102 * 0.1, bytes: [16, 0, 2, 0, 1, 2, 0, 0x7D]),
        Vector(
            style: "read_write", tag: "setpoint", value: 12.5, old: 102 * 0.1,
            bytes: [23, 0, 2, 0, 1, 0, 2, 0, 1, 2, 0, 0x7D]),
        Vector(
            style: "single", tag: "ramp", value: 2.5, old: Double(Float(bitPattern: 0x3FC0)),
            bytes: [16, 0, 10, 0, 2, 4, 0, 0, 0x40, 0x20]),
        // 104 is 0x68: bits 4 to 7 hold 6.
        Vector(style: "single", tag: "mode", value: 2, old: 6, bytes: [22, 0, 4, 0xFF, 0x0F, 0, 0x20]),
        Vector(style: "single", tag: "run", value: 1, old: 0, bytes: [5, 0, 3, 0xFF, 0]),
        Vector(style: "multiple", tag: "run", value: 1, old: 0, bytes: [15, 0, 3, 0, 1, 1, 1]),
    ]

    @Test(arguments: vectors) func isWrittenOnceByteForByteAndReadBack(_ vector: Vector) async throws {
        let slave = try slave()
        let bench = try await bench(slave, with: vector.style)
        #expect(try await write(bench, vector.tag, vector.value) == .written(old: vector.old))
        #expect(slave.writes == [vector.bytes])
        #expect(await eventually { await bench.numbers(vector.tag).last == vector.value })
        if vector.tag == "mode" { #expect(slave.withTables { $0.holding[4] } == 0x28) }
        await bench.stop()
    }

    @Test(arguments: [
        ("setpoint", 50.1), ("setpoint", -51), ("mode", 3), ("run", 0.5), ("total", 1), ("none", 1),
    ])
    func whatIsNotAllowedNeverReachesTheWire(_ tag: String, _ value: Double) async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        guard case .refused = try await write(bench, tag, value) else {
            Issue.record("it was not refused")
            return
        }
        #expect(slave.writes.isEmpty)
        await bench.stop()
    }

    @Test func aWriteThatWasDoneAndNotAnsweredIsFoundByReading() async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.inject(.silence, times: 1, function: 6)
        #expect(try await write(bench, "setpoint", 5) == .written(old: 102 * 0.1))
        #expect(slave.writes.count == 1)
        await bench.stop()
    }

    @Test func aWriteThatWasLostIsNotRepeated() async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.inject(.lost, times: 1, function: 6)
        #expect(try await write(bench, "setpoint", 5) == .notConfirmed(old: 102 * 0.1, read: 102 * 0.1))
        #expect(slave.writes.count == 1)
        await bench.stop()
    }

    @Test func aDeviceThatOnlyPretendsIsFoundOut() async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.inject(.pretence, times: 1, function: 6)
        #expect(try await write(bench, "setpoint", 5) == .notConfirmed(old: 102 * 0.1, read: 102 * 0.1))
        await bench.stop()
    }

    @Test(arguments: [ModbusFault.close, .wrongUnit, .garbage(seed: 4), .twice, .byteByByte, .hang(.milliseconds(200))])
    func aFaultOfTheConnectionLeavesNoDoubt(_ fault: ModbusFault) async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.inject(fault, times: 1, function: 6)
        #expect(try await write(bench, "setpoint", 5) == .written(old: 102 * 0.1))
        #expect(slave.writes.count == 1)
        await bench.stop()
    }

    @Test func aDeviceThatRefusesIsQuoted() async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.inject(.exception(4), times: 1, function: 6)
        #expect(try await write(bench, "setpoint", 5) == .refused(reason: "the device refused: exception 4"))
        await bench.stop()
    }

    @Test func aDeviceThatIsGoneIsNotWrittenToLater() async throws {
        let slave = try slave()
        let bench = try await bench(slave)
        slave.stop()
        let driver = try #require(bench.driver as? any WritingDriver)
        guard case .refused = await driver.write("setpoint", 5, within: .milliseconds(300)) else {
            Issue.record("it was not refused")
            return
        }
        try slave.start()
        let before = await bench.samples("setpoint").count
        #expect(await eventually { await bench.samples("setpoint").count > before + 5 })
        #expect(slave.writes.isEmpty)
        await bench.stop()
    }
}
