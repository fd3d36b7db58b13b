import CFieldIO
import Glibc
import Plant

/// Opens sockets and serial ports; nothing here waits.
enum LineConnection {
    /// An address in the form that connect(2) takes.
    struct Address: Sendable {
        var family: Int32
        var bytes: [UInt8]
    }

    /// - Parameter isNumeric: takes only what needs no name server; anything else must not be asked from a thread that polls.
    static func resolve(_ host: String, port: Int, isNumeric: Bool) -> Result<[Address], LinkFailure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | (isNumeric ? AI_NUMERICHOST : 0)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return .failure(.notConnected("\(host): \(String(cString: gai_strerror(code)))")) }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = list
        while let info = next?.pointee {
            if let address = info.ai_addr {
                // SAFETY: getaddrinfo gives `ai_addrlen` bytes, and they live until freeaddrinfo.
                let bytes = UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))
                addresses.append(Address(family: info.ai_family, bytes: Array(bytes)))
            }
            next = info.ai_next
        }
        return .success(addresses)
    }

    /// Begins to connect.
    ///
    /// - Returns: a socket that becomes writable when it is connected, or has failed.
    static func connect(to address: Address) throws(LinkFailure) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
        let result = address.bytes.withUnsafeBytes { bytes in
            // SAFETY: the bytes are a socket address of the family, as getaddrinfo gave it, with its own length.
            bytes.withMemoryRebound(to: sockaddr.self) {
                Glibc.connect(descriptor, $0.baseAddress, socklen_t(address.bytes.count))
            }
        }
        guard result == 0 || errno == EINPROGRESS else {
            let code = errno
            Glibc.close(descriptor)
            throw .notConnected(String(cString: strerror(code)))
        }
        return descriptor
    }

    /// What became of ``connect(to:)``, once the socket is writable.
    static func checkConnected(_ descriptor: Int32) throws(LinkFailure) {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
            throw .system(call: "getsockopt", code: errno)
        }
        guard code == 0 else { throw .notConnected(String(cString: strerror(code))) }
    }

    /// Opens a serial port for this program alone: raw, eight data bits.
    static func open(_ port: SerialPort) throws(LinkFailure) -> Int32 {
        guard let speed = speeds[port.baud] else { throw .notConnected("no speed of \(port.baud) baud") }
        let descriptor = Glibc.open(port.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: port.path, code: errno) }
        do throws(LinkFailure) {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw .notConnected("\(port.path) is in use by another program")
            }
            // A second program that opens the port would take half of the replies; root is let in, hence the lock as well.
            guard mw_serial_claim(descriptor) == 0 else { throw .file(path: port.path, code: errno) }
            try set(descriptor, port, speed)
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    static func close(_ descriptor: Int32, _ endpoint: LineEndpoint) {
        if case .serial = endpoint { _ = mw_serial_release(descriptor) }
        Glibc.close(descriptor)
    }

    private static func set(_ descriptor: Int32, _ port: SerialPort, _ speed: speed_t) throws(LinkFailure) {
        var terminal = termios()
        guard tcgetattr(descriptor, &terminal) == 0 else { throw .file(path: port.path, code: errno) }
        cfmakeraw(&terminal)
        terminal.c_cflag &= ~tcflag_t(CSIZE | PARENB | PARODD | CSTOPB) & ~crtscts
        terminal.c_cflag |= tcflag_t(CS8 | CREAD | CLOCAL)
        if port.parity != .none { terminal.c_cflag |= tcflag_t(PARENB) }
        if port.parity == .odd { terminal.c_cflag |= tcflag_t(PARODD) }
        if port.stopBits == 2 { terminal.c_cflag |= tcflag_t(CSTOPB) }
        guard cfsetispeed(&terminal, speed) == 0, cfsetospeed(&terminal, speed) == 0,
            tcsetattr(descriptor, TCSANOW, &terminal) == 0 || (errno == EINVAL && isPseudo(descriptor))
        else { throw .file(path: port.path, code: errno) }
        tcflush(descriptor, TCIOFLUSH)
        guard port.rs485 else { return }
        guard mw_serial_rs485(descriptor) == 0 else {
            throw .notConnected("\(port.path): its driver cannot switch an RS-485 line")
        }
    }

    /// A pseudo terminal has no wire and so no parity, and says so from the second time on. Source: the kernel's
    /// devices.txt: major numbers 136 to 143.
    private static func isPseudo(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && (136...143).contains(status.st_rdev >> 8 & 0xFFF)
    }

    /// Source: asm-generic/termbits.h; a macro that Swift does not import.
    private static let crtscts: tcflag_t = 0x8000_0000

    /// Those of termios(3) that field devices have.
    static let speeds: [Int: speed_t] = [
        1_200: speed_t(B1200), 2_400: speed_t(B2400), 4_800: speed_t(B4800), 9_600: speed_t(B9600),
        19_200: speed_t(B19200), 38_400: speed_t(B38400), 57_600: speed_t(B57600), 115_200: speed_t(B115200),
        230_400: speed_t(B230400), 460_800: speed_t(B460800), 921_600: speed_t(B921600),
    ]
}
