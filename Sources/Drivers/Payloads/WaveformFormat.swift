import Plant

/// How windows of sensors are packed into a payload: a header, then the samples of one or several channels.
struct WaveformFormat: Hashable, Sendable {
    enum Encoding: String, CaseIterable, Sendable {
        case int16Little = "int16-le"
        case int16Big = "int16-be"
        case int24Little = "int24-le"
        case int24Big = "int24-be"
        case int32Little = "int32-le"
        case int32Big = "int32-be"
        case float32Little = "float32-le"
        case float32Big = "float32-be"
        case float64Little = "float64-le"
        case float64Big = "float64-be"

        var bytes: Int {
            switch self {
            case .int16Little, .int16Big: 2
            case .int24Little, .int24Big: 3
            case .int32Little, .int32Big, .float32Little, .float32Big: 4
            case .float64Little, .float64Big: 8
            }
        }
    }

    enum Layout: String, CaseIterable, Sendable {
        /// The first sample of each channel, then the second of each.
        case interleaved
        /// All samples of the first channel, then all of the second.
        case blocks
    }

    var encoding: Encoding
    /// Exactly this many of each channel in each message.
    var samples: Int
    /// Left out at the start of each message.
    var headerBytes = 0
    /// How many channels the message holds, wanted or not.
    var channels = 1
    var layout = Layout.interleaved

    var payloadBytes: Int { headerBytes + samples * channels * encoding.bytes }

    /// One channel, scaled.
    ///
    /// - Parameters:
    ///   - payload: of ``payloadBytes``.
    ///   - channel: counted from 0.
    /// - Returns: nil when a value is not finite.
    func decode(_ payload: RawSpan, channel: Int = 0, _ scaling: Scaling) -> [Float]? {
        precondition(payload.byteCount == payloadBytes && channel < channels)
        let isInterleaved = layout == .interleaved
        let first = headerBytes + encoding.bytes * channel * (isInterleaved ? 1 : samples)
        let stride = encoding.bytes * (isInterleaved ? channels : 1)
        // SAFETY: the count of bytes is checked above, so that each load stays inside of the payload. Integers and floats
        // have no invalid bit patterns.
        func word<T: FixedWidthInteger & BitwiseCopyable>(_ at: Int, as type: T.Type) -> T {
            payload.unsafeLoadUnaligned(fromByteOffset: at, as: T.self)
        }
        func make(_ raw: (Int) -> Double) -> [Float]? { Self.window(samples, first, stride, scaling, raw) }
        return switch encoding {
        case .int16Little: make { Double(Int16(littleEndian: word($0, as: Int16.self))) }
        case .int16Big: make { Double(Int16(bigEndian: word($0, as: Int16.self))) }
        case .int24Little:
            make { at in
                let low = UInt32(UInt16(littleEndian: word(at, as: UInt16.self)))
                return Double(Int32(bitPattern: (low | UInt32(word(at + 2, as: UInt8.self)) << 16) << 8) >> 8)
            }
        case .int24Big:
            make { at in
                let low = UInt32(UInt16(bigEndian: word(at + 1, as: UInt16.self)))
                return Double(Int32(bitPattern: (low | UInt32(word(at, as: UInt8.self)) << 16) << 8) >> 8)
            }
        case .int32Little: make { Double(Int32(littleEndian: word($0, as: Int32.self))) }
        case .int32Big: make { Double(Int32(bigEndian: word($0, as: Int32.self))) }
        case .float32Little:
            make { Double(Float(bitPattern: UInt32(littleEndian: word($0, as: UInt32.self)))) }
        case .float32Big: make { Double(Float(bitPattern: UInt32(bigEndian: word($0, as: UInt32.self)))) }
        case .float64Little: make { Double(bitPattern: UInt64(littleEndian: word($0, as: UInt64.self))) }
        case .float64Big: make { Double(bitPattern: UInt64(bigEndian: word($0, as: UInt64.self))) }
        }
    }

    @inline(__always)
    private static func window(
        _ samples: Int, _ first: Int, _ stride: Int, _ scaling: Scaling, _ raw: (Int) -> Double
    ) -> [Float]? {
        var allFinite = true
        let (scale, offset) = (scaling.scale, scaling.offset)
        let values = [Float](unsafeUninitializedCapacity: samples) { output, count in
            // SAFETY: each element is written before the count is set.
            for index in 0..<samples {
                let value = Float(raw(first + index * stride) * scale + offset)
                allFinite = allFinite && value.isFinite
                output.initializeElement(at: index, to: value)
            }
            count = samples
        }
        return allFinite ? values : nil
    }
}
