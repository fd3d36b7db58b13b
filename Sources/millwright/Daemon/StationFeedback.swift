import FoundationEssentials
import Inspection
import Plant
import Store

/// What people have said of parts of one station, and what holds: one value by name in the store, because it is a short list that
/// is always read and written as a whole.
struct StationFeedback: Codable, Hashable, Sendable {
    struct Word: Codable, Hashable, Sendable {
        var id: Int
        var isGood: Bool
        var part: String?
        /// Which of the station's models judged it; "" where there is one.
        var recipe: String
        /// Its picture, in the store's folder; kept as long as the word holds.
        var file: String
        var by: String
        var at: String
    }

    /// Oldest first.
    var words: [Word] = []
    var nextID = 1

    /// More words than this are a new fit.
    static let limit = 100

    static func key(_ station: String) -> String { "station.\(station).feedback" }

    /// Of the first, second, ... list that could not be read, and was put aside.
    static func keyAside(_ station: String, _ number: Int) -> String { "\(key(station)).aside.\(number)" }

    /// Folder of the pictures, under the store's: with a folder `good` and one `bad`, as `inspect fit --classes` takes it.
    static func folder(_ station: String) -> String { "\(StoreFolder.feedback.rawValue)/\(station)" }

    init() {}

    /// - Parameter text: nil where nobody has said anything.
    init(text: String?) throws(UnreadableFeedback) {
        guard let text else {
            self.init()
            return
        }
        do { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) } catch {
            throw UnreadableFeedback(
                description: "expected a list of words, found \(text.utf8.count) bytes of something else")
        }
        // A store may come from a backup of somebody else: its words must name no other files than theirs.
        if let word = words.first(where: { !StoreFolder.holds($0.file) }) {
            throw UnreadableFeedback(
                description:
                    "word \(word.id): expected a picture in the folder feedback of the store, found another file")
        }
    }

    /// The same list gives the same text.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Why what was said of parts of a station cannot be used.
struct UnreadableFeedback: Error, Hashable, CustomStringConvertible {
    var description: String
}

extension FeedbackFit.Effect {
    /// For people.
    var words: String {
        switch self {
        case .none: "the model said so already"
        case .remembered(let places): "\(places) places more are known as good"
        case .threshold(let before, let after):
            "threshold from \(Format.fixed(before, 3)) to \(Format.fixed(after, 3))"
        case .limited(let limit): "the threshold is at its limit, \(Format.fixed(limit, 3)): fit again"
        case .notJudged(let reason): "without effect: \(reason)"
        }
    }
}
