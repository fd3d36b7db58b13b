import ArgumentParser
import Graph
import Kernels
import Runtime

struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Measure each kernel on each instruction set, against the CPU's multiply-add limit.",
        discussion: """
            Everything is measured in turn, again and again, on one thread; the best of each counts. The limit is a loop of \
            nothing but multiply-adds in registers, measured in the same run.
            """)

    @Option(help: "How long to measure, in seconds.")
    var seconds = 10.0

    @OptionGroup var choice: KernelOptions

    @Option(help: "Only kernels whose name has this in it.")
    var name = ""

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard seconds > 0, seconds <= 3_600 else {
            throw ValidationError("--seconds: expected above 0 and at most 3600, found \(seconds)")
        }
    }

    struct Limit: Encodable {
        var isa: String
        var gmac_per_s: Double
    }

    struct Row: Encodable {
        var kernel: String
        var isa: String
        var microseconds: Double
        var macs: Int
        /// Nil where nothing is multiplied by a weight.
        var gmac_per_s: Double?
        /// Of the limit on the same instruction set.
        var percent_of_limit: Double?
        /// Bytes read and written, of tensors.
        var gbyte_per_s: Double
    }

    /// What work is cut for.
    struct Caches: Encodable {
        var level1_data_bytes: Int
        var level2_bytes: Int
        var level2_cpus: Int

        init(_ sizes: CacheSizes) {
            level1_data_bytes = sizes.level1DataBytes
            level2_bytes = sizes.level2Bytes
            level2_cpus = sizes.level2Sharers
        }
    }

    private struct Report: Encodable {
        var caches: Caches
        var limits: [Limit]
        var kernels: [Row]
    }

    func run() throws {
        var subjects: [KernelSubject] = []
        for one in KernelCase.all where name.isEmpty || one.name.contains(name) {
            for isa in choice.isa.map({ [$0] }) ?? KernelSet.supported {
                let kernels = try KernelOptions.kernels(isa: isa, level2Cache: choice.level2Cache)
                subjects.append(try KernelSubject(one, kernels))
            }
        }
        guard !subjects.isEmpty else {
            let known = KernelCase.all.map(\.name).joined(separator: ", ")
            throw ValidationError("--name: expected a part of one of \(known), found \(name)")
        }
        var limits = MultiplyAddLimit.supported.map { (limit: $0, best: 0.0) }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        repeat {
            for index in limits.indices {
                let start = clock.now
                let count = limits[index].limit.run(rounds: 100_000)
                limits[index].best = max(limits[index].best, Double(count) / ((clock.now - start) / .nanoseconds(1)))
            }
            for subject in subjects { try subject.measure(clock) }
        } while clock.now < end
        let report = Report(
            caches: Caches(try choice.kernels().caches),
            limits: limits.map { Limit(isa: $0.limit.isa, gmac_per_s: $0.best) },
            kernels: subjects.map { subject in
                subject.row(limit: limits.first { $0.limit.isa == subject.isa }?.best)
            })
        if json { return try JSONOutput.print(report) }
        Output.line(Format.table(Self.table(report)))
    }

    private static func table(_ report: Report) -> [[String]] {
        var rows = [["", "time", "multiply-adds", "of the limit", "tensors"]]
        rows.append([
            "cut for caches of", "\(report.caches.level1_data_bytes >> 10) KiB",
            "\(report.caches.level2_bytes >> 10) KiB of \(report.caches.level2_cpus) CPU", "", "",
        ])
        for limit in report.limits {
            rows.append(["limit \(limit.isa)", "", "\(Format.fixed(limit.gmac_per_s, 1)) G/s", "", ""])
        }
        for row in report.kernels {
            rows.append([
                "\(row.kernel)  \(row.isa)", "\(Format.fixed(row.microseconds, 2)) us",
                row.gmac_per_s.map { "\(Format.fixed($0, 1)) G/s" } ?? "",
                row.percent_of_limit.map { "\(Format.fixed($0, 1)) %" } ?? "",
                "\(Format.fixed(row.gbyte_per_s, 1)) GB/s",
            ])
        }
        return rows
    }
}

/// One kernel case on one instruction set, and the best time seen.
private final class KernelSubject {
    let isa: String
    private let name: String
    private let session: Session
    private let input: [UInt8]
    private var output: [UInt8]
    /// Nanoseconds.
    private var best = Double.infinity

    init(_ one: KernelCase, _ kernels: KernelSet) throws {
        name = one.name
        isa = kernels.isa
        var builder = PlanBuilder(contract: ModelFile.usualContract)
        let result = try one.build(&builder)
        builder.output(result)
        let memory = PlanMemory(copying: try builder.encode())
        session = try Session(plan: Plan(bytes: memory.bytes), keeping: memory, kernels: kernels)
        input = (0..<session.inputBytes).map { UInt8(truncatingIfNeeded: $0 &* 29 &+ $0 >> 8) }
        output = Array(repeating: 0, count: session.outputBytes)
    }

    /// As many runs as last a millisecond, once.
    func measure(_ clock: ContinuousClock) throws {
        var runs = 0
        let start = clock.now
        var elapsed = 0.0
        repeat {
            try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
            runs += 1
            elapsed = (clock.now - start) / .nanoseconds(1)
        } while elapsed < 1_000_000
        best = min(best, elapsed / Double(runs))
    }

    func row(limit: Double?) -> BenchKernels.Row {
        let macs = session.plan.multiplyAdds
        let speed = macs > 0 ? Double(macs) / best : nil
        return BenchKernels.Row(
            kernel: name, isa: isa, microseconds: best / 1_000, macs: macs, gmac_per_s: speed,
            percent_of_limit: limit.flatMap { limit in speed.map { $0 / limit * 100 } },
            gbyte_per_s: Double(input.count + output.count) / best)
    }
}
