import ArgumentParser
import Arrays
import Compiler
import Graph
import Plant
import Runtime

struct ModelBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Time one inference of a model, inside the process.")

    @Argument(help: "The model: .mwplan, .tflite or .onnx.", completion: .file())
    var model: String

    @Option(help: "How long to measure, in seconds.")
    var seconds = 2.0

    @OptionGroup var options: ModelOptions

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Result: Encodable {
        var model: String
        var contract: String
        var isa: String
        var threads: Int
        var inferences: Int
        var median_us: Double
        var min_us: Double
        var p99_us: Double
        var macs: Int
        var gmac_per_s: Double
        /// From asking for the file to the end of the first inference, in a process that has computed nothing before.
        var open_to_first_us: Double
        var arena_bytes: Int?
        var arena_tensor_bytes: Int?
        var arena_lower_bound_bytes: Int?
    }

    func validate() throws {
        guard seconds > 0, seconds <= 3_600 else {
            throw ValidationError("--seconds: expected above 0 and at most 3600, found \(seconds)")
        }
    }

    func run() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let file = try options.open(model)
        let opening = (clock.now - start) / .microseconds(1)
        let (firstRun, measured) = try measure(file, clock)
        let times = measured.sorted()
        guard let first = times.first else { throw ValidationError("--seconds: too short for one inference") }
        let median = times[times.count / 2]
        var result = Result(
            model: model, contract: options.contract, isa: file.isa, threads: options.threads,
            inferences: times.count, median_us: median, min_us: first, p99_us: times[times.count * 99 / 100],
            macs: file.multiplyAdds, gmac_per_s: Double(file.multiplyAdds) / median / 1_000,
            open_to_first_us: opening + firstRun)
        if case .session(let session) = file.engine {
            result.contract = session.plan.contract.name
            result.arena_bytes = session.arenaBytes
            result.arena_tensor_bytes = session.tensorBytes
            result.arena_lower_bound_bytes = session.tensorLowerBound
        }
        if json { return try JSONOutput.print(result) }
        Output.line(
            Format.table([
                ["median", "\(Format.fixed(result.median_us, 2)) us"], ["minimum", "\(Format.fixed(first, 2)) us"],
                ["99 % below", "\(Format.fixed(result.p99_us, 2)) us"], ["inferences", "\(result.inferences)"],
                ["from opening to the first", "\(Format.fixed(result.open_to_first_us, 0)) us"],
                [
                    "multiplications",
                    "\(result.macs), \(Format.fixed(result.gmac_per_s, 1)) thousand million a second",
                ],
                ["arithmetic", "\(result.contract) on \(result.isa), \(result.threads) threads"],
            ]))
    }

    /// Microseconds of the first inference, and of each after a tenth of the time has been spent on warming up.
    private func measure(_ file: ModelFile, _ clock: ContinuousClock) throws -> (first: Double, times: [Double]) {
        var generator = SeededRandom(seed: 0)
        let arrays = file.inputs.map { $0.noise(&generator) }
        switch file.engine {
        case .evaluator:
            return try Self.repeated(clock, seconds) { _ = try file.run(arrays) }
        case .session(let session):
            let input = arrays.flatMap(\.bytes)
            var output = [UInt8](repeating: 0, count: session.outputBytes)
            return try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { output in
                    try Self.repeated(clock, seconds) { try session.run(bytes: input, output: output) }
                }
            }
        }
    }

    private static func repeated(_ clock: ContinuousClock, _ seconds: Double, _ body: () throws -> Void) throws
        -> (first: Double, times: [Double])
    {
        let begin = clock.now
        try body()
        let first = (clock.now - begin) / .microseconds(1)
        let warm = clock.now + .seconds(seconds / 10)
        while clock.now < warm { try body() }
        var times: [Double] = []
        let end = clock.now + .seconds(seconds)
        var start = clock.now
        // A few million of the shortest at most.
        while start < end || times.isEmpty, times.count < 1 << 22 {
            try body()
            let now = clock.now
            times.append((now - start) / .microseconds(1))
            start = now
        }
        return (first, times)
    }
}

extension ModelFile.Port {
    /// Random elements: bytes of any value, real numbers from 0 to 1.
    fileprivate func noise(_ generator: inout SeededRandom) -> NPYArray {
        let count = shape.reduce(1, *)
        switch kind {
        case .float32:
            let values = (0..<count).map { _ in Float(generator.next() >> 40) / Float(1 << 24) }
            return NPYArray(kind: kind, shape: shape, bytes: values.withUnsafeBytes(Array.init))
        default:
            // The lowest byte of each element, so that an index stays small.
            let bytes = (0..<count * kind.size).map {
                $0 % kind.size == 0 ? UInt8(truncatingIfNeeded: generator.next() >> 32) & (kind == .bool ? 1 : 0xFF) : 0
            }
            return NPYArray(kind: kind, shape: shape, bytes: bytes)
        }
    }
}
