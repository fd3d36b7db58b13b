import ArgumentParser
import Inspection
import Pictures
import Trust

struct InspectFit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit", abstract: "Learn from pictures of good parts what a bad one is.",
        discussion: """
            With --template every part is compared with a golden one: placed to a part of a pixel, its light fitted, then \
            pixel by pixel. Pictures of good parts say how much they differ from it, and how light and focus may be. Without \
            any, usual limits are taken.

            Pictures among the good ones that look like defects are listed and not learnt.
            """)

    @Option(help: "Picture of the golden part.", completion: .file())
    var template: String?

    @Option(
        help: ArgumentHelp(
            "Folder with pictures of good parts, or one picture; may be given several times.", valueName: "path"))
    var good: [String] = []

    @Option(help: "Where the model goes.", completion: .file(extensions: ["mwplan"]))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The only part of each picture that is looked at, in pixels.", valueName: "left,top,width,height"))
    var region: PictureRegion?

    @Option(
        help: "Picture of the region's size, black where differences do not count, as at a serial number.",
        completion: .file())
    var mask: String?

    @Option(help: "Share of good parts that may be rejected, 0.0001 to 0.2.")
    var falseRejects = 0.01

    @Option(
        help: ArgumentHelp(
            "Of a print with two levels, which of them is the print; then what a defect does to it gets a name.",
            valueName: "dark|bright"))
    var print: PrintedLevel?

    @Option(help: "Pixels that a box reaches beyond what differs, 0 to 256.")
    var boxMargin = 2

    @Option(help: "Largest turn of a part that is still found, 0 to 45 degrees.")
    var turn = 5.0

    @Flag(help: "Print what was learnt as JSON.")
    var json = false

    func validate() throws {
        guard (0.0001...0.2).contains(falseRejects) else {
            throw ValidationError("--false-rejects: expected 0.0001 to 0.2, found \(falseRejects)")
        }
        guard (0...256).contains(boxMargin) else {
            throw ValidationError("--box-margin: expected 0 to 256, found \(boxMargin)")
        }
        guard (0...45).contains(turn) else { throw ValidationError("--turn: expected 0 to 45, found \(turn)") }
        guard template != nil else { throw ValidationError("expected --template FILE") }
    }

    func run() throws {
        guard let template else { return }
        var settings = TemplateComparison.Settings()
        settings.boxMargin = boxMargin
        settings.alignment.degrees = turn
        settings.print = print?.print
        var fit = try TemplateFit(
            golden: try Self.picture(template), region: region?.box, mask: try mask.map(Self.picture),
            settings: settings)
        var report = FitReport(mode: .template)
        let files = good.isEmpty ? [] : try PictureFiles(good, option: "--good").entries
        let progress = ProgressLine()
        for (index, file) in files.enumerated() {
            progress.show { "\(index + 1) of \(files.count) good pictures" }
            do throws(UnreadablePicture) {
                let outcome = fit.add(try PictureFiles.read(file.path, as: .grey), name: file.name)
                if case .notUsed(let reason) = outcome {
                    report.not_used.append(.init(file: file.name, reason: "\(reason)"))
                }
            } catch { report.not_used.append(.init(file: file.name, reason: error.description)) }
        }
        progress.end()
        let (fitted, outliers) = fit.finish(budget: falseRejects)
        report.outliers = outliers.map { .init(file: $0.name, score: $0.score) }
        try InspectionFile.write(fitted, to: output)
        report.complete(fitted, file: output, digest: try Digest.ofFile(output).digest.hex)
        if json { try JSONOutput.print(report) } else { Output.line(report.words) }
    }

    private static func picture(_ path: String) throws -> Picture {
        do throws(UnreadablePicture) { return try PictureFiles.read(path, as: .grey) } catch {
            throw PictureFilesError("\(path): \(error)")
        }
    }
}

/// What `inspect fit` says about what it has learnt.
struct FitReport: Encodable {
    struct NotUsed: Encodable {
        var file: String
        var reason: String
    }
    struct Outlier: Encodable {
        var file: String
        var score: Double
    }

    var mode: String
    var model = ""
    var sha256 = ""
    var bytes = 0
    var threshold = 0.0
    var good_pictures = 0
    var largest_good = 0.0
    var false_reject_budget = 0.0
    /// Pictures that could not be read or judged.
    var not_used: [NotUsed] = []
    /// Pictures that look like defects among the good ones.
    var outliers: [Outlier] = []

    init(mode: InspectionRecipe.Mode) { self.mode = mode.rawValue }

    mutating func complete(_ fitted: InspectionModel, file: String, digest: String) {
        model = file
        sha256 = digest
        threshold = fitted.recipe.threshold.value
        good_pictures = fitted.recipe.threshold.goodPictures
        largest_good = fitted.recipe.threshold.largestGood
        false_reject_budget = fitted.recipe.threshold.falseRejectBudget
    }

    var words: String {
        var rows = [
            ["model", model], ["sha256", sha256],
            [
                "threshold",
                "\(Format.fixed(threshold, 3)), for \(Format.fixed(false_reject_budget * 100, 2)) % false rejects",
            ],
            [
                "learnt from",
                good_pictures == 0
                    ? "the golden part alone: usual limits"
                    : "\(good_pictures) good pictures, the largest score \(Format.fixed(largest_good, 3))",
            ],
        ]
        for one in not_used { rows.append(["not used", "\(one.file): \(one.reason)"]) }
        for one in outliers {
            rows.append(["not learnt", "\(one.file): score \(Format.fixed(one.score, 3)), it looks like a defect"])
        }
        return Format.table(rows)
    }
}

/// `left,top,width,height`.
struct PictureRegion: ExpressibleByArgument {
    var box: Box

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 4, let left = numbers[0], let top = numbers[1], let width = numbers[2],
            let height = numbers[3], left >= 0, top >= 0, (1...PictureLimits.sidePixels).contains(width),
            (1...PictureLimits.sidePixels).contains(height), left <= PictureLimits.sidePixels,
            top <= PictureLimits.sidePixels
        else { return nil }
        box = Box(left: left, top: top, right: left + width, bottom: top + height)
    }
}

/// Which level of a print is the print.
enum PrintedLevel: String, ExpressibleByArgument, CaseIterable {
    case dark, bright

    var print: TemplateComparison.Print { self == .dark ? .dark : .bright }
}
