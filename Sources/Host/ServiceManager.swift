import Glibc

/// Tells systemd (or whatever set `NOTIFY_SOCKET`) how the service is; does nothing when nobody listens.
///
/// - Source: sd_notify(3): one datagram of `KEY=value` lines to the socket named in the environment.
package struct ServiceManager: Sendable {
    private let path: String?
    /// Half of `WATCHDOG_USEC`, as sd_watchdog_enabled(3) advises; nil when no watchdog is set for this process.
    package let watchdogInterval: Duration?

    package init(environment: [String: String] = ProcessEnvironment.current) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isForThisProcess = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        watchdogInterval =
            isForThisProcess
            ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? .microseconds($0 / 2) : nil } : nil
    }

    package func ready(status: String) { send("READY=1\nSTATUS=\(status)") }
    package func stopping() { send("STOPPING=1") }
    package func alive() { send("WATCHDOG=1") }

    /// Type=notify-reload needs the monotonic time of the reload beside the word; `ready` ends it.
    package func reloading(monotonicMicroseconds: Int64) {
        send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)")
    }

    private func send(_ message: String) {
        guard let path else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // An abstract name has no terminator: the length says where it ends.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let text = Array(message.utf8)
        // SAFETY: sockaddr_un is handed on as the sockaddr it begins with, for the length that was filled in.
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), generic, length)
            }
        }
    }
}

package enum ProcessEnvironment {
    /// The environment as a dictionary; the first of two equal names wins, as getenv(3) does.
    package static var current: [String: String] {
        var result: [String: String] = [:]
        // SAFETY: nothing in this program calls setenv, so the array stays as the kernel gave it.
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                let name = String(line[..<equals])
                if result[name] == nil { result[name] = String(line[line.index(after: equals)...]) }
            }
            entry += 1
        }
        return result
    }
}
