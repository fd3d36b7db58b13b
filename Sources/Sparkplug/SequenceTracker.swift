/// Puts the messages of one edge node into the order of their sequence numbers, 0...255 round and round.
///
/// - Source: Sparkplug 3.0, 5.3 and 6.4.3: a host waits for a message that is late, and then asks for a rebirth.
package struct SequenceTracker<Message> {
    /// Held at most while one is missing: more have come meanwhile than a network reorders.
    package static var maxHeld: Int { 64 }

    package enum Outcome {
        /// It is next, and these follow it.
        case ready([Message])
        /// Kept until the missing one comes.
        case held
        /// One that was seen already, or was given up.
        case late
        /// Too many are missing: these are what there is, and something between them is lost.
        case gap([Message])
    }

    private var expected: UInt8
    private var held: [UInt8: Message] = [:]

    /// - Parameter first: the number of the birth.
    package init(after first: UInt8) { expected = first &+ 1 }

    /// Whether a message is missing.
    package var isWaiting: Bool { !held.isEmpty }

    /// - Parameter message: made only when it has to be kept.
    package mutating func take(number: UInt8, _ message: () -> Message) -> Outcome {
        let distance = number &- expected
        if distance == 0 {
            expected &+= 1
            return .ready(held.isEmpty ? [] : follow())
        }
        guard distance < 128, held[number] == nil else { return .late }
        held[number] = message()
        guard held.count >= Self.maxHeld else { return .held }
        return .gap(giveUp())
    }

    /// Stops to wait: what is held, in order.
    package mutating func giveUp() -> [Message] {
        let order = held.keys.sorted { $0 &- expected < $1 &- expected }
        let messages = order.compactMap { held[$0] }
        if let last = order.last { expected = last &+ 1 }
        held = [:]
        return messages
    }

    private mutating func follow() -> [Message] {
        var messages: [Message] = []
        while let next = held.removeValue(forKey: expected) {
            messages.append(next)
            expected &+= 1
        }
        return messages
    }
}
