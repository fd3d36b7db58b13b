package import Plant

/// A message that could not be used, or only in part: what somebody who looks for the reason needs to see of it.
package struct RejectedPayload: Hashable, Sendable {
    package var at: WallTime
    /// Printable, and shortened where it is long.
    package var topic: String
    /// The name in the counters: `json`, `missing`, `wrong_length`.
    package var cause: String
    /// The tag that got no value; nil where none of the message did.
    package var tag: String?
    /// Bytes from the beginning to what is wrong; nil where that is no single place.
    package var place: Int?
    package var bytes: Int
    /// Some of the payload, around the place or from the beginning, with what is not printable as `\xNN`.
    package var excerpt: String

    /// A link keeps this many, the newest.
    static let kept = 5
    /// Bytes of a payload that are shown, and of a topic.
    private static let excerptBytes = 48
    private static let topicBytes = 80

    // SAFETY: the message's bytes are read during the call only.
    init(_ message: ReceivedMessage, cause: String, tag: String? = nil, place: Int? = nil) {
        at = message.arrival
        self.topic = Self.printable(message.topic, 0, Self.topicBytes)
        self.cause = cause
        self.tag = tag
        self.place = place
        bytes = message.payloadBytes
        let start = place.map { $0 < Self.excerptBytes ? 0 : $0 - Self.excerptBytes / 2 } ?? 0
        excerpt = Self.printable(message.payload, min(start, message.payload.count), Self.excerptBytes)
    }

    /// Of a picture that nobody can judge.
    ///
    /// - Parameters:
    ///   - name: of the file, or where it came from.
    ///   - bytes: how large it is.
    ///   - start: its first bytes, as far as they were read.
    init(at time: WallTime, picture name: String, cause: String, bytes: Int, start: [UInt8] = []) {
        at = time
        topic = Array(name.utf8).withUnsafeBytes { Self.printable($0, 0, Self.topicBytes) }
        self.cause = cause
        self.bytes = bytes
        excerpt = start.withUnsafeBytes { Self.printable($0, 0, Self.excerptBytes) }
    }

    private static func printable(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> String {
        let end = min(bytes.count, start + count)
        var text = start > 0 ? "..." : ""
        for byte in bytes[start..<end] {
            if (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return end < bytes.count ? text + "..." : text
    }
}

/// The newest rejected messages of a link: not each of a flood, which would cost more than the flood itself.
struct RejectionLog {
    /// Between one that is looked at and the next.
    private static let pause: Int64 = 100_000_000

    private var new: [RejectedPayload] = []
    private var latest: MonotonicTime?

    /// Whether one that comes now is looked at.
    mutating func isWanted(at time: MonotonicTime) -> Bool {
        if let latest, time.nanoseconds - latest.nanoseconds < Self.pause { return false }
        latest = time
        return true
    }

    mutating func append(_ rejected: RejectedPayload) {
        new.append(rejected)
        if new.count > RejectedPayload.kept { new.removeFirst() }
    }

    /// Those since the last call.
    mutating func take() -> [RejectedPayload] {
        guard !new.isEmpty else { return [] }
        defer { new = [] }
        return new
    }
}
