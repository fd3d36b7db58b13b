import Plant

/// Numbers of several tags from a CSV file with the header `tag,unix_ns,value`, in the order of its lines.
struct HistoryRecording {
    struct Value {
        /// Which of ``tags``.
        var tag: Int
        var time: WallTime
        var number: Double
    }

    private(set) var tags: [String] = []
    /// At least one.
    private(set) var values: [Value] = []

    private static let header = "tag,unix_ns,value"
    /// Ten million lines.
    private static let largest = 256 << 20

    /// - Throws: with the line that cannot be read.
    init(file: String) throws {
        let text = String(decoding: try TextFile.read(file, limit: Self.largest), as: UTF8.self)
        var places: [Substring: Int] = [:]
        for (index, line) in text.split(separator: "\n").enumerated() {
            if index == 0 {
                guard line == Self.header else { throw Self.fault(file, 1, "the header \(Self.header)", line) }
                continue
            }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard fields.count == 3, let nanoseconds = Int64(fields[1]), let number = Double(fields[2]) else {
                throw Self.fault(file, index + 1, "tag, nanoseconds and a number", line)
            }
            let tag = places[fields[0], default: tags.count]
            if tag == tags.count {
                places[fields[0]] = tag
                tags.append(String(fields[0]))
            }
            values.append(Value(tag: tag, time: WallTime(nanoseconds: nanoseconds), number: number))
        }
        guard !values.isEmpty else { throw Self.fault(file, 2, "values", "nothing") }
    }

    private static func fault(_ file: String, _ line: Int, _ expected: String, _ found: Substring) -> BenchError {
        .recording("\(file):\(line): expected \(expected), found \"\(found.prefix(80))\"")
    }
}
