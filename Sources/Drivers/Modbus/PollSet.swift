import CFieldIO
import Glibc
import Plant

/// Descriptors that one thread waits for, with epoll(7). Belongs to its thread.
final class PollSet {
    struct Event {
        /// What the descriptor was added with.
        var token: UInt64
        var isReadable: Bool
        var isWritable: Bool
    }

    /// So many are taken from the kernel at once; more come with the next wait.
    private static let maxEvents = 256

    private let descriptor: Int32
    private var buffer = [epoll_event](repeating: epoll_event(), count: PollSet.maxEvents)

    init() throws(LinkFailure) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .system(call: "epoll_create1", code: errno) }
    }

    deinit { close(descriptor) }

    func add(_ watched: Int32, token: UInt64, writing: Bool = false) throws(LinkFailure) {
        try control(EPOLL_CTL_ADD, watched, token, writing)
    }

    func change(_ watched: Int32, token: UInt64, writing: Bool) throws(LinkFailure) {
        try control(EPOLL_CTL_MOD, watched, token, writing)
    }

    /// What is ready, or nothing when the time is over; nil waits without end.
    func wait(timeout: Duration?) -> [Event] {
        // Rounded up: a turn too early would find nothing to do and spin.
        let milliseconds = timeout.map { max(0, Int32(clamping: ($0.wholeNanoseconds + 999_999) / 1_000_000)) } ?? -1
        let count = epoll_wait(descriptor, &buffer, Int32(buffer.count), milliseconds)
        guard count > 0 else { return [] }
        let gone = EPOLLERR.rawValue | EPOLLHUP.rawValue
        return buffer[..<Int(count)].map { event in
            Event(
                token: event.data.u64, isReadable: event.events & (EPOLLIN.rawValue | gone) != 0,
                isWritable: event.events & (EPOLLOUT.rawValue | gone) != 0)
        }
    }

    private func control(_ operation: Int32, _ watched: Int32, _ token: UInt64, _ writing: Bool) throws(LinkFailure) {
        var event = epoll_event()
        event.events = writing ? EPOLLOUT.rawValue : EPOLLIN.rawValue
        event.data.u64 = token
        guard epoll_ctl(descriptor, operation, watched, &event) == 0 else {
            throw .system(call: "epoll_ctl", code: errno)
        }
    }
}

/// Deadlines of many owners, the earliest first: a binary heap.
struct DeadlineHeap {
    struct Entry {
        var time: MonotonicTime
        var owner: Int
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child].time < entries[(child - 1) / 2].time {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = entries.popLast(), !entries.isEmpty else { return }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].time < entries[least].time { least = child }
            guard least != parent else { return }
            entries.swapAt(least, parent)
            parent = least
        }
    }
}
