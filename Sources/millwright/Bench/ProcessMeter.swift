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

    struct Memory {
        /// As if nothing else on the machine were of this program: see ``memory()``.
        var bytes = 0
        /// Of it what no file holds, so that it cannot be dropped.
        var anonymousBytes = 0
    }

    /// Its proportional share of the memory (PSS), but for files that the calling process maps as well: of those every page
    /// counts in full, because a daemon on a box has nobody to share them with. Source: proc(5), `/proc/pid/smaps`.
    func memory() throws -> Memory {
        let ours = Set(try Self.mappings("/proc/self/maps").compactMap(\.file))
        var memory = Memory()
        for mapping in try Self.mappings("/proc/\(pid)/smaps") {
            let isShared = mapping.file.map(ours.contains) ?? false
            memory.bytes += mapping.kibibytes[isShared ? "Rss:" : "Pss:", default: 0] * 1_024
            memory.anonymousBytes += mapping.kibibytes["Anonymous:", default: 0] * 1_024
        }
        guard memory.bytes > 0 else { throw BenchError.unreadable("/proc/\(pid)/smaps") }
        return memory
    }

    private struct Mapping {
        var file: Substring?
        var kibibytes: [Substring: Int] = [:]
    }

    private static func mappings(_ path: String) throws -> [Mapping] {
        var mappings: [Mapping] = []
        let text = String(decoding: try TextFile.read(path), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            // `5581c0a00000-5581c0a50000 r-xp 00000000 fe:00 1234 /usr/bin/millwright`, then `Pss: 12 kB` and its like.
            if let first = words.first, !first.hasSuffix(":") {
                mappings.append(Mapping(file: words.count > 5 && words[5].hasPrefix("/") ? words[5] : nil))
            } else if !mappings.isEmpty, words.count == 3, let count = Int(words[1]) {
                mappings[mappings.count - 1].kibibytes[words[0]] = count
            }
        }
        return mappings
    }
}

enum BenchError: Error, CustomStringConvertible {
    case unreadable(String)
    case noProgress(String)
    case recording(String)

    var description: String {
        switch self {
        case .unreadable(let path): "\(path): not in the form that the kernel gives it"
        case .noProgress(let what): "gave up waiting: \(what)"
        case .recording(let fault): fault
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
