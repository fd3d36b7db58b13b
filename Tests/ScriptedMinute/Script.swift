import Plant
import Store

/// A minute of store work, always the same: groups of actions, those of one group at once.
struct Script: Sendable {
    static let number = TagDefinition(name: "pump-7.speed", unit: "rpm", kind: .number)
    static let text = TagDefinition(name: "pump-7.recipe", unit: "", kind: .text)
    static let waveform = TagDefinition(
        name: "pump-7.vibration", unit: "m/s2", kind: .waveform(samples: 64, rateHertz: 25_600))
    static let tags = [number, text, waveform]
    static let bootID = "scripted"

    /// Small bounds, so that a minute meets all of them.
    static let limits = Limits(
        maximumAge: .seconds(30 * 86_400), maximumBytes: 64 << 20, outboxRows: 40, reserveBytes: 64 << 10, logPages: 60)

    var groups: [[Action]] = []

    private static func digest(_ letter: String) -> String { String(repeating: letter, count: 64) }

    init() {
        groups.append([.declare(Self.tags)])
        for second in 0..<6 { addSecond(second) }
        for letter in ["a", "b"] { addModel(Self.digest(letter)) }
        groups.append([.confirm("confirmed-1")])
        // Enough to be given back to the file system once it is too old.
        for part in 0..<3 {
            groups.append([.messages(numbers: 5_000 + part * 10...5_003 + part * 10, .waveforms(24_000))])
        }
        groups.append([.restart])
        for second in 6..<9 { addSecond(second) }
        groups.append([.maintain(after: .seconds(31 * 86_400))])
        groups.append([.strayFile(Self.digest("f"))])
        groups.append([.prune])
        for second in 9..<12 { addSecond(second) }
        addModel(Self.digest("c"))
        groups.append([.confirm("confirmed-2")])
        groups.append([.restart])
        addSecond(12)
        groups.append([.maintain(after: .seconds(1))])
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
}

/// The bytes that a model file of this digest has.
func modelBytes(_ digest: String) -> [UInt8] { Array(String(repeating: digest, count: 100).utf8) }
