import Host
import Inspection
import Pictures
import Plant

/// What is printed of one picture.
struct InspectionRow: Encodable {
    struct Place: Encodable {
        var left: Int
        var top: Int
        var width: Int
        var height: Int
        var strength: Double
        var name: String?

        enum CodingKeys: String, CodingKey {
            case left, top, width, height, strength
            case name = "class"
        }

        init(_ place: PartVerdict.Place) {
            left = place.box.left
            top = place.box.top
            width = place.box.right - place.box.left
            height = place.box.bottom - place.box.top
            strength = place.strength
            name = place.name
        }
    }

    var file: String
    var verdict: String
    var score: Double?
    var threshold: Double?
    var name: String?
    var boxes: [Place]
    var milliseconds: Double
    var reason: String?
    var code: String?

    enum CodingKeys: String, CodingKey {
        case file, verdict, score, threshold, boxes, milliseconds, reason, code
        case name = "class"
    }

    init(_ file: String, _ found: PartVerdict, threshold: Double, took: Duration) {
        self.file = file
        score = found.score
        self.threshold = threshold
        name = found.name
        boxes = found.places.map(Place.init)
        milliseconds = (took.inSeconds * 1e5).rounded() / 100
        switch found.outcome {
        case .good: verdict = "good"
        case .defect: verdict = "defect"
        case .notJudged(let why):
            verdict = "not_judged"
            (reason, code) = ("\(why)", why.code)
        }
    }

    init(unreadable file: String, _ error: UnreadablePicture, took: Duration) {
        self.file = file
        verdict = "not_judged"
        boxes = []
        milliseconds = (took.inSeconds * 1e5).rounded() / 100
        (reason, code) = (error.description, error.code)
    }

    /// Reads and judges a picture; a picture that cannot be read is a row with the reason.
    ///
    /// - Returns: what was looked at besides, where it was judged.
    static func judged(_ file: PictureFiles.Entry, _ inspector: Inspector) throws -> (
        row: InspectionRow, shown: (verdict: PartVerdict, looked: Picture)?
    ) {
        let clock = SystemClock()
        let start = clock.monotonic()
        let recipe = inspector.model.recipe
        let picture: Picture
        do throws(UnreadablePicture) {
            picture = try PictureFiles.read(file.path, as: recipe.mode == .template ? .grey : .asStored)
        } catch { return (InspectionRow(unreadable: file.name, error, took: clock.monotonic() - start), nil) }
        let verdict = try inspector.judge(picture)
        let row = InspectionRow(
            file.name, verdict, threshold: recipe.threshold.value, took: clock.monotonic() - start)
        return (row, verdict.looked.map { (verdict, $0) })
    }

    /// Every key stands there, with null for what is not known.
    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(file, forKey: .file)
        try values.encode(verdict, forKey: .verdict)
        try values.encode(score, forKey: .score)
        try values.encode(threshold, forKey: .threshold)
        try values.encode(name, forKey: .name)
        try values.encode(boxes, forKey: .boxes)
        try values.encode(milliseconds, forKey: .milliseconds)
        try values.encode(reason, forKey: .reason)
        try values.encode(code, forKey: .code)
    }

    /// For people.
    var words: String { Format.oneLine(line) }

    private var line: String {
        guard let score, let threshold else { return "not judged        \(file)  \(reason ?? "")" }
        let ratio = Format.fixed(score / threshold, 2)
        // A place has a name of its own where it is not the part's.
        let places = boxes.map { box in
            let own = box.name.flatMap { $0 == name ? nil : "\($0) " } ?? ""
            return "\(own)\(box.width) x \(box.height) at \(box.left),\(box.top)"
        }
        let found = ([name].compactMap { $0 } + places.prefix(3)).joined(separator: ", ")
        let more = places.count > 3 ? " and \(places.count - 3) more" : ""
        let word = verdict == "good" ? "good      " : "DEFECT    "
        return "\(word)\(ratio) x  \(file)\(found.isEmpty ? "" : "  \(found)\(more)")"
    }
}
