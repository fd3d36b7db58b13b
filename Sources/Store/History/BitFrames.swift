/// Words in frames of 64: a byte that says how many bits a word of the frame takes, then these bits, lowest first.
enum BitFrames {
    /// A full frame of any width ends at a byte, and one wide word costs its frame only.
    static let words = 64

    static func bytes(_ values: [UInt64]) -> Int {
        var sum = 0
        for start in stride(from: 0, to: values.count, by: words) {
            let end = min(start + words, values.count)
            sum += 1 + (width(values, start, end) * (end - start) + 7) / 8
        }
        return sum
    }

    static func append(_ values: [UInt64], to writer: inout ByteWriter) {
        for start in stride(from: 0, to: values.count, by: words) {
            let end = min(start + words, values.count)
            let width = width(values, start, end)
            writer.append(UInt8(width))
            writer.append(values[start..<end], width: width)
        }
    }

    static func read(_ count: Int, from reader: inout ByteReader) throws(HistoryError) -> [UInt64] {
        var values = [UInt64](repeating: 0, count: count)
        for start in stride(from: 0, to: count, by: words) {
            try reader.unpack(into: &values, start..<min(start + words, count), width: try reader.width())
        }
        return values
    }

    private static func width(_ values: [UInt64], _ start: Int, _ end: Int) -> Int {
        var any: UInt64 = 0
        for index in start..<end { any |= values[index] }
        return UInt64.bitWidth - any.leadingZeroBitCount
    }
}
