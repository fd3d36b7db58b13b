import Host
import Plant
import Rig
import Store

/// A farm of slaves and the daemon: transactions and registers a second, at what price, and how even the scan is.
struct ModbusIngestBench {
    var slaves = 64
    /// So many of them take connections and never answer.
    var hanging = 0
    var registers = 10
    /// Requests of each slave: blocks of so many registers.
    var blocks = 1
    var scan: Duration = .milliseconds(100)
    /// From a request to its answer.
    var delay: Duration = .milliseconds(5)
    var seconds = 5.0
    var directory: String

    struct Report: Encodable {
        var slaves: Int
        var hanging: Int
        var registers_a_block: Int
        var asked_transactions_per_second: Double
        var transactions_per_second: Double
        var registers_per_second: Double
        var stored_per_second: Double
        var daemon_us_per_transaction: Double
        /// Of one core.
        var daemon_processor_percent: Double
        /// Right after the load; no page is counted as shared with this program.
        var daemon_pss_bytes: Int
        var daemon_anonymous_bytes: Int
        /// How far the time between two scans of a tag is from the interval asked for.
        var scan_jitter_ms: Distribution
    }

    func run(progress: (String) -> Void) async throws -> Report {
        let farm = try ModbusFarm(slaves: slaves, delay: delay, hanging: hanging)
        defer { farm.stop() }
        let configuration = "\(directory)/plant.yaml"
        try OutputFile.write(Array(plant(ports: farm.ports).utf8), to: configuration)
        let daemon = DaemonProcess(configuration: configuration, directory: directory)
        let child = try daemon.start()
        let answering = slaves - hanging
        _ = try await daemon.wait(child, for: "\(answering) slaves to be connected", within: .seconds(60)) { report in
            report.links.count { $0.state == "connected" } >= answering
        }
        let watch = try CommitWatch(directory: "\(directory)/store", pause: .milliseconds(20))
        let watching = Task { try await watch.run() }
        defer { watching.cancel() }
        // Connections and first scans are made; from here on it is as always.
        try await Task.sleep(for: .seconds(1))
        progress(
            "\(slaves) slaves, \(blocks) x \(registers) registers each \(Format.fixed(scan.inSeconds * 1_000, 0)) ms")
        let clock = SystemClock()
        let meter = ProcessMeter(pid: child.pid)
        let before = (
            cpu: try meter.processorSeconds(), served: farm.served, stored: await watch.last, at: clock.monotonic()
        )
        try await Task.sleep(for: .seconds(seconds))
        let after = (
            cpu: try meter.processorSeconds(), served: farm.served, stored: await watch.last, at: clock.monotonic()
        )
        let memory = try meter.memory()
        await child.stop()
        watching.cancel()
        let span = (after.at - before.at).inSeconds
        let transactions = Double(after.served.requests - before.served.requests)
        return Report(
            slaves: slaves, hanging: hanging, registers_a_block: registers,
            asked_transactions_per_second: Double(answering * blocks) / scan.inSeconds,
            transactions_per_second: transactions / span,
            registers_per_second: Double(after.served.registers - before.served.registers) / span,
            stored_per_second: Double(after.stored - before.stored) / span,
            daemon_us_per_transaction: (after.cpu - before.cpu) / transactions * 1e6,
            daemon_processor_percent: (after.cpu - before.cpu) / span * 100, daemon_pss_bytes: memory.bytes,
            daemon_anonymous_bytes: memory.anonymousBytes,
            scan_jitter_ms: Distribution(try await jitter(watch, between: before.stored, and: after.stored)))
    }

    /// Of the first register of each block.
    private func jitter(_ watch: CommitWatch, between first: Int64, and last: Int64) async throws -> [Float] {
        let watched = Set(try await watch.tagNames().filter { $0.value.hasSuffix(".r0") }.keys)
        var previous: [TagID: MonotonicTime] = [:]
        var deviations: [Float] = []
        try await watch.samples(after: first) { stored, _ in
            guard stored.id <= last, stored.sample.quality.isGood, watched.contains(stored.sample.tag) else { return }
            if let before = previous[stored.sample.tag] {
                let deviation = (stored.sample.monotonic - before) - scan
                deviations.append(abs(Float(deviation.inSeconds * 1_000)))
            }
            previous[stored.sample.tag] = stored.sample.monotonic
        }
        return deviations
    }

    private func plant(ports: [Int]) -> String {
        var text = """
            plant: { name: Bench, device: bench }
            store: { directory: store }
            links:

            """
        for (slave, port) in ports.enumerated() {
            text += """
                  - name: slave-\(slave)
                    driver: modbus-tcp
                    host: 127.0.0.1
                    port: \(port)
                    blocks:

                """
            for block in 0..<blocks {
                let start = block * 200
                text += "      - registers: holding\n        at: \(start)\n"
                text += "        scan: \(scan.wholeNanoseconds / 1_000_000)ms\n        values:\n"
                for register in 0..<registers {
                    text +=
                        "          - { tag: s\(slave).b\(block).r\(register), at: \(start + register), type: uint16 }\n"
                }
            }
        }
        return text
    }
}
