import Glibc

@testable import millwright

/// Which processes there are, as the kernel tells it.
enum ProcessTable {
    /// Fields of /proc/PID/stat behind the program's name: state, parent.
    private static func fields(_ pid: Int32) -> [Substring] {
        guard let text = try? Files.text("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: name)...].split(separator: " ")
    }

    /// Whether it is there and not just waited for by nobody.
    static func isRunning(_ pid: Int32) -> Bool { fields(pid).first.map { $0 != "Z" && $0 != "X" } ?? false }

    static func children(of pid: Int32) -> [Int32] {
        let names = (try? DirectoryListing.names(in: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { one in
            let fields = fields(one)
            return fields.count > 1 && fields[1] == "\(pid)" && fields[0] != "Z"
        }
    }
}
