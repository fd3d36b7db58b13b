/// How a window of a vibration sensor is packed.
struct WaveformFormat: Hashable, Sendable {
    enum Encoding: String, CaseIterable, Sendable {
        case int16Little = "int16-le"
        case int16Big = "int16-be"
        case float32Little = "float32-le"
        case float32Big = "float32-be"

        var bytes: Int {
            switch self {
            case .int16Little, .int16Big: 2
            case .float32Little, .float32Big: 4
            }
        }
    }

    var encoding: Encoding
    /// Exactly this many in each message.
    var samples: Int
    var rateHertz: Double
    /// Each raw value is multiplied by it.
    var scale: Double
    /// Left out at the start of each message.
    var headerBytes: Int

    var payloadBytes: Int { headerBytes + samples * encoding.bytes }

    /// - Parameter payload: of ``payloadBytes``.
    /// - Returns: nil when a value is not finite.
    func decode(_ payload: RawSpan) -> [Float]? {
        precondition(payload.byteCount == payloadBytes)
        var allFinite = true
        let scale = Float(scale)
        let values = [Float](unsafeUninitializedCapacity: samples) { output, count in
            // SAFETY: the count of bytes is checked above, so that each load stays inside, and each element is written
            // before the count is set. Integers and floats have no invalid bit patterns.
            for index in 0..<samples {
                let at = headerBytes + index * encoding.bytes
                let raw: Float =
                    switch encoding {
                    case .int16Little:
                        Float(Int16(littleEndian: payload.unsafeLoadUnaligned(fromByteOffset: at, as: Int16.self)))
                    case .int16Big:
                        Float(Int16(bigEndian: payload.unsafeLoadUnaligned(fromByteOffset: at, as: Int16.self)))
                    case .float32Little:
                        Float(
                            bitPattern: UInt32(
                                littleEndian: payload.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self)))
                    case .float32Big:
                        Float(
                            bitPattern: UInt32(
                                bigEndian: payload.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self)))
                    }
                let value = raw * scale
                allFinite = allFinite && value.isFinite
                output.initializeElement(at: index, to: value)
            }
            count = samples
        }
        return allFinite ? values : nil
    }
}
