import ArgumentParser
import Inspection
import Pictures
import Plant

struct InspectReview: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "A page that shows what a model makes of parts whose state is known.",
        discussion: """
            Judges the pictures and writes one HTML file that opens anywhere, in English and Chinese: scores of good and bad \
            parts with the threshold between them, what each folder was taken for, rejected good parts, missed bad ones, \
            and others beside their heat maps. Take other pictures than those that were learnt.
            """)

    @Argument(help: "The model that `inspect fit` has made.", completion: .file(extensions: ["mwplan"]))
    var model: String

    @Option(
        help: ArgumentHelp("Folder with pictures of good parts; may be given several times.", valueName: "path"))
    var good: [String] = []

    @Option(
        help: ArgumentHelp(
            "Folder with pictures of bad parts, named by its class; may be given several times.", valueName: "path"))
    var bad: [String] = []

    @Option(help: "Where the page goes.", completion: .file(extensions: ["html"]))
    var output: String

    @Option(help: "Language that the page opens in: en or zh-CN.")
    var language = "en"

    /// Longer side of the small pictures, in pixels.
    private static let side = 240

    func validate() throws {
        guard !good.isEmpty || !bad.isEmpty else { throw ValidationError("expected --good DIR, --bad DIR or both") }
        guard Language(rawValue: language) != nil else {
            let known = Language.allCases.map(\.rawValue).joined(separator: " or ")
            throw ValidationError("--language: expected \(known), found \(language)")
        }
    }

    func run() throws {
        let inspector = try InspectionFile.open(model)
        let progress = ProgressLine()
        defer { progress.end() }
        var parts: [InspectionPage.Part] = []
        for (folders, isGood) in [(good, true), (bad, false)] {
            for folder in folders {
                let label = folder.split(separator: "/").last.map(String.init) ?? folder
                for file in try PictureFiles([folder], option: isGood ? "--good" : "--bad").entries {
                    parts.append(try Self.part(file, label, isGood: isGood, inspector))
                    progress.show { "\(parts.count) pictures looked at" }
                }
            }
        }
        progress.end()
        let page = InspectionPage(model: model, mode: inspector.model.recipe.mode, parts: parts)
        try OutputFile.write(Array(page.html(Language(rawValue: language) ?? .english).utf8), to: output)
        Output.line("\(output): \(parts.count) pictures")
    }

    private static func part(
        _ file: PictureFiles.Entry, _ label: String, isGood: Bool, _ inspector: Inspector
    ) throws -> InspectionPage.Part {
        let (row, shown) = try InspectionRow.judged(file, inspector)
        guard let shown else {
            return InspectionPage.Part(file: file.name, label: label, isGood: isGood, row: row)
        }
        return InspectionPage.Part(
            file: file.name, label: label, isGood: isGood, row: row, picture: PNGEncoder.encode(small(shown.looked)),
            heat: shown.verdict.map.map { map in
                let size = fitted(shown.looked.width, shown.looked.height)
                return HeatMap.png(
                    map.resized(width: size.width, height: size.height), threshold: shown.verdict.mapThreshold)
            })
    }

    private static func small(_ picture: Picture) -> Picture {
        let size = fitted(picture.width, picture.height)
        return picture.resized(width: size.width, height: size.height)
    }

    private static func fitted(_ width: Int, _ height: Int) -> (width: Int, height: Int) {
        let longer = max(width, height)
        return (max(1, width * side / longer), max(1, height * side / longer))
    }
}
