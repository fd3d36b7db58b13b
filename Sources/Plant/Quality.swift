/// How far a value may be trusted; it travels with the value through windows, features and models.
package enum Quality: Hashable, Sendable {
    case good
    case uncertain(Cause)
    case bad(Cause)

    /// Why a value is not good. The number is stored; the text is shown.
    package struct Cause: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package var rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let notConnected = Cause(rawValue: 1)
        package static let timedOut = Cause(rawValue: 2)
        package static let malformed = Cause(rawValue: 3)
        package static let notFinite = Cause(rawValue: 4)
        package static let wrongLength = Cause(rawValue: 5)
        package static let outOfRange = Cause(rawValue: 6)
        package static let stale = Cause(rawValue: 7)
        /// The value has not moved for longer than a living sensor's would.
        package static let stuck = Cause(rawValue: 8)
        /// The value jumps more than the process can.
        package static let noisy = Cause(rawValue: 9)
        /// A newer value of the source is stored already.
        package static let outOfOrder = Cause(rawValue: 10)
        /// The source's time cannot be right.
        package static let wrongClock = Cause(rawValue: 11)
        /// The source itself says so.
        package static let source = Cause(rawValue: 12)
        /// The device behind a gateway is offline, as the gateway says.
        package static let deviceOffline = Cause(rawValue: 13)
        /// Beyond a limit of the range, and set to it.
        package static let clamped = Cause(rawValue: 14)
        /// A Modbus exception reply; the device's code, 1...255, is kept.
        package static func modbusException(_ code: UInt8) -> Cause { Cause(rawValue: 0x0100 | UInt16(code)) }

        package var description: String {
            switch self {
            case .notConnected: "not_connected"
            case .timedOut: "timed_out"
            case .malformed: "malformed"
            case .notFinite: "not_finite"
            case .wrongLength: "wrong_length"
            case .outOfRange: "out_of_range"
            case .stale: "stale"
            case .stuck: "stuck"
            case .noisy: "noisy"
            case .outOfOrder: "out_of_order"
            case .wrongClock: "wrong_clock"
            case .source: "source"
            case .deviceOffline: "device_offline"
            case .clamped: "clamped"
            default: rawValue >> 8 == 1 ? "modbus.exception.\(rawValue & 0xFF)" : "cause.\(rawValue)"
            }
        }
    }

    package var isGood: Bool { self == .good }

    /// One integer for the store: 0 good, 0x1cccc uncertain, 0x2cccc bad, where cccc is the cause.
    package var code: Int32 {
        switch self {
        case .good: 0
        case .uncertain(let cause): 0x1_0000 | Int32(cause.rawValue)
        case .bad(let cause): 0x2_0000 | Int32(cause.rawValue)
        }
    }

    /// Reads ``code`` back; nil for a number that no quality has.
    package init?(code: Int32) {
        let cause = Cause(rawValue: UInt16(truncatingIfNeeded: code))
        switch code >> 16 {
        case 0 where code == 0: self = .good
        case 1: self = .uncertain(cause)
        case 2: self = .bad(cause)
        default: return nil
        }
    }
}

extension Quality: CustomStringConvertible {
    package var description: String {
        switch self {
        case .good: "good"
        case .uncertain(let cause): "uncertain (\(cause))"
        case .bad(let cause): "bad (\(cause))"
        }
    }
}
