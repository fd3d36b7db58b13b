/// Writes FlatBuffers, tables before what they point to, so that tests need no file and can write what no converter does.
struct FlatBufferWriter {
    /// What a field holds.
    indirect enum Field: Sendable {
        case int8(Int8)
        case uint8(UInt8)
        case int32(Int32)
        case uint32(UInt32)
        case uint64(UInt64)
        case float(Float)
        case table([Int: Field])
        case tables([[Int: Field]])
        case string(String)
        /// Little-endian numbers and how many they are.
        case vector(bytes: [UInt8], count: Int)

        static func int32s(_ numbers: [Int32]) -> Field { vector(numbers) }
        static func floats(_ numbers: [Float]) -> Field { vector(numbers.map(\.bitPattern)) }

        static func vector<T: FixedWidthInteger>(_ numbers: [T]) -> Field {
            .vector(bytes: FlatBufferWriter.bytes(numbers), count: numbers.count)
        }

        fileprivate var inlineSize: Int {
            switch self {
            case .int8, .uint8: 1
            case .uint64: 8
            default: 4
            }
        }
    }

    private(set) var bytes: [UInt8] = []

    /// A file whose root is a table.
    static func file(_ root: [Int: Field], identifier: String = "TFL3") -> [UInt8] {
        var writer = FlatBufferWriter()
        writer.append(UInt32(0))
        writer.bytes += Array(identifier.utf8)
        writer.point(from: 0, to: writer.table(root))
        return writer.bytes
    }

    static func bytes<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> T($0 * 8)) }
    }

    static func bytes<T: FixedWidthInteger>(_ numbers: [T]) -> [UInt8] {
        var all: [UInt8] = []
        for number in numbers { all += bytes(number) }
        return all
    }

    private mutating func append<T: FixedWidthInteger>(_ number: T) { bytes += Self.bytes(number) }

    private mutating func align(_ size: Int) { while bytes.count % size != 0 { bytes.append(0) } }

    private mutating func point(from place: Int, to target: Int) {
        bytes.replaceSubrange(place..<place + 4, with: Self.bytes(UInt32(target - place)))
    }

    private mutating func table(_ fields: [Int: Field]) -> Int {
        // Large fields first, so that each is aligned within the table.
        let order = fields.sorted { ($0.value.inlineSize, $1.key) > ($1.value.inlineSize, $0.key) }
        var offsets: [Int: Int] = [:]
        var size = 4
        for (slot, field) in order {
            size += (field.inlineSize - size % field.inlineSize) % field.inlineSize
            offsets[slot] = size
            size += field.inlineSize
        }
        align(2)
        let list = bytes.count
        let slots = (fields.keys.max() ?? -1) + 1
        append(UInt16(4 + 2 * slots))
        append(UInt16(size))
        for slot in 0..<slots { append(UInt16(offsets[slot] ?? 0)) }
        align(8)
        let start = bytes.count
        append(Int32(start - list))
        bytes += Array(repeating: 0, count: size - 4)
        for (slot, field) in order { write(field, at: start + (offsets[slot] ?? 0)) }
        return start
    }

    private mutating func write(_ field: Field, at place: Int) {
        switch field {
        case .int8(let number): put(number, at: place)
        case .uint8(let number): put(number, at: place)
        case .int32(let number): put(number, at: place)
        case .uint32(let number): put(number, at: place)
        case .uint64(let number): put(number, at: place)
        case .float(let number): put(number.bitPattern, at: place)
        case .table(let fields): point(from: place, to: table(fields))
        case .string(let text): point(from: place, to: vector(Array(text.utf8) + [0], count: text.utf8.count))
        case .vector(let bytes, let count): point(from: place, to: vector(bytes, count: count))
        case .tables(let rows):
            let start = vector(Array(repeating: 0, count: 4 * rows.count), count: rows.count)
            point(from: place, to: start)
            for (number, row) in rows.enumerated() { point(from: start + 4 + 4 * number, to: table(row)) }
        }
    }

    /// The count lies four bytes before elements that are aligned to sixteen, as kernels of other engines want them.
    private mutating func vector(_ elements: [UInt8], count: Int) -> Int {
        while bytes.count % 16 != 12 { bytes.append(0) }
        let start = bytes.count
        append(UInt32(count))
        bytes += elements
        return start
    }

    private mutating func put<T: FixedWidthInteger>(_ number: T, at place: Int) {
        bytes.replaceSubrange(place..<place + T.bitWidth / 8, with: Self.bytes(number))
    }
}
