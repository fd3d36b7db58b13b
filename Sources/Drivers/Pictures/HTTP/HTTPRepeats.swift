import Plant

/// Tells a request that comes again by the key that its sender gave it: whoever has lost an answer sends the picture again, and the part
/// must not count twice.
///
/// Verdicts of the newest requests are answered again. Of older ones, and of those before the box started anew, the store knows that
/// there was a verdict.
actor HTTPRepeats {
    /// What to do with a request.
    enum Standing: Equatable {
        case new
        /// It was answered, or cannot be now.
        case answered(HTTPAnswer)
    }

    private struct Known {
        /// Digest of the picture.
        let body: UInt64
        /// Nil while it is judged.
        var answer: HTTPAnswer?
        /// The same request, come again meanwhile: its sender has given the first one up, and waits here.
        var waiting: [CheckedContinuation<HTTPAnswer, Never>] = []
    }

    static let answersKept = 1_000
    /// Twice as many as the store has of a link; when there are more it is asked again.
    private static let storedKept = 131_070

    private let link: String
    private let sink: any SampleSink
    private var known: [MessageReceipt: Known] = [:]
    /// Answered ones, oldest first.
    private var order: [MessageReceipt] = []
    /// With a verdict that is in no answer any more; nil where the store must be asked.
    private var stored: Set<MessageReceipt>?
    /// How often the store may have got a verdict of which nothing is known here.
    private var secrets = 0

    init(link: String, sink: any SampleSink) {
        self.link = link
        self.sink = sink
    }

    /// Waits for the answer to one that is being judged; ``end(_:_:)`` must follow each `.new`.
    ///
    /// - Throws: when the store cannot be asked; the request is then as if it had not come.
    func begin(_ receipt: MessageReceipt, body: UInt64) async throws -> Standing {
        if let before = known[receipt] {
            guard before.body == body else {
                return .answered(.refusal(422, "key", "another picture has come under this key"))
            }
            if let answer = before.answer { return .answered(answer) }
            return .answered(await withCheckedContinuation { known[receipt]?.waiting.append($0) })
        }
        // Before anything is waited for: the same request may come meanwhile.
        known[receipt] = Known(body: body)
        do {
            guard try await isStored(receipt) else { return .new }
        } catch {
            forget(receipt, .notStored)
            throw error
        }
        let answer = HTTPAnswer.refusal(
            409, "known", "the picture of this key has its verdict, which can no longer be said again")
        forget(receipt, answer)
        return .answered(answer)
    }

    /// - Parameter answer: to those who wait for one.
    private func forget(_ receipt: MessageReceipt, _ answer: HTTPAnswer) {
        for waiting in known.removeValue(forKey: receipt)?.waiting ?? [] { waiting.resume(returning: answer) }
    }

    private func isStored(_ receipt: MessageReceipt) async throws -> Bool {
        if let stored { return stored.contains(receipt) }
        let before = secrets
        let found = Set(try await sink.storedReceipts(link: link))
        // What was stored in secret while the store was asked may be missing.
        if before == secrets { stored = found }
        return found.contains(receipt)
    }

    /// - Parameter answer: nil when nothing is known of a verdict; there may be one in the store.
    func end(_ receipt: MessageReceipt, _ answer: HTTPAnswer?) {
        guard let answer else {
            forget(receipt, .notStored)
            stored = nil
            secrets += 1
            return
        }
        for waiting in known[receipt]?.waiting ?? [] { waiting.resume(returning: answer) }
        known[receipt]?.waiting = []
        known[receipt]?.answer = answer
        order.append(receipt)
        while order.count > Self.answersKept {
            let oldest = order.removeFirst()
            known[oldest] = nil
            stored?.insert(oldest)
        }
        if let count = stored?.count, count > Self.storedKept { stored = nil }
    }
}
