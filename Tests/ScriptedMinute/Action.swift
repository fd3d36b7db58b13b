import Plant

/// One thing that the scripted minute asks of a store. Each has names of its own, so that what is there afterwards tells
/// which of them have happened.
enum Action: Sendable {
    case declare([TagDefinition])
    /// Messages with receipts: samples `numbers` of one kind.
    case messages(numbers: ClosedRange<Int>, Payload)
    /// Polled values, which nobody acknowledges: they are durable after the next commit.
    case polled(numbers: ClosedRange<Int>)
    /// An alert with everything that goes with it in one transaction: step, delivery, outbox, cursor, value and score.
    case alert(String, score: Int)
    case take(alert: String)
    /// The same by a command beside the daemon.
    case takeBeside(alert: String)
    case clear(alert: String)
    case telemetry(String)
    /// The registry has everything that waits.
    case confirm(String)
    case modelFile(String)
    case fetched(String)
    case proved(String)
    case activated(String)
    /// A model file without a record, and then its removal.
    case strayFile(String)
    case prune
    case order(tag: String)
    case executeOrders(tag: String)
    case gap(String)
    /// Lets time pass, packs samples and keeps the bounds.
    case maintain(after: Duration)
    /// Ends the daemon as a service manager does, and starts it.
    case restart
}

enum Payload: Sendable {
    case numbers, texts
    /// Of so many values.
    case waveforms(Int)
}

/// One line of what a store holds. An action's facts are all there or none.
struct Fact: Hashable, Comparable, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    static func < (a: Fact, b: Fact) -> Bool { a.description < b.description }

    static func sample(_ number: Int) -> Fact { Fact("sample \(number)") }
    static func receipt(_ number: Int) -> Fact { Fact("receipt \(number)") }
    static func outbox(_ body: String) -> Fact { Fact("outbox \(body)") }
    static func value(_ key: String) -> Fact { Fact("value \(key)") }
    static func step(_ alert: String, _ state: AlertState) -> Fact { Fact("step of \(alert) to \(state.rawValue)") }

    var isSample: Bool { description.hasPrefix("sample ") }
    var isOutbox: Bool { description.hasPrefix("outbox ") }
}

extension Action {
    static let link = "plc-1"
    static let pack = "rotating-machine"
    static let person = "li.wei"

    /// What is in the store when it has happened.
    var facts: [Fact] {
        switch self {
        case .declare(let tags): tags.map { Fact("tag \($0.name) in \($0.unit)") }
        case .messages(let numbers, _): numbers.map(Fact.sample) + numbers.map(Fact.receipt)
        case .polled(let numbers): numbers.map(Fact.sample)
        case .alert(let id, let score):
            [
                Fact("alert \(id)"), .step(id, .active), Fact("delivery raised of \(id)"), .outbox(id),
                Fact("cursor \(id)"), .value(id), .sample(score),
            ]
        case .take(let id), .takeBeside(let id): [Fact("\(id) taken"), .step(id, .acknowledged)]
        case .clear(let id): [.step(id, .cleared)]
        case .telemetry(let body): [.outbox(body), .value(body)]
        case .confirm(let key): [.value(key)]
        case .modelFile(let digest): [Fact("file \(digest)")]
        case .fetched(let digest): [Fact("fetched \(digest)")]
        case .proved(let digest): [Fact("proved \(digest)")]
        case .activated(let digest): [Fact("activated \(digest)")]
        case .order(let tag): [Fact("order for \(tag)"), .value("ordered \(tag)")]
        case .executeOrders(let tag): [Fact("order for \(tag) done"), Fact("audit of \(tag)")]
        case .gap(let subject): [Fact("gap of \(subject)"), .value("noted \(subject)")]
        case .strayFile, .prune, .maintain, .restart: []
        }
    }

    /// The samples that it stores.
    var samples: [(number: Int, payload: Payload)] {
        switch self {
        case .messages(let numbers, let payload): numbers.map { ($0, payload) }
        case .polled(let numbers): numbers.map { ($0, .numbers) }
        case .alert(_, let score): [(score, .numbers)]
        default: []
        }
    }

    /// Nobody was told that it is stored when its call returned.
    var isPolled: Bool { if case .polled = self { true } else { false } }

    /// Facts of it that a full disk may cost, when a gap says so.
    var telemetry: (facts: [Fact], gapSubject: String)? {
        switch self {
        case .polled: (facts, "link:\(Self.link)")
        case .alert(_, let score): ([.sample(score)], "derived")
        case .telemetry(let body): ([.outbox(body)], "outbox")
        default: nil
        }
    }
}
