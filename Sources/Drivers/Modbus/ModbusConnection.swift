import CModbus
import Glibc
import Plant

/// One TCP connection to a Modbus device; belongs to the thread of its link.
///
/// libmodbus connects and receives; requests are built and replies are checked by ``ModbusFrame``, because the library takes
/// replies of another unit for good.
final class ModbusConnection {
    private let context: OpaquePointer
    private let stop: WakeSignal
    private var transaction: UInt16 = 0

    /// libmodbus waits with select(2), which has no room for descriptors from this one on.
    private static let maxDescriptor: Int32 = 1_000

    /// Connects.
    ///
    /// - Parameter stop: ends a wait for a reply.
    /// - Throws: `.notConnected`; within the timeout, but for the resolving of a name.
    init(host: String, port: Int, timeout: Duration, stop: WakeSignal) throws(LinkFailure) {
        let free = dup(stop.descriptor)
        guard free >= 0 else { throw .system(call: "dup", code: errno) }
        close(free)
        guard free < Self.maxDescriptor else { throw .notConnected("too many open connections") }
        guard let context = modbus_new_tcp_pi(host, String(port)) else {
            throw .system(call: "modbus_new", code: errno)
        }
        self.context = context
        self.stop = stop
        // The whole reply within the time of one reply, however slowly its bytes come.
        modbus_set_byte_timeout(context, 0, 0)
        setTimeout(timeout)
        guard modbus_connect(context) == 0 else {
            throw .notConnected(String(cString: modbus_strerror(errno)))
        }
    }

    deinit {
        modbus_close(context)
        modbus_free(context)
    }

    /// Asks for registers or coils.
    ///
    /// - Throws: anything but an exception reply; the connection is then out of step and must be given up.
    func ask(
        unit: UInt8, function: UInt8, start: Int, count: Int, timeout: Duration
    ) throws(LinkFailure) -> ModbusFrame.Reply {
        transaction &+= 1
        let request = ModbusFrame.Request(
            transaction: transaction, unit: unit, function: function, start: start, count: count)
        let descriptor = modbus_get_socket(context)
        let bytes = request.bytes
        let sent = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard sent == bytes.count else {
            throw sent < 0 && errno == EPIPE ? .closed : .system(call: "send", code: errno)
        }
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: timeout)
        let ready = Polling.wait(
            [(descriptor, Int16(POLLIN)), (stop.descriptor, Int16(POLLIN))], timeout: timeout)
        guard ready[1] == 0 else { throw .stopped }
        guard ready[0] != 0 else { throw .timedOut(what: "reply") }
        setTimeout(max(clock.now.duration(to: end), .milliseconds(1)))
        var frame = [UInt8](repeating: 0, count: ModbusFrame.maxBytes)
        let received = modbus_receive_confirmation(context, &frame)
        guard received >= 0 else { throw Self.failure(errno) }
        return try ModbusFrame.read(Array(frame[..<Int(received)]), to: request)
    }

    /// Whether nothing has come that nobody asked for; what has must not be taken for the next reply.
    func checkQuiet() throws(LinkFailure) {
        var byte: UInt8 = 0
        let count = recv(modbus_get_socket(context), &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count == 0 { throw .closed }
        if count > 0 { throw .wrongReply("bytes that nobody asked for") }
        if errno != EAGAIN { throw .system(call: "recv", code: errno) }
    }

    private func setTimeout(_ span: Duration) {
        let microseconds = max(1, span.wholeNanoseconds / 1_000)
        modbus_set_response_timeout(context, UInt32(microseconds / 1_000_000), UInt32(microseconds % 1_000_000))
    }

    private static func failure(_ code: Int32) -> LinkFailure {
        switch code {
        case ETIMEDOUT: .timedOut(what: "rest of the reply")
        case ECONNRESET, EPIPE: .closed
        case EBADF, EIO: .system(call: "receive", code: code)
        default: .wrongReply(String(cString: modbus_strerror(code)))
        }
    }
}
