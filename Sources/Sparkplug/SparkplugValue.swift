package import Plant

/// What a metric's value means for a tag.
package struct SparkplugReading: Equatable, Sendable {
    package var value: Sample.Value
    package var quality: Quality
    /// Under which name it is counted; nil for a value that can be used.
    package var fault: Fault?

    package enum Fault: String, CaseIterable, Hashable, Sendable {
        /// Value field and type do not belong together, or the bits are beyond the type's range.
        case type
        case notFinite = "not_finite"
        case notText = "not_text"
        case wrongLength = "wrong_length"
        case unsupported = "unsupported_type"

        var cause: Quality.Cause {
            switch self {
            case .type, .notText, .unsupported: .malformed
            case .notFinite: .notFinite
            case .wrongLength: .wrongLength
            }
        }
    }

    package init(value: Sample.Value, quality: Quality, fault: Fault?) {
        self.value = value
        self.quality = quality
        self.fault = fault
    }

    package static func bad(_ fault: Fault) -> Self { Self(value: .none, quality: .bad(fault.cause), fault: fault) }
}

extension SparkplugPayload {
    /// Reads a metric's value as one of a type.
    ///
    /// - Parameter type: as the birth has said it.
    package func reading(of metric: SparkplugMetric, as type: SparkplugDataType) -> SparkplugReading {
        let quality = SparkplugQuality.quality(metric.quality)
        if metric.value == .null {
            return SparkplugReading(value: .none, quality: quality.isGood ? .bad(.source) : quality, fault: nil)
        }
        let value: Sample.Value
        switch type.form {
        case .number:
            guard let number = Self.number(metric.value, type) else { return .bad(.type) }
            guard number.isFinite else { return .bad(.notFinite) }
            value = .number(number)
        case .text:
            guard case .string(let range) = metric.value else { return .bad(.type) }
            guard let text = text(range) else { return .bad(.notText) }
            value = .text(text)
        case .array:
            guard case .bytes(let range) = metric.value else { return .bad(.type) }
            guard let numbers = array(range, type) else { return .bad(.wrongLength) }
            guard numbers.allSatisfy(\.isFinite) else { return .bad(.notFinite) }
            value = .waveform(numbers)
        case .other: return .bad(.unsupported)
        }
        return SparkplugReading(value: value, quality: quality, fault: nil)
    }

    /// Negative numbers travel in unsigned fields. Some writers fill only the type's own bits, some all 32 or 64: both are
    /// taken, anything between is not.
    static func number(_ value: SparkplugMetric.Value, _ type: SparkplugDataType) -> Double? {
        switch (value, type) {
        case (.integer(let bits), .int8): signed(bits, Int8.self)
        case (.integer(let bits), .int16): signed(bits, Int16.self)
        case (.integer(let bits), .int32): signed(bits, Int32.self)
        case (.integer(let bits), .int64): Double(Int64(bitPattern: bits))
        case (.integer(let bits), .uint8): UInt8(exactly: bits).map { Double($0) }
        case (.integer(let bits), .uint16): UInt16(exactly: bits).map { Double($0) }
        case (.integer(let bits), .uint32): UInt32(exactly: bits).map { Double($0) }
        case (.integer(let bits), .uint64), (.integer(let bits), .dateTime): Double(bits)
        case (.float(let number), .float): Double(number)
        case (.double(let number), .double): number
        case (.boolean(let flag), .boolean): flag ? 1 : 0
        default: nil
        }
    }

    private static func signed<Number: FixedWidthInteger & SignedInteger>(
        _ bits: UInt64, _ type: Number.Type
    ) -> Double? {
        let number = Number(truncatingIfNeeded: bits)
        let isOwnBits = bits < 1 << UInt64(Number.bitWidth)
        let isExtended =
            bits == UInt64(UInt32(truncatingIfNeeded: number)) || bits == UInt64(truncatingIfNeeded: number)
        return isOwnBits || isExtended ? Double(number) : nil
    }

    /// - Source: Sparkplug 3.0, 6.4.16: arrays are packed little-endian; booleans are bits behind a count of 4 bytes.
    private func array(_ range: Range<Int>, _ type: SparkplugDataType) -> [Float]? {
        switch type {
        case .int8Array: return bytes[range].map { Float(Int8(bitPattern: $0)) }
        case .uint8Array: return bytes[range].map { Float($0) }
        case .int16Array: return numbers(range, Int16.self) { Float($0) }
        case .uint16Array: return numbers(range, UInt16.self) { Float($0) }
        case .int32Array: return numbers(range, Int32.self) { Float($0) }
        case .uint32Array: return numbers(range, UInt32.self) { Float($0) }
        case .int64Array: return numbers(range, Int64.self) { Float($0) }
        case .uint64Array, .dateTimeArray: return numbers(range, UInt64.self) { Float($0) }
        case .floatArray: return numbers(range, UInt32.self) { Float(bitPattern: $0) }
        case .doubleArray: return numbers(range, UInt64.self) { Float(Double(bitPattern: $0)) }
        case .booleanArray:
            guard range.count >= 4, let count = numbers(range.lowerBound..<range.lowerBound + 4, UInt32.self, { $0 }),
                (Int(count[0]) + 7) / 8 == range.count - 4
            else { return nil }
            let first = range.lowerBound + 4
            return (0..<Int(count[0])).map { Float(bytes[first + $0 / 8] >> UInt8(7 - $0 % 8) & 1) }
        default: return nil
        }
    }

    private func numbers<Number: FixedWidthInteger, Result>(
        _ range: Range<Int>, _ type: Number.Type, _ make: (Number) -> Result
    ) -> [Result]? {
        let size = MemoryLayout<Number>.size
        guard range.count % size == 0 else { return nil }
        // SAFETY: the slice checks the range, and the last load ends at `range.count`, which is a multiple of the size.
        return bytes[range].withUnsafeBytes { bytes in
            (0..<bytes.count / size).map {
                make(Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self)))
            }
        }
    }
}

/// The property `Quality`: 0 bad, 192 good, 500 stale.
///
/// - Source: Sparkplug 3.0, 6.4.6; the other codes are those of OPC, whose upper two of eight bits say the same.
package enum SparkplugQuality {
    package static let good: Int64 = 192
    package static let bad: Int64 = 0
    package static let stale: Int64 = 500

    static func quality(_ code: Int64?) -> Quality {
        guard let code else { return .good }
        return switch code {
        case 192...255: .good
        case stale: .uncertain(.stale)
        case 64..<192: .uncertain(.source)
        default: .bad(.source)
        }
    }

    /// Three values are all that the standard knows: what may be used with care only is stale.
    package static func code(_ quality: Quality) -> Int64 {
        switch quality {
        case .good: good
        case .uncertain, .bad(.stale): stale
        case .bad: bad
        }
    }
}
