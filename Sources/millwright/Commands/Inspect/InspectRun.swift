import ArgumentParser
import Glibc
import Inspection
import Pictures

struct InspectRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Judge pictures with a model that `inspect fit` has made.",
        discussion: """
            One line a picture. A picture that cannot be read or judged says why and does not keep the next one waiting; it \
            is never guessed. With --json each line is an object: file, verdict (good, defect, not_judged), score, threshold, \
            class, boxes (left, top, width and height in pixels of the picture, class, strength), milliseconds from the \
            file's bytes to the verdict, and of what was not judged a reason and its stable code. What is not known is null.

            With --recipe NAME=MODEL, given once for each kind of part, each picture is judged by the recipe that its folder is \
            named like, and the folder stands before the name of the file.

            Exit status 0 when every picture got its line, whatever the verdicts are.
            """)

    @Argument(help: "The model that `inspect fit` has made.", completion: .file(extensions: ["mwplan"]))
    var model: String?

    @Option(
        name: .customLong("recipe"),
        help: ArgumentHelp(
            "A model for the pictures whose folder is named so; in the stead of one model for all.",
            valueName: "name=model"))
    var recipes: [NamedRecipe] = []

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

    func validate() throws {
        guard (model == nil) != recipes.isEmpty else {
            throw ValidationError("expected either a model or --recipe NAME=MODEL for each kind of part")
        }
        let names = recipes.map(\.name)
        guard Set(names).count == names.count else {
            throw ValidationError("--recipe: expected each name once, found \(names.joined(separator: ", "))")
        }
    }

    func run() throws {
        let only = try model.map { try InspectionFile.open($0) }
        var judges: [String: Inspector] = [:]
        for recipe in recipes { judges[recipe.name] = try InspectionFile.open(recipe.model) }
        let files = try PictureFiles(pictures, option: "--pictures")
        if files.passedOver > 0 { Output.error("\(files.passedOver) files that are no pictures are passed over") }
        // Before the first part is judged, every one has somebody who judges it.
        let work = try files.entries.map { file -> (file: PictureFiles.Entry, inspector: Inspector) in
            if let only { return (file, only) }
            guard let own = judges[file.folder] else {
                throw PictureFilesError(
                    "--pictures: expected a folder named like a recipe (\(judges.keys.sorted().joined(separator: ", "))), "
                        + "found \(file.path)")
            }
            return (PictureFiles.Entry(path: file.path, name: "\(file.folder)/\(file.name)"), own)
        }
        if let heatmaps {
            try Self.makeFolder(heatmaps)
            for name in judges.keys { try Self.makeFolder("\(heatmaps)/\(name)") }
        }
        let progress = ProgressLine()
        var counts: [String: Int] = [:]
        for (index, one) in work.enumerated() {
            let row = try judge(one.file, one.inspector)
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
        let (row, shown) = try InspectionRow.judged(file, inspector)
        if let heatmaps, let shown, let map = shown.verdict.map {
            let (width, height) = (shown.looked.width, shown.looked.height)
            let whole = map.width == width && map.height == height ? map : map.resized(width: width, height: height)
            // Evidence is made again from the picture: no need to wait for the disk.
            try OutputFile.write(
                HeatMap.png(whole, threshold: shown.verdict.mapThreshold), to: "\(heatmaps)/\(file.name).png",
                isDurable: false)
        }
        return row
    }
}

/// `NAME=MODEL`, the name as that of a folder.
struct NamedRecipe: ExpressibleByArgument {
    var name: String
    var model: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<sign])
        model = String(argument[argument.index(after: sign)...])
        guard !name.isEmpty, !name.contains("/"), name != ".", name != "..", !model.isEmpty else { return nil }
    }
}
