import Plant
import Store
import TestBench

/// A minute of store work, always the same: groups of actions, those of one group at once.
struct Script: Sendable {
    static let numbers = [
        TagDefinition(name: "pump-7.speed", unit: "rpm", kind: .number),
        TagDefinition(name: "pump-7.pressure", unit: "bar", kind: .number),
        TagDefinition(name: "pump-7.temperature", unit: "degC", kind: .number),
    ]
    static let text = TagDefinition(name: "pump-7.recipe", unit: "", kind: .text)
    static let waveform = TagDefinition(
        name: "pump-7.vibration", unit: "m/s2", kind: .waveform(samples: 64, rateHertz: 25_600))
    static let tags = numbers + [text, waveform]
    static let bootID = "scripted"
    /// When it begins.
    static var start: WallTime { ManualClock().wall() }

    /// Small bounds, so that a minute meets all of them: a run of the archiver is some 20 samples and takes three
    /// transactions for five tags, and blocks become full, so that they are rolled up.
    static let limits: Limits = {
        var limits = Limits(
            maximumAge: .seconds(30 * 86_400), maximumBytes: 64 << 20, outboxRows: 40, hotSamples: 40,
            reserveBytes: 64 << 10, logPages: 60)
        (limits.tagsPerPlan, limits.samplesPerBlock) = (2, 12)
        return limits
    }()

    var groups: [[Action]] = []

    private static func digest(_ letter: String) -> String { String(repeating: letter, count: 64) }

    /// - Parameter isUpgrade: on a store that an earlier version has left; short, because the rest is the same then.
    init(isUpgrade: Bool) {
        if isUpgrade { addUpgrade() } else { addMinute() }
    }

    private mutating func addMinute() {
        groups.append([.declare(Self.tags)])
        for second in 0..<3 { addSecond(second) }
        groups.append([.maintain(after: .seconds(1))])
        for second in 3..<6 { addSecond(second) }
        for letter in ["a", "b"] { addModel(Self.digest(letter)) }
        groups.append([.confirm("confirmed-1")])
        // Enough to be given back to the file system once it is too old.
        for part in 0..<3 {
            groups.append([.messages(numbers: 5_000 + part * 10...5_003 + part * 10, .waveforms(24_000))])
        }
        groups.append([.restart])
        // Some of what comes now belongs to hours and days that are packed.
        groups.append([.maintain(after: .seconds(3_600))])
        for second in 6..<9 { addSecond(second) }
        groups.append([.maintain(after: .seconds(1))])
        groups.append([.maintain(after: .seconds(31 * 86_400))])
        groups.append([.strayFile(Self.digest("f"))])
        groups.append([.prune])
        for second in 9..<12 { addSecond(second) }
        addModel(Self.digest("c"))
        groups.append([.confirm("confirmed-2")])
        groups.append([.restart])
        addSecond(12)
        // Long enough for all of it to be packed, however little it is.
        groups.append([.maintain(after: .seconds(2 * 86_400))])
        addSecond(13)
        groups.append([.maintain(after: .seconds(1))])
    }

    private mutating func addUpgrade() {
        groups.append([.declare(Self.tags)])
        groups.append([.maintain(after: .seconds(1))])
        // Other numbers than those of the messages that are there.
        addSecond(21)
        groups.append([.restart])
        addSecond(22)
        groups.append([.maintain(after: .seconds(1))])
        groups.append([.maintain(after: .seconds(31 * 86_400))])
    }

    private mutating func addSecond(_ second: Int) {
        let first = second * 100
        groups.append([
            .messages(numbers: first...first + 3, .numbers), .messages(numbers: first + 10...first + 12, .texts),
            .messages(numbers: first + 20...first + 20, .waveforms(64)),
        ])
        groups.append([.polled(numbers: first + 30...first + 34)])
        groups.append([
            .alert("alert-\(second)", score: first + 40), .messages(numbers: first + 50...first + 52, .numbers),
            .gap("gap-\(second)"),
        ])
        groups.append([.telemetry("telemetry-\(second)")])
        groups.append([
            second.isMultiple(of: 2) ? .take(alert: "alert-\(second)") : .takeBeside(alert: "alert-\(second)")
        ])
        groups.append([.clear(alert: "alert-\(second)")])
        if second % 3 == 1 {
            groups.append([.order(tag: "setpoint-\(second)")])
            groups.append([.executeOrders(tag: "setpoint-\(second)")])
        }
    }

    private mutating func addModel(_ digest: String) {
        for step in [Action.modelFile(digest), .fetched(digest), .proved(digest), .activated(digest)] {
            groups.append([step])
        }
    }

    /// All actions in their order; an action's place is its name in the notes.
    var actions: [Action] { groups.flatMap(\.self) }

    /// How long it waits before a group, however often that is tried.
    static func pause(before group: [Action]) -> Duration {
        group.reduce(.seconds(1)) { sum, action in if case .maintain(let span) = action { sum + span } else { sum } }
    }

    /// What the clock shows at each action.
    var times: [WallTime] {
        var now = Self.start
        return groups.flatMap { group in
            now = now + Self.pause(before: group)
            return group.map { _ in now }
        }
    }

    /// The sample with a number: which tag, how good, and late or not, follows from it.
    static func sample(_ number: Int, _ payload: Payload, of tag: TagID, at now: WallTime, _ monotonic: MonotonicTime)
        -> Sample
    {
        let value: Sample.Value =
            switch payload {
            case .numbers: .number(Double(number))
            case .texts: .text(String(number))
            case .waveforms(let count): .waveform([Float(number)] + Array(repeating: 0, count: count - 1))
            }
        // No two of a tag have the same time: which of them is the first would depend on the order of threads.
        let sourceTime: WallTime? =
            switch number % 15 {
            case 4: nil
            case 2, 7, 12: now + .seconds(-7_200) + .microseconds(number)
            default: now + .microseconds(number)
            }
        return Sample(
            tag: tag, value: value, quality: number % 7 == 3 ? .bad(.timedOut) : .good, sourceTime: sourceTime,
            arrival: now, monotonic: monotonic)
    }

    static func definition(of number: Int, _ payload: Payload) -> TagDefinition {
        switch payload {
        case .numbers: numbers[number % numbers.count]
        case .texts: text
        case .waveforms: waveform
        }
    }
}

/// The bytes that a model file of this digest has.
func modelBytes(_ digest: String) -> [UInt8] { Array(String(repeating: digest, count: 100).utf8) }
