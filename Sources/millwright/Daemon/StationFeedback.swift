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

    /// Folder of the pictures, under the store's: with a folder `good` and one `bad`, as `inspect fit --classes` takes it.
    static func folder(_ station: String) -> String { "\(StoreFolder.feedback.rawValue)/\(station)" }

    init() {}

    /// - Returns: nil for a text of another kind.
    init?(text: String?) {
        guard let text else {
            self.init()
            return
        }
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
        // A store may come from a backup of somebody else: its words must name no other files than theirs.
        guard read.words.allSatisfy({ StoreFolder.holds($0.file) }) else { return nil }
        self = read
    }

    /// The same list gives the same text.
    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
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
