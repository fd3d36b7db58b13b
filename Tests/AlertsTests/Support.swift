import Alerts
import Logging
import Plant
import Synchronization

/// - Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Everything that is logged, as text.
final class LogBook: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var logger: Logger { Logger(label: "alerts") { _ in Handler(book: self) } }

    private struct Handler: LogHandler {
        let book: LogBook
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            book.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}

/// A journal in memory that can be told to fail.
actor MemoryJournal: DeliveryJournal {
    struct Full: Error {}
    private(set) var waiting: [Delivery] = []
    private(set) var done: [Int64] = []
    private(set) var givenUp: [Int64: String] = [:]
    private(set) var reasons: [String] = []
    private(set) var nextTry: [Int64: WallTime] = [:]
    private var isFull = false

    func add(_ deliveries: [Delivery]) { waiting += deliveries }
    func set(full: Bool) { isFull = full }

    func pending(channel: String, limit: Int) throws -> [Delivery] {
        Array(waiting.filter { $0.channel == channel }.prefix(limit))
    }
    func done(_ id: Int64, at time: WallTime) throws {
        if isFull { throw Full() }
        waiting.removeAll { $0.id == id }
        done.append(id)
    }
    func retry(_ id: Int64, attempts: Int, at time: WallTime, reason: String) throws {
        if isFull { throw Full() }
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting[index].attempts = attempts
        nextTry[id] = time
        reasons.append(reason)
    }
    func giveUp(_ id: Int64, attempts: Int, at time: WallTime, reason: String) throws {
        if isFull { throw Full() }
        waiting.removeAll { $0.id == id }
        givenUp[id] = reason
        reasons.append(reason)
    }
}

/// The other side of every channel: a broker or a web server that does as it is told.
final class OtherSide: TopicPublisher, Webhook {
    enum Mood: Sendable, Equatable {
        case takes
        case absent
        case busy
        case refuses
        case hangs
    }
    struct Absent: Error { var text: String }

    private struct State {
        var mood = Mood.takes
        var moodByAlert: [String: Mood] = [:]
        var received: [String] = []
        var attempts = 0
    }
    private let state = Mutex(State())

    var received: [String] { state.withLock { $0.received } }
    var attempts: Int { state.withLock { $0.attempts } }
    func set(_ mood: Mood) { state.withLock { $0.mood = mood } }
    func set(_ mood: Mood, for payload: String) { state.withLock { $0.moodByAlert[payload] = mood } }

    func publish(link: String, topic: String, payload: [UInt8]) async throws {
        let status = try await take(payload, "cannot publish to \(link) \(topic)")
        // A broker has no codes in MQTT 3.1.1: whatever is not an acknowledgement is silence.
        if status != 200 { throw Absent(text: "no acknowledgement") }
    }

    func post(url: String, body: [UInt8], headers: [HTTPHeader]) async throws -> Int {
        let sent = headers.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        return try await take(body, "cannot reach \(url) with \(sent)")
    }

    private func take(_ payload: [UInt8], _ complaint: String) async throws -> Int {
        let text = String(decoding: payload, as: UTF8.self)
        let mood = state.withLock {
            $0.attempts += 1
            return $0.moodByAlert[text] ?? $0.mood
        }
        switch mood {
        case .takes:
            state.withLock { $0.received.append(text) }
            return 200
        case .absent: throw Absent(text: complaint)
        case .busy: return 503
        case .refuses: return 422
        case .hangs:
            // Ends when the test cancels the delivery.
            try await Task.sleep(for: .seconds(3_600))
            return 200
        }
    }
}
