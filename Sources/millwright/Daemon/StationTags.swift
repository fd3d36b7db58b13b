import Plant

/// What a tag said of late, so that a picture that comes a little after the next part is still known by its own.
struct TagMemory {
    private struct Entry {
        var at: MonotonicTime
        var text: String?
    }

    /// Parts whose pictures can be on their way at a time.
    private static let limit = 16
    private var entries: [Entry] = []

    /// - Parameter at: when it came, on this boot's clock.
    mutating func take(_ sample: Sample, at time: MonotonicTime) {
        entries.append(Entry(at: time, text: sample.quality.isGood ? sample.value.label : nil))
        if entries.count > Self.limit { entries.removeFirst() }
    }

    /// What it said at a time: nil before its first value, after a bad one, and of a value that is too old by then.
    func value(at time: MonotonicTime, maximumAge: Duration?) -> String? {
        guard let entry = entries.last(where: { $0.at <= time }), let text = entry.text else { return nil }
        if let maximumAge, time - entry.at > maximumAge { return nil }
        return text
    }
}

extension Sample.Value {
    /// As a name of a part or a recipe: a whole number without a decimal point, a text without blanks around it.
    var label: String? {
        switch self {
        case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        case .text(let text):
            text.isEmpty
                ? nil : String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        case .waveform, .none: nil
        }
    }
}

/// Parts that were announced and whose picture has not come yet.
///
/// Values that come a second time, because the store refused their batch, announce nothing.
struct AnnouncedParts {
    /// More parts than lie between a light barrier and a camera: a trigger that bounces must not fill the store.
    private static let limit = 16

    private let trigger: StationDefinition.Trigger
    private var last: Sample.Value?
    /// Values that were taken, and come again in this order.
    private var again: [Sample.Value] = []
    /// When each was announced, oldest first.
    private(set) var waiting: [MonotonicTime] = []
    /// Not followed, because so many wait already.
    private(set) var dropped = 0

    init(_ trigger: StationDefinition.Trigger) { self.trigger = trigger }

    /// The first value after a start only says how things are.
    mutating func take(_ sample: Sample) {
        guard sample.quality.isGood else { return }
        defer { last = sample.value }
        if let expected = again.first {
            again.removeFirst()
            guard expected != sample.value else { return }
            // They were lost on the way, and this is a new one.
            again = []
        }
        guard let last, isEdge(from: last, to: sample.value) else { return }
        guard waiting.count < Self.limit else { return dropped += 1 }
        waiting.append(sample.monotonic)
    }

    /// The store has refused these values, which were taken: whoever brought them brings them again.
    mutating func expect(again samples: [Sample]) {
        again += samples.filter(\.quality.isGood).map(\.value)
        if again.count > Self.mostAgain { again = [] }
    }

    /// Of a trigger that is read a thousand times a second, what the store may refuse at once.
    private static let mostAgain = 100_000

    private func isEdge(from old: Sample.Value, to new: Sample.Value) -> Bool {
        switch trigger.edge {
        case .change: old != new
        case .rise: old == .number(0) && new != .number(0)
        }
    }

    /// The part that a picture of this time shows: the first that waits for one.
    ///
    /// - Returns: when it was announced; nil for a picture that nobody waits for.
    mutating func claim(pictureAt time: MonotonicTime) -> MonotonicTime? {
        guard let index = waiting.firstIndex(where: { $0 <= time && time <= $0 + trigger.within }) else { return nil }
        return waiting.remove(at: index)
    }

    /// The parts whose picture will not come any more.
    mutating func expire(at time: MonotonicTime) -> [MonotonicTime] {
        let count = waiting.firstIndex { time <= $0 + trigger.within } ?? waiting.count
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }
}
