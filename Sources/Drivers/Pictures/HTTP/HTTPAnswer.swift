import Synchronization

/// What a sender is told.
struct HTTPAnswer: Sendable, Hashable {
    var status: UInt32
    /// One line of JSON.
    var body: [UInt8]
    /// `token`, `too_large`; "" for a verdict.
    var code = ""
    /// Whether the same request may succeed a little later.
    var isForNow = false

    /// The verdict on a picture.
    static func verdict(_ json: [UInt8]) -> HTTPAnswer {
        HTTPAnswer(status: 200, body: json.last == 0x0A ? json : json + [0x0A])
    }

    static let notStored = refusal(
        503, "not_stored", "the verdict could not be stored; send it again", isForNow: true)

    static let stopping = refusal(503, "stopping", "the box stops, nothing was judged", isForNow: true)

    /// - Parameter code: stays the same from version to version.
    static func refusal(_ status: UInt32, _ code: String, _ reason: String, isForNow: Bool = false) -> HTTPAnswer {
        let line = "{\"code\":\"http.\(code)\",\"reason\":\"\(escaped(reason))\"}\n"
        return HTTPAnswer(status: status, body: Array(line.utf8), code: code, isForNow: isForNow)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// Answers on their way from those who judge to the thread that sends them.
final class HTTPAnswers: Sendable {
    private struct State {
        var waiting: [(request: Int, answer: HTTPAnswer)] = []
        var isComplete = false
    }

    private let state = Mutex(State())
    let signal: WakeSignal

    init() throws(LinkFailure) { signal = try WakeSignal() }

    /// There are at most as many as there are connections.
    func give(_ answer: HTTPAnswer, to request: Int) {
        state.withLock { $0.waiting.append((request, answer)) }
        signal.raise()
    }

    /// No more are on their way.
    func complete() {
        state.withLock { $0.isComplete = true }
        signal.raise()
    }

    /// - Returns: those that have come, and whether they are the last.
    func take() -> (new: [(request: Int, answer: HTTPAnswer)], isComplete: Bool) {
        signal.clear()
        return state.withLock { state in
            defer { state.waiting = [] }
            return (state.waiting, state.isComplete)
        }
    }
}
