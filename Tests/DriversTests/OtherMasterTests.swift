import Drivers
import Plant
import Rig
import TestBench
import Testing

/// The rig's slave against mbpoll, a master on libmodbus that nobody here wrote: what proves the driver must be right itself.
@Suite(.timeLimit(.minutes(1)))
struct OtherMasterTests {
    private let directory: TempDirectory
    private let program: String

    init() throws {
        directory = try TempDirectory()
        program = try ChildProcess.find("mbpoll", debianPackage: "mbpoll")
    }

    private func tables() -> ModbusTables {
        var tables = ModbusTables(size: 32)
        for index in 0..<32 { tables.holding[index] = UInt16(1_000 + index) }
        tables.input = tables.holding.map { $0 + 1_000 }
        tables.coils[3] = true
        return tables
    }

    private func poll(_ arguments: [String]) async throws -> String {
        let child = try ChildProcess(program, arguments, outputFile: directory.file("mbpoll"))
        #expect(await child.waitForExit() == .code(0), "\(child.outputTail())")
        return child.outputTail()
    }

    @Test func readsEveryTableOfTheRig() async throws {
        let slave = try ModbusSlave(unit: 5, tables: tables())
        let common = ["-m", "tcp", "-p", "\(slave.port)", "-a", "5", "-0", "-1", "-c", "2"]
        #expect(try await poll(common + ["-t", "4", "-r", "2", "127.0.0.1"]).contains("[2]: \t1002\n[3]: \t1003"))
        #expect(try await poll(common + ["-t", "3", "-r", "2", "127.0.0.1"]).contains("[2]: \t2002\n[3]: \t2003"))
        #expect(try await poll(common + ["-t", "0", "-r", "3", "127.0.0.1"]).contains("[3]: \t1\n[4]: \t0"))
    }

    /// What it writes, with functions 6, 16, 5 and 15, the driver reads.
    @Test func whatItWritesTheDriverReads() async throws {
        let slave = try ModbusSlave(unit: 5, tables: tables())
        let bench = LinkBench(
            try link(
                """
                - name: drive
                  driver: modbus-tcp
                  host: 127.0.0.1
                  port: \(slave.port)
                  unit: 5
                  scan: 20ms
                  values:
                    - { tag: one, registers: holding, at: 2, type: uint16 }
                    - { tag: two, registers: holding, at: 6, type: uint32 }
                    - { tag: coil, registers: coils, at: 9 }
                """))
        let common = ["-m", "tcp", "-p", "\(slave.port)", "-a", "5", "-0", "-1"]
        _ = try await poll(common + ["-t", "4", "-r", "2", "127.0.0.1", "77"])
        _ = try await poll(common + ["-t", "4", "-r", "6", "127.0.0.1", "1", "2"])
        _ = try await poll(common + ["-t", "0", "-r", "9", "127.0.0.1", "1"])
        #expect(await eventually { await bench.numbers("one").last == 77 })
        #expect(await eventually { await bench.numbers("two").last == 0x1_0002 })
        #expect(await eventually { await bench.numbers("coil").last == 1 })
        #expect(slave.writes.compactMap(\.first) == [6, 16, 5])
        await bench.stop()
    }

    @Test func readsTheRigOverASerialLine() async throws {
        let line = SerialLine(path: directory.file("tty"))
        let slave = try ModbusSlave(unit: 5, tables: tables(), line: line)
        let output = try await poll(
            [
                "-m", "rtu", "-b", "19200", "-P", "none", "-a", "5", "-0", "-1", "-c", "2", "-t", "4", "-r", "2",
                line.path,
            ])
        #expect(output.contains("[2]: \t1002\n[3]: \t1003"))
        #expect(slave.requests == 1)
    }
}
