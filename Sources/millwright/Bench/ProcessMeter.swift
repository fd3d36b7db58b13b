import Glibc

/// What a process has used, as the kernel counts it.
struct ProcessMeter {
    let pid: Int32

    /// Seconds of processor time, user and system together, since it started. Source: proc(5), `/proc/pid/stat`.
    func processorSeconds() throws -> Double {
        let text = String(decoding: try TextFile.read("/proc/\(pid)/stat"), as: UTF8.self)
        // The name in parentheses may hold anything, spaces too; what follows the last one does not.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw BenchError.unreadable("/proc/\(pid)/stat")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory that is its own, and its share of what it shares; bytes. Source: proc(5), `/proc/pid/smaps_rollup`.
    func proportionalBytes() throws -> Int {
        let text = String(decoding: try TextFile.read("/proc/\(pid)/smaps_rollup"), as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            if let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
                return kibibytes * 1_024
            }
        }
        throw BenchError.unreadable("/proc/\(pid)/smaps_rollup")
    }
}

enum BenchError: Error, CustomStringConvertible {
    case unreadable(String)
    case noProgress(String)

    var description: String {
        switch self {
        case .unreadable(let path): "\(path): not in the form that the kernel gives it"
        case .noProgress(let what): "gave up waiting: \(what)"
        }
    }
}

/// Where the values of a series lie.
struct Distribution: Encodable {
    var count: Int
    var p50: Double
    var p90: Double
    var p99: Double
    var max: Double

    init(_ values: [Float]) {
        let sorted = values.sorted()
        func at(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))])
        }
        count = sorted.count
        p50 = at(0.5)
        p90 = at(0.9)
        p99 = at(0.99)
        max = Double(sorted.last ?? 0)
    }

    var text: String {
        "p50 \(Format.fixed(p50, 2))  p90 \(Format.fixed(p90, 2))  p99 \(Format.fixed(p99, 2))  max \(Format.fixed(max, 2))"
    }
}
