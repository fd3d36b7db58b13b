import ArgumentParser
import Drivers
import Glibc
import Plant

struct BenchPayload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "payload",
        abstract: "Read a captured MQTT message as the daemon would: what it gives, and what it costs.")

    @Argument(help: "The configuration with the topic.", completion: .file(extensions: ["yaml"]))
    var file: String

    @Argument(help: "The topic of the message.")
    var topic: String

    @Argument(help: "A file with the payload.", completion: .file())
    var message: String

    @Option(help: "How long to measure, in seconds.")
    var seconds = 0.5

    @Flag(help: "Print as JSON.")
    var json = false

    /// Larger than any payload that is read, so that one that is too large is seen as such.
    private static let limit = 4 << 20
    /// One timing: long enough for the clock, short enough that some of them are not disturbed.
    private static let timing = Duration.milliseconds(5)

    struct Report: Encodable {
        struct Value: Encodable {
            var tag: String
            /// One of them; none of a bad value.
            var number: Double?
            var text: String?
            var samples: [Float]?
            var quality: String
            var fault: String?
            var time: String?
            var place: Int?
        }

        var bytes: Int
        var values: [Value]
        var nanoseconds_median: Double
        var nanoseconds_least: Double
    }

    func validate() throws {
        guard seconds >= 0.01, seconds <= 600 else {
            throw ValidationError("--seconds: expected 0.01 to 600, found \(seconds)")
        }
    }

    func run() throws {
        let configuration = try PlantConfiguration.load(path: file)
        guard var probe = configuration.links.lazy.compactMap({ PayloadProbe($0, topic: topic) }).first else {
            throw ConfigurationError.wrong("\(file): expected a topic that matches \"\(topic)\", found none")
        }
        let payload = try TextFile.read(message, limit: Self.limit)
        let timings = payload.withUnsafeBytes { Self.timings(&probe, $0, for: .seconds(seconds)) }
        let report = Report(
            bytes: payload.count, values: probe.answers.map(Self.value), nanoseconds_median: timings[timings.count / 2],
            nanoseconds_least: timings[0])
        if json { return try JSONOutput.print(report) }
        Output.line(
            Format.table(
                report.values.map { value in
                    [
                        value.tag, Self.text(value), value.quality + (value.fault.map { ": \($0)" } ?? ""),
                        value.time ?? "no time of its own", value.place.map { "at byte \($0)" } ?? "",
                    ]
                }))
        Output.line(
            "\(report.bytes) bytes, \(report.values.count) values, \(Format.fixed(report.nanoseconds_median, 0)) ns "
                + "(at best \(Format.fixed(report.nanoseconds_least, 0)) ns)")
    }

    /// - Returns: nanoseconds of one message in each timing, the shortest first.
    // SAFETY: the bytes are read during the calls only.
    private static func timings(
        _ probe: inout PayloadProbe, _ payload: UnsafeRawBufferPointer, for span: Duration
    ) -> [Double] {
        let clock = ContinuousClock()
        var rounds = 1
        func time() -> Duration {
            clock.measure { for _ in 0..<rounds { _ = probe.read(payload) } }
        }
        while time() < timing { rounds *= 2 }
        var timings: [Double] = []
        let end = clock.now + span
        repeat { timings.append(time().inSeconds * 1e9 / Double(rounds)) } while clock.now < end
        return timings.sorted()
    }

    private static func value(_ answer: PayloadProbe.Answer) -> Report.Value {
        var value = Report.Value(
            tag: answer.tag, quality: "\(answer.quality)", fault: answer.fault, time: answer.time.map(ISO8601.string),
            place: answer.place)
        switch answer.value {
        case .number(let number): value.number = number
        case .text(let text): value.text = text
        case .waveform(let samples): value.samples = samples
        case .none: break
        }
        return value
    }

    private static func text(_ value: Report.Value) -> String {
        value.number.map { "\($0)" } ?? value.text.map { "\"\($0)\"" } ?? value.samples.map { "\($0.count) samples" }
            ?? "no value"
    }
}
