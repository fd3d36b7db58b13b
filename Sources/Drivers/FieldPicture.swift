package import Pictures
package import Plant

/// One picture of one part, as a link took it from the field; nobody has looked into its bytes.
package struct FieldPicture: Sendable {
    /// How the bytes are to be read.
    package enum Encoding: Sendable, Hashable {
        /// PNG, JPEG or BMP: the first bytes say which.
        case file
        /// Pixels alone, as the configuration or the camera says that they lie.
        case raw(RawShape)
    }

    /// Under which name its receipt is kept: the link that it came over, or `LINK/pictures` where a link with samples too has a
    /// connection of its own for pictures.
    package var link: String
    /// Which of the link's pictures it is one of, as ``LinkSettings/pictures`` names them: `press-3.camera`.
    package var stream: String
    package var bytes: [UInt8]
    package var encoding: Encoding
    /// For people and evidence: the file's name, the topic, the number of the frame.
    package var name: String
    /// Which part it shows, where the source says so.
    package var part: String?
    /// When the source says that it was taken; nil when the source gives no time.
    package var sourceTime: WallTime?
    /// When it reached this box.
    package var arrival: WallTime
    /// The same moment on the clock that never steps.
    package var monotonic: MonotonicTime
    /// What identifies it when it is sent again; nil where nobody waits for an acknowledgement.
    package var receipt: MessageReceipt?

    package init(
        link: String, stream: String, bytes: [UInt8], encoding: Encoding = .file, name: String, part: String? = nil,
        sourceTime: WallTime? = nil, arrival: WallTime, monotonic: MonotonicTime, receipt: MessageReceipt? = nil
    ) {
        self.link = link
        self.stream = stream
        self.bytes = bytes
        self.encoding = encoding
        self.name = name
        self.part = part
        self.sourceTime = sourceTime
        self.arrival = arrival
        self.monotonic = monotonic
        self.receipt = receipt
    }
}

/// What became of a picture.
package struct PictureAnswer: Sendable, Hashable {
    package enum Verdict: String, Sendable, Hashable {
        case good, defect
        case notJudged = "not_judged"
        /// Nobody asked for it: no part was announced.
        case notWanted = "not_wanted"
    }

    package var verdict: Verdict
    /// The verdict as one line of JSON, as `millwright inspect run --json` writes it, for a source that waits for an answer.
    package var json: [UInt8]

    package init(verdict: Verdict, json: [UInt8]) {
        self.verdict = verdict
        self.json = json
    }
}

/// Where links put pictures. The verdict is what is kept of a picture, so it is what an acknowledgement means.
package protocol PictureSink: Sendable {
    /// Whether somebody judges pictures of this stream; a source that can wait waits until somebody does.
    func judges(_ stream: String) -> Bool
    /// Returns when the verdict is durable (power may fail right after), with the picture's receipt: the picture may be acknowledged.
    ///
    /// A picture that cannot be judged (damaged, too dark, too late) has a verdict too: `not_judged`. One picture of a stream is judged at a
    /// time; a source that cannot wait keeps only its newest.
    /// - Throws: when the verdict was not stored; the caller must not acknowledge, and may offer the picture again.
    func take(_ picture: FieldPicture) async throws -> PictureAnswer
}

/// A driver whose link can bring pictures of parts, beside samples or alone.
package protocol PictureDriver: FieldDriver {
    /// As ``FieldDriver/run(into:)``, with somebody who judges pictures.
    func run(into sink: any SampleSink, pictures: any PictureSink) async throws
}
