import Glibc
import Plant

/// Where the slaves of one line are reached.
enum LineEndpoint: Hashable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: Int)
    /// RTU frames through a terminal server.
    case rtuOverTCP(host: String, port: Int)
    case serial(SerialPort)

    /// Whether frames are those of Modbus RTU: one request at a time, and no number that tells replies apart.
    var isRTU: Bool {
        if case .tcp = self { false } else { true }
    }

    var description: String {
        switch self {
        case .tcp(let host, let port), .rtuOverTCP(let host, let port): "\(host):\(port)"
        case .serial(let port): port.path
        }
    }
}

/// What all slaves of a line share; links that name the same endpoint must agree on it.
struct LineSettings: Hashable, Sendable {
    var endpoint: LineEndpoint
    /// Requests that a device or gateway is given at once.
    var inFlight = 1
    /// Quiet time between a reply and the next request.
    var pause = Duration.zero
    /// The link that has a connection of its own; nil where the links to one endpoint share theirs.
    var owner: String?
}

/// A serial port and how it is set.
struct SerialPort: Hashable, Sendable {
    enum Parity: String, CaseIterable, Sendable { case none, even, odd }

    var path: String
    var baud = 19_200
    var parity = Parity.even
    var stopBits = 1
    /// Lets the driver of the port switch the direction of an RS-485 line.
    var rs485 = false

    /// Start bit, eight data bits, parity, stop bits.
    var bitsPerCharacter: Int { 9 + (parity == .none ? 0 : 1) + stopBits }

    func time(ofBytes count: Int) -> Duration { .nanoseconds(count * bitsPerCharacter * 1_000_000_000 / baud) }

    /// The silence between frames. Source: Modbus over Serial Line V1.02, 2.5.1.1: 3.5 characters, above 19200 baud 1.75 ms.
    var silence: Duration { baud > 19_200 ? .microseconds(1_750) : time(ofBytes: 7) / 2 }
}
