import Glibc

/// TCP sockets on 127.0.0.1; nothing of the rig listens beyond this machine.
enum LoopbackSocket {
    /// Opens a listening socket; port 0 takes any free one.
    static func listening(port: Int) throws(RigError) -> (descriptor: Int32, port: Int) {
        let descriptor = try stream()
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = Self.address(port: port)
        // SAFETY: sockaddr_in is handed on as the sockaddr that it begins with, with its own length.
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 64) == 0 else { throw closing(descriptor, "bind") }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: as above; the kernel writes at most `length` bytes.
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard named == 0 else { throw closing(descriptor, "getsockname") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Connects to a port of this machine.
    static func connected(port: Int) throws(RigError) -> Int32 {
        let descriptor = try stream()
        var address = Self.address(port: port)
        // SAFETY: sockaddr_in is handed on as the sockaddr that it begins with, with its own length.
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw closing(descriptor, "connect") }
        return descriptor
    }

    private static func stream() throws(RigError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        return descriptor
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func closing(_ descriptor: Int32, _ call: String) -> RigError {
        let code = errno
        close(descriptor)
        return .system(call: call, code: code)
    }
}
