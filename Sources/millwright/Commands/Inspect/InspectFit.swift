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

            With --pack surface-inspection a network looks at good parts, and what it sees of them is kept: a part is bad where it looks \
            like nothing that good ones have shown. At least 5 pictures, better 20 to 200. Each is judged by what was \
            learnt from the others; from these scores follows the threshold.

            With --classes DIR, a folder with a folder for each class of labelled pictures, the network learns to tell them \
            apart besides. One of the classes is the good one (--good-class). What is like none of them is called unknown.

            Pictures among the good ones that look like defects are listed and not learnt.
            """)

    @Option(help: "Picture of the golden part.", completion: .file())
    var template: String?

    @Option(
        help: """
            Solution pack whose network looks at parts, as surface-inspection: its folder, or its name where it lies in \
            solutions/ or was installed with this program.
            """, completion: .directory)
    var pack: String?

    @Option(
        help: "Plan of the network that looks at parts, where it is not a pack's.",
        completion: .file(extensions: ["mwplan"]))
    var network: String?

    @Option(
        help: ArgumentHelp(
            "Folder with pictures of good parts, or one picture; may be given several times.", valueName: "path"))
    var good: [String] = []

    @Option(help: "Folder with a folder for each labelled class; with --pack or --network.", completion: .directory)
    var classes: String?

    @Option(help: "Name of the class of good parts; with --classes.")
    var goodClass = "good"

    @Option(help: "Where the model goes.", completion: .file(extensions: ["mwplan"]))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The only part of each picture that is looked at, in pixels.", valueName: "left,top,width,height"))
    var region: PictureRegion?

    @Option(
        help: """
            Share of good parts that may be rejected, 0.0001 to 0.2; 0.01 unless given, and with --classes a part is then what \
            it looks like most.
            """)
    var falseRejects: Double?

    @Option(
        help:
            "Picture of the region's size, black where nothing counts, as at a serial number.",
        completion: .file())
    var mask: String?

    @Option(
        help: ArgumentHelp(
            "Of a print with two levels, which of them is the print; then what a defect does to it gets a name.",
            valueName: "dark|bright"))
    var print: PrintedLevel?

    @Option(help: "Pixels that a box reaches beyond what differs, 0 to 256; with --template.")
    var boxMargin = 2

    @Option(
        help: """
            Picture of a part that lies as all should: before the network looks at a part, it is turned and shifted to lie so \
            too; with --pack or --network.
            """, completion: .file())
    var align: String?

    @Option(help: "Largest turn of a part that is still found, 0 to 45 degrees; with --template or --align.")
    var turn = 5.0

    @Option(help: "Places of good parts that are kept of each size, 16 to 20000; with --pack or --network.")
    var memory = 4_096

    @Flag(help: "Print what was learnt as JSON.")
    var json = false

    private static let usualBudget = 0.01

    func validate() throws {
        guard template != nil || pack != nil || network != nil else {
            throw ValidationError("expected --pack NAME, or --template FILE for parts that look alike to a pixel")
        }
        guard network == nil || (template == nil && pack == nil) else {
            throw ValidationError("--network: expected neither --template nor --pack with it")
        }
        if template != nil {
            guard classes == nil else { throw ValidationError("--classes: expected no --template with it") }
        } else {
            guard good.isEmpty == (classes != nil) else {
                throw ValidationError("expected either --good DIR or --classes DIR, to learn from")
            }
        }
        guard template != nil || print == nil else { throw ValidationError("--print: expected --template too") }
        guard template == nil || align == nil else {
            throw ValidationError("--align: expected no --template with it, which finds the part by itself")
        }
        if let falseRejects, !(0.0001...0.2).contains(falseRejects) {
            throw ValidationError("--false-rejects: expected 0.0001 to 0.2, found \(falseRejects)")
        }
        guard (0...256).contains(boxMargin) else {
            throw ValidationError("--box-margin: expected 0 to 256, found \(boxMargin)")
        }
        guard (0...45).contains(turn) else { throw ValidationError("--turn: expected 0 to 45, found \(turn)") }
        guard (16...20_000).contains(memory) else {
            throw ValidationError("--memory: expected 16 to 20000, found \(memory)")
        }
    }

    func run() throws {
        if let template { return try compare(with: template) }
        guard let network = try network ?? pack.map({ try InspectionPack(named: $0).network }) else { return }
        if let classes { return try tellApart(classes, with: network) }
        try remember(with: network)
    }

    private func compare(with template: String) throws {
        var settings = TemplateComparison.Settings()
        settings.boxMargin = boxMargin
        settings.alignment.degrees = turn
        settings.print = print?.print
        var fit = try TemplateFit(
            golden: try Self.picture(template), region: region?.box, mask: try mask.map(Self.picture),
            settings: settings)
        var report = FitReport(mode: .template)
        try each(goodPictures(), &report, as: .grey) { picture, name in
            if case .notUsed(let reason) = try fit.add(picture, name: name) { "\(reason)" } else { nil }
        }
        let budget = falseRejects ?? Self.usualBudget
        let (fitted, outliers) = fit.finish(budget: budget)
        try finish(fitted, outliers, &report, network: nil, budget: budget)
    }

    private func remember(with network: String) throws {
        var settings = GoodOnlyFit.Settings()
        settings.memoryRows = memory
        settings.sight = try sight()
        var fit = GoodOnlyFit(try InspectionFile.network(network), settings: settings)
        var report = FitReport(mode: .goodOnly)
        try each(goodPictures(), &report, as: .asStored) { picture, name in
            guard fit.count < GoodOnlyFit.mostPictures else { return "\(GoodOnlyFit.mostPictures) are enough" }
            try fit.add(picture, name: name)
            return nil
        }
        report.alignment = .init(fit.placed)
        let budget = falseRejects ?? Self.usualBudget
        let (fitted, outliers) = try Self.saying(report.not_used) { try fit.finish(budget: budget) }
        try finish(fitted, outliers, &report, network: network, budget: budget)
    }

    private func tellApart(_ folder: String, with network: String) throws {
        let names = try DirectoryListing.names(in: folder).filter { DirectoryListing.isDirectory("\(folder)/\($0)") }
        guard let goodNumber = names.firstIndex(of: goodClass) else {
            throw PictureFilesError(
                "--classes: expected a folder \(goodClass) in \(folder) (--good-class says another name), "
                    + "found \(names.isEmpty ? "no folder" : names.joined(separator: ", "))")
        }
        var settings = ClassesFit.Settings()
        settings.memoryRows = memory
        settings.sight = try sight()
        var fit = try ClassesFit(
            try InspectionFile.network(network), names: names, good: goodNumber, settings: settings)
        var report = FitReport(mode: .classes)
        let files = try names.map { try PictureFiles(["\(folder)/\($0)"], option: "--classes").entries }
        for ((label, own), most) in zip(files.enumerated(), ClassesFit.used(of: files.map(\.count))) {
            for file in own.dropFirst(most) {
                report.not_used.append(.init(file: file.name, reason: "\(ClassesFit.mostPictures) pictures are enough"))
            }
            try each(Array(own.prefix(most)), &report, as: .asStored) { picture, file in
                try fit.add(picture, name: file, label: label)
                return nil
            }
        }
        report.alignment = .init(fit.placed)
        let (fitted, outliers, confusion) = try Self.saying(report.not_used) { try fit.finish(budget: falseRejects) }
        report.take(confusion)
        try finish(fitted, outliers, &report, network: network, budget: falseRejects)
    }

    private func sight() throws -> SightSettings {
        var sight = SightSettings()
        sight.region = region?.box
        sight.mask = try mask.map(Self.picture)
        sight.reference = try align.map(Self.picture)
        sight.limits.degrees = turn
        return sight
    }

    private func goodPictures() throws -> [PictureFiles.Entry] {
        good.isEmpty ? [] : try PictureFiles(good, option: "--good").entries
    }

    /// Hands over one picture after the other; what cannot be read is noted, and the next one is its turn.
    ///
    /// - Parameter use: says why a picture is not used; nil for one that is.
    private func each(
        _ files: [PictureFiles.Entry], _ report: inout FitReport, as channels: PictureDecoder.Channels,
        _ use: (Picture, String) throws -> String?
    ) throws {
        let progress = ProgressLine()
        defer { progress.end() }
        for (index, file) in files.enumerated() {
            progress.show { "\(index + 1) of \(files.count) pictures" }
            do {
                if let reason = try use(try PictureFiles.read(file.path, as: channels), file.name) {
                    report.not_used.append(.init(file: file.name, reason: reason))
                }
            } catch let error as UnreadablePicture {
                report.not_used.append(.init(file: file.name, reason: error.description))
            } catch InspectionError.pictures(let expected, let found) {
                report.not_used.append(.init(file: file.name, reason: "expected \(expected), found \(found)"))
            }
        }
    }

    /// Where too few pictures were left, why the others were not used is what must be known.
    private static func saying<Fitted>(_ notUsed: [FitReport.NotUsed], _ fit: () throws -> Fitted) throws -> Fitted {
        do { return try fit() } catch InspectionError.pictures(let expected, let found) where !notUsed.isEmpty {
            let reasons = Dictionary(grouping: notUsed, by: \.reason).sorted {
                ($1.value.count, $0.key) < ($0.value.count, $1.key)
            }
            let shown = reasons.prefix(3).map { reason, files in
                files[0].file + (files.count == 1 ? "" : " and \(files.count - 1) others") + ": \(reason)"
            }
            throw PictureFilesError(
                Format.oneLine(
                    "expected \(expected), found \(found); not used: " + shown.joined(separator: "; ")
                        + (reasons.count > shown.count ? "; and others" : "")))
        }
    }

    private func finish(
        _ fitted: InspectionModel, _ outliers: [(name: String, score: Double)], _ report: inout FitReport,
        network: String?, budget: Double?
    ) throws {
        report.outliers = outliers.map { .init(file: $0.name, score: $0.score) }
        try InspectionFile.write(fitted, network: network, to: output)
        report.complete(fitted, budget: budget, file: output, digest: try Digest.ofFile(output).digest.hex)
        if json { try JSONOutput.print(report) } else { Output.line(report.words) }
    }

    private static func picture(_ path: String) throws -> Picture {
        do throws(UnreadablePicture) { return try PictureFiles.read(path, as: .grey) } catch {
            throw PictureFilesError("\(path): \(error)")
        }
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
