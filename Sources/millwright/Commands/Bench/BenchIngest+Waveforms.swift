import ArgumentParser
import Glibc

extension BenchIngest {
    struct Waveforms: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "waveforms",
            abstract: "Publish windows of accelerometers through a broker, and count windows and scores in the store.")

        @Option(help: "Folder of the solution pack, with its model and its recording.", completion: .directory)
        var pack = "solutions/rotating-machine"

        @Option(help: "Sensors, each on a machine of its own.")
        var sensors = 32

        @Option(help: "Windows a second, of all sensors together; 100 of 32 sensors is all that they measure.")
        var rate = 100.0

        @OptionGroup var broker: BrokerSettings
        @OptionGroup var place: Place

        func validate() throws {
            guard (1...1_000).contains(sensors) else {
                throw ValidationError("--sensors: expected 1 to 1000, found \(sensors)")
            }
            guard rate >= 1, rate <= 4_000 else {
                throw ValidationError("--rate: expected 1 to 4000, found \(rate)")
            }
        }

        func run() async throws {
            guard let path = realpath(pack, nil) else {
                throw DrillError.folder(pack, String(cString: strerror(errno)))
            }
            defer { free(path) }
            let pack = String(cString: path)
            let report = try await DrillDirectory.with(place.directory, holds: \.holds) { directory in
                try await WaveformIngestBench(
                    pack: pack, sensors: sensors, windowsPerSecond: rate, seconds: place.seconds,
                    brokerSettings: broker.brokerSettings, directory: directory
                ).run { Output.error($0) }
            }
            if place.json { try JSONOutput.print(report) } else { Output.line(Format.table(Self.rows(report))) }
            if !report.holds { throw ExitCode.failure }
        }

        private static func rows(_ report: WaveformIngestBench.Report) -> [[String]] {
            [
                [
                    "sent",
                    "\(report.sent) windows, \(Format.fixed(report.sent_per_second, 0)) a second"
                        + (report.kept_pace ? "" : ", slower than asked")
                        + ", and \(report.sent_process_values) speeds and loads",
                ],
                ["stored", "\(report.stored): \(report.missing) missing, \(report.doubled) twice"],
                ["scored", "\(report.scored): \(report.not_scored) missing, \(report.scored_twice) twice"],
                ["publish to durable", "\(report.publish_to_durable_ms.text) ms"],
                ["publish to score", "\(report.publish_to_score_ms.text) ms"],
                [
                    "daemon",
                    "\(Format.fixed(report.daemon_us_per_window, 0)) us a window, "
                        + "PSS \(Format.bytes(Int64(report.daemon_pss_bytes))), "
                        + "at rest \(Format.bytes(Int64(report.daemon_rest_pss_bytes)))",
                ],
                ["broker", "\(Format.fixed(report.broker_us_per_window, 0)) us a window"],
            ]
        }
    }
}
