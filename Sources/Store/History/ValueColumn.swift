/// The values of a block, in whichever of five forms is the shortest for it.
///
/// - constant: the value.
/// - dictionary: up to 256 different values, then the place of each sample's in as few bits as hold it.
/// - decimal: every value is a whole number divided by a power of ten, as instruments report them; the power, then the
///   whole numbers as an ``IntegerColumn``. Taken only when the division gives every value back to the bit.
/// - bits: the bit patterns as an ``IntegerColumn``: counts of waveforms.
/// - difference: each bit pattern XOR the one before, in frames of 64 from which the zero bits that all share at either
///   end are left out: everything else.
enum ValueColumn {
    private enum Form: UInt8 { case constant, dictionary, decimal, bits, difference }

    private static let dictionaryLimit = 256
    /// Doubles hold 15 decimal digits.
    private static let decimalPlacesLimit = 15
    /// Whole numbers up to here are exact as doubles.
    private static let decimalLimit = 9_007_199_254_740_992.0
    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    static func append(_ values: [UInt64], to writer: inout ByteWriter) {
        if values.allSatisfy({ $0 == values[0] }) {
            writer.append(Form.constant.rawValue)
            writer.append(values[0])
            return
        }
        var best = difference(values)
        for candidate in [dictionary(values), decimal(values), bits(values)] {
            if let candidate, candidate.bytes.count < best.bytes.count { best = candidate }
        }
        writer.append(best)
    }

    static func read(_ count: Int, from reader: inout ByteReader) throws(HistoryError) -> [UInt64] {
        let offset = reader.offset
        let form = try reader.byte()
        switch Form(rawValue: form) {
        case .constant: return [UInt64](repeating: try reader.word64(), count: count)
        case .dictionary: return try readDictionary(count, from: &reader)
        case .decimal:
            let places = Int(try reader.byte())
            guard places <= decimalPlacesLimit else {
                throw .field(
                    expected: "0 to \(decimalPlacesLimit) decimal places", found: places, offset: offset + 1)
            }
            let power = powers[places]
            return try IntegerColumn.read(count, from: &reader).map { (Double($0) / power).bitPattern }
        case .bits: return try IntegerColumn.read(count, from: &reader).map { UInt64(bitPattern: $0) }
        case .difference: return try readDifference(count, from: &reader)
        case nil: throw .field(expected: "form 0 to 4", found: Int(form), offset: offset)
        }
    }

    // MARK: Dictionary

    private static func dictionary(_ values: [UInt64]) -> ByteWriter? {
        var entries: [UInt64] = []
        // Open addressing in twice the room, so that a search is short.
        let slotBits = 9
        var slots = [Int16](repeating: -1, count: 1 << slotBits)
        var places: [UInt64] = []
        places.reserveCapacity(values.count)
        for value in values {
            // Fibonacci hashing: the top bits of the product depend on all bits of the value.
            var slot = Int((value &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - slotBits))
            while slots[slot] >= 0, entries[Int(slots[slot])] != value { slot = (slot + 1) & (slots.count - 1) }
            if slots[slot] < 0 {
                guard entries.count < dictionaryLimit else { return nil }
                slots[slot] = Int16(entries.count)
                entries.append(value)
            }
            places.append(UInt64(slots[slot]))
        }
        var writer = ByteWriter()
        writer.append(Form.dictionary.rawValue)
        writer.append(UInt8(entries.count - 1))
        for entry in entries { writer.append(entry) }
        writer.append(places[...], width: placeWidth(entries.count))
        return writer
    }

    private static func readDictionary(
        _ count: Int, from reader: inout ByteReader
    ) throws(HistoryError) -> [UInt64] {
        let entryCount = Int(try reader.byte()) + 1
        var entries: [UInt64] = []
        for _ in 0..<entryCount { entries.append(try reader.word64()) }
        var values = [UInt64](repeating: 0, count: count)
        let offset = reader.offset
        try reader.unpack(into: &values, 0..<count, width: placeWidth(entryCount))
        for index in values.indices {
            guard values[index] < UInt64(entryCount) else {
                throw .field(
                    expected: "a place below \(entryCount)", found: Int(clamping: values[index]), offset: offset)
            }
            values[index] = entries[Int(values[index])]
        }
        return values
    }

    private static func placeWidth(_ entries: Int) -> Int { Int.bitWidth - (entries - 1).leadingZeroBitCount }

    // MARK: Decimal

    private static func decimal(_ values: [UInt64]) -> ByteWriter? {
        var places = 0
        for value in values {
            while whole(value, places) == nil {
                places += 1
                guard places <= decimalPlacesLimit else { return nil }
            }
        }
        var wholes: [Int64] = []
        wholes.reserveCapacity(values.count)
        for value in values {
            guard let whole = whole(value, places) else { return nil }
            wholes.append(whole)
        }
        var writer = ByteWriter()
        writer.append(Form.decimal.rawValue)
        writer.append(UInt8(places))
        IntegerColumn.append(wholes, to: &writer)
        return writer
    }

    /// Nil unless dividing it by the power gives the same bits: so for NaN, infinities and -0.0.
    private static func whole(_ bits: UInt64, _ places: Int) -> Int64? {
        let whole = (Double(bitPattern: bits) * powers[places]).rounded()
        guard abs(whole) <= decimalLimit else { return nil }
        let integer = Int64(whole)
        return (Double(integer) / powers[places]).bitPattern == bits ? integer : nil
    }

    // MARK: Bit patterns

    private static func bits(_ values: [UInt64]) -> ByteWriter? {
        var writer = ByteWriter()
        writer.append(Form.bits.rawValue)
        IntegerColumn.append(values.map { Int64(bitPattern: $0) }, to: &writer)
        return writer
    }

    private static func difference(_ values: [UInt64]) -> ByteWriter {
        var writer = ByteWriter()
        writer.append(Form.difference.rawValue)
        writer.append(values[0])
        var words = [UInt64](repeating: 0, count: BitFrames.words)
        for start in stride(from: 1, to: values.count, by: BitFrames.words) {
            let count = min(BitFrames.words, values.count - start)
            var any: UInt64 = 0
            for index in 0..<count {
                words[index] = values[start + index] ^ values[start + index - 1]
                any |= words[index]
            }
            let shift = any == 0 ? 0 : any.trailingZeroBitCount
            for index in 0..<count { words[index] >>= UInt64(shift) }
            let width = UInt64.bitWidth - (any >> UInt64(shift)).leadingZeroBitCount
            writer.append(UInt8(width))
            writer.append(UInt8(shift))
            writer.append(words[..<count], width: width)
        }
        return writer
    }

    private static func readDifference(
        _ count: Int, from reader: inout ByteReader
    ) throws(HistoryError) -> [UInt64] {
        var values = [UInt64](repeating: 0, count: count)
        values[0] = try reader.word64()
        for start in stride(from: 1, to: count, by: BitFrames.words) {
            let range = start..<min(start + BitFrames.words, count)
            let width = try reader.width()
            let shift = Int(try reader.byte())
            guard shift + width <= 64 else {
                throw .field(expected: "a shift of 0 to \(64 - width)", found: shift, offset: reader.offset - 1)
            }
            try reader.unpack(into: &values, range, width: width)
            for index in range { values[index] = values[index] << UInt64(shift) ^ values[index - 1] }
        }
        return values
    }
}
