import ArgumentParser
import Glibc
import Host
import Inspection
import Pictures
import Plant

struct InspectRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Judge pictures with a model that `inspect fit` has made.",
        discussion: """
            One line a picture. A picture that cannot be read or judged says why and does not keep the next one waiting; it \
            is never guessed. With --json each line is an object: file, verdict (good, defect, not_judged), score, threshold, \
            class, boxes (left, top, width and height in pixels of the picture, class, strength), milliseconds from the \
            file's bytes to the verdict, and of what was not judged a reason and its stable code. What is not known is null.

            Exit status 0 when every picture got its line, whatever the verdicts are.
            """)

    @Argument(help: "The model that `inspect fit` has made.", completion: .file(extensions: ["mwplan"]))
    var model: String

    @Option(
        help: ArgumentHelp(
            "Folder with pictures (PNG, JPEG, BMP), or one picture; may be given several times.", valueName: "path"))
    var pictures: [String]

    @Flag(help: "One JSON object a picture.")
    var json = false

    @Option(
        help: """
            Folder for heat maps: NAME.png for each picture that was judged, of the size of what was looked at; bytes of 128 \
            and more lie above the threshold.
            """, completion: .directory)
    var heatmaps: String?

    func run() throws {
        let inspector = try InspectionFile.open(model)
        let files = try PictureFiles(pictures, option: "--pictures")
        if files.passedOver > 0 { Output.error("\(files.passedOver) files that are no pictures are passed over") }
        if let heatmaps { try Self.makeFolder(heatmaps) }
        let progress = ProgressLine()
        var counts: [String: Int] = [:]
        for (index, file) in files.entries.enumerated() {
            let row = try judge(file, inspector)
            counts[row.verdict, default: 0] += 1
            progress.end()
            if json { try JSONOutput.line(row) } else { Output.line(row.words) }
            progress.show { "\(index + 1) of \(files.entries.count)" }
        }
        progress.end()
        guard !json else { return }
        Output.line(
            "\(files.entries.count) pictures: \(counts["good", default: 0]) good, \(counts["defect", default: 0]) defect, "
                + "\(counts["not_judged", default: 0]) not judged")
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o755) == 0 || DirectoryListing.isDirectory(path) else {
            throw OutputFileError(path: path, reason: String(cString: strerror(errno)))
        }
    }

    private func judge(_ file: PictureFiles.Entry, _ inspector: Inspector) throws -> InspectionRow {
        let clock = SystemClock()
        let start = clock.monotonic()
        let picture: Picture
        do throws(UnreadablePicture) {
            picture = try PictureFiles.read(file.path, as: inspector.model.recipe.mode == .template ? .grey : .asStored)
        } catch {
            return InspectionRow(unreadable: file.name, error, took: clock.monotonic() - start)
        }
        let verdict = try inspector.judge(picture)
        let threshold = inspector.model.recipe.threshold.value
        let row = InspectionRow(file.name, verdict, threshold: threshold, took: clock.monotonic() - start)
        if let heatmaps, let map = verdict.map {
            let looked = inspector.model.recipe.region.map { ($0.right - $0.left, $0.bottom - $0.top) }
            let (width, height) = looked ?? (picture.width, picture.height)
            let shown = map.width == width && map.height == height ? map : map.resized(width: width, height: height)
            // Evidence is made again from the picture: no need to wait for the disk.
            try OutputFile.write(
                HeatMap.png(shown, threshold: verdict.mapThreshold), to: "\(heatmaps)/\(file.name).png",
                isDurable: false)
        }
        return row
    }
}

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
    var words: String {
        guard let score, let threshold else { return "not judged        \(file)  \(reason ?? "")" }
        let ratio = Format.fixed(score / threshold, 2)
        let places = boxes.map { "\($0.name.map { "\($0) " } ?? "")\($0.width) x \($0.height) at \($0.left),\($0.top)" }
        let found = ([name].compactMap { $0 } + places.prefix(3)).joined(separator: ", ")
        let more = places.count > 3 ? " and \(places.count - 3) more" : ""
        let word = verdict == "good" ? "good      " : "DEFECT    "
        return "\(word)\(ratio) x  \(file)\(found.isEmpty ? "" : "  \(found)\(more)")"
    }
}
