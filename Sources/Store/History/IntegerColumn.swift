/// Whole numbers as differences, in frames of 64, each frame with as many bits a number as its widest needs.
///
/// | bytes | |
/// |---|---|
/// | 1 | order of the differences (0: to the first, 1: to the one before, 2: of those) and 16 times the unit's place |
/// | 8 | first number |
/// | 1 to 10 | order 2 only: the first difference, zigzag, as a varint |
/// | a frame: 1 + 8 times bits | bits a number, then the differences in units, zigzag |
///
/// The unit is the largest of 1 s, 1 ms, 1 us and 1 ns that divides every difference to the one before: a source that
/// counts milliseconds does not pay for nanoseconds. Differences wrap, so any numbers go.
enum IntegerColumn {
    static let units: [Int64] = [1, 1_000, 1_000_000, 1_000_000_000]

    static func append(_ values: [Int64], to writer: inout ByteWriter) {
        let place = unitPlace(values)
        let unit = units[place]
        var steps: [Int64] = []
        steps.reserveCapacity(values.count)
        for index in values.indices.dropFirst() {
            let step = values[index] &- values[index - 1]
            steps.append(unit == 1 ? step : step / unit)
        }
        var candidates: [[UInt64]] = [[], [], []]
        for order in candidates.indices { candidates[order] = residuals(steps, order: order) }
        let sizes = candidates.map(BitFrames.bytes)
        let order = sizes[1] < sizes[0] ? (sizes[2] < sizes[1] ? 2 : 1) : (sizes[2] < sizes[0] ? 2 : 0)
        writer.append(UInt8(order | place << 4))
        writer.append(UInt64(bitPattern: values[0]))
        if order == 2 { writer.append(varint: zigzag(steps.first ?? 0)) }
        BitFrames.append(candidates[order], to: &writer)
    }

    static func read(_ count: Int, from reader: inout ByteReader) throws(HistoryError) -> [Int64] {
        let offset = reader.offset
        let head = Int(try reader.byte())
        let (order, place) = (head & 15, head >> 4)
        guard order <= 2, place < units.count else {
            throw .field(expected: "order 0 to 2 and unit 0 to \(units.count - 1)", found: head, offset: offset)
        }
        let unit = units[place]
        var value = Int64(bitPattern: try reader.word64())
        var step = order == 2 ? unzigzag(try reader.varint()) : 0
        let first = value
        let residuals = try BitFrames.read(count - 1, from: &reader)
        var values: [Int64] = []
        values.reserveCapacity(count)
        values.append(first)
        switch order {
        case 0: for residual in residuals { values.append(first &+ unzigzag(residual) &* unit) }
        case 1:
            for residual in residuals {
                value &+= unzigzag(residual) &* unit
                values.append(value)
            }
        default:
            for residual in residuals {
                step &+= unzigzag(residual)
                value &+= step &* unit
                values.append(value)
            }
        }
        return values
    }

    private static func unitPlace(_ values: [Int64]) -> Int {
        for place in units.indices.dropFirst().reversed() {
            let unit = units[place]
            if values.indices.dropFirst().allSatisfy({ (values[$0] &- values[$0 - 1]) % unit == 0 }) { return place }
        }
        return 0
    }

    private static func residuals(_ steps: [Int64], order: Int) -> [UInt64] {
        var sum: Int64 = 0
        var before = steps.first ?? 0
        return steps.map { step in
            switch order {
            case 0:
                sum &+= step
                return zigzag(sum)
            case 1: return zigzag(step)
            default:
                defer { before = step }
                return zigzag(step &- before)
            }
        }
    }

    /// Small numbers of either sign as small numbers: 0, -1, 1, -2 as 0, 1, 2, 3.
    private static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value &<< 1 ^ value &>> 63) }
    private static func unzigzag(_ bits: UInt64) -> Int64 {
        Int64(bitPattern: bits &>> 1) ^ -Int64(bitPattern: bits & 1)
    }
}
