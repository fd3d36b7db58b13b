import ArgumentParser
import FoundationEssentials
import Glibc
import Host
import Plant
import Store

/// Says that a part was judged wrongly, through the store, whether or not the daemon runs.
struct InspectFeedback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feedback", abstract: "Say that a part was good or bad; the station judges by it at once.",
        discussion: """
            A part that was good: what its picture has beyond what is known as good is remembered, or the threshold rises, by a \
            quarter at most. A part that was bad: the threshold falls, but never so far that good parts of the fit, or those \
            that somebody has called good, would be rejected. What a word did stands in `millwright status`.

            The part is named by its number (--part, the newest picture counts) or by its evidence, as alerts name it. Its \
            picture is kept in feedback/STATION/good or bad of the store, for the next fit. --undo takes a word back, and all is \
            as if it had never been said. A list that cannot be read (of a damaged store, or of a later version) has no effect; \
            --start-anew puts it aside in the store and begins an empty one. Every word is in `millwright audit`.
            """)

    enum Says: String, ExpressibleByArgument, CaseIterable { case good, bad }

    @Argument(help: "What the part was: good or bad.")
    var says: Says?

    @Option(help: "Id of the station.")
    var station: String

    @Option(help: "Number or name of the part.")
    var part: String?

    @Option(help: "Evidence, as an alert or a listing names it: evidence/STATION/DAY/NAME.", completion: .file())
    var evidence: String?

    @Option(help: "Who says so; your login name unless given.")
    var by: String?

    @Option(help: "Take back the word with this number.")
    var undo: Int?

    @Flag(help: "List the words that hold.")
    var list = false

    @Flag(help: "Put a list that cannot be read aside, and begin an empty one.")
    var startAnew = false

    @OptionGroup var place: StoreOption

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard [says != nil, undo != nil, list, startAnew].count(where: \.self) == 1 else {
            throw ValidationError("expected one of good, bad, --undo NUMBER, --list and --start-anew")
        }
        guard says == nil || (part == nil) != (evidence == nil) else {
            throw ValidationError("expected either --part or --evidence")
        }
        guard Identifier.isValid(station) else {
            throw ValidationError("--station: expected \(Identifier.expected), found \(station)")
        }
        guard by.map({ (1...100).contains($0.utf8.count) }) ?? true else {
            throw ValidationError("--by takes 1 to 100 bytes")
        }
    }

    func run() async throws {
        let reader = try place.reader()
        if list { return try show(try await words(reader).feedback.words) }
        // List and pictures belong together: one at a time.
        let lock = try Self.lock(reader.directory)
        defer { close(lock) }
        if startAnew { return try await putAside(reader) }
        if let undo { return try await takeBack(undo, reader) }
        if let says { try await say(says, reader) }
    }

    /// - Returns: the store's folder, open, which nobody else holds so until it is closed.
    private static func lock(_ directory: String) throws -> Int32 {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PictureFilesError("\(directory): \(String(cString: strerror(errno)))") }
        guard flock(descriptor, LOCK_EX) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw PictureFilesError("\(directory): \(reason)")
        }
        return descriptor
    }

    private var person: String {
        let environment = ProcessEnvironment.current
        return by ?? environment["SUDO_USER"] ?? environment["USER"] ?? "uid \(getuid())"
    }

    private func words(_ reader: StoreReader) async throws -> (feedback: StationFeedback, text: String?) {
        let text = try await reader.value(StationFeedback.key(station))
        do throws(UnreadableFeedback) { return (try StationFeedback(text: text), text) } catch {
            throw PictureFilesError(
                "what was said of parts of \(station) cannot be read: \(error); --start-anew puts it aside")
        }
    }

    // MARK: A list that cannot be read

    private func putAside(_ reader: StoreReader) async throws {
        let key = StationFeedback.key(station)
        let text = try await reader.value(key)
        if (try? StationFeedback(text: text)) != nil {
            throw PictureFilesError("what was said of parts of \(station) can be read, and holds; --list shows it")
        }
        var (number, aside) = (1, StationFeedback.keyAside(station, 1))
        while try await reader.value(aside) != nil {
            number += 1
            aside = StationFeedback.keyAside(station, number)
        }
        let act = AuditedAct(
            by: person, action: "feedback", subject: station, new: 0, reason: "unreadable",
            result: WriteResult(outcome: "put aside"))
        guard try await reader.replace(aside, nil, by: text ?? "", act: act),
            try await reader.replace(key, text, by: try StationFeedback().text(), act: act)
        else { throw PictureFilesError("somebody else changed what was said of parts of \(station); try again") }
        if json { return try JSONOutput.print(["station": station, "put_aside": aside]) }
        Output.line("put aside as \(aside) in the store; the list of \(station) is empty now")
    }

    // MARK: Saying

    private func say(_ says: Says, _ reader: StoreReader) async throws {
        let found = try StoredEvidence.find(
            station: station, in: reader.directory, part: part, evidence: evidence)
        let name = "\(StationFeedback.folder(station))/\(says.rawValue)/\(found.name)"
        let known = try await words(reader).feedback.words
        guard known.count < StationFeedback.limit else {
            throw PictureFilesError(
                "\(StationFeedback.limit) words hold already: fit again with the pictures in "
                    + "\(reader.directory)/\(StationFeedback.folder(station))")
        }
        if let same = known.first(where: { $0.file == name }) {
            throw PictureFilesError("number \(same.id), by \(same.by), says the same")
        }
        EvidenceFolder.makeDirectories(TextFile.directory(of: "\(reader.directory)/\(name)"))
        try OutputFile.write(found.picture, to: "\(reader.directory)/\(name)")
        let word = try await change(reader, outcome: "said") { feedback in
            let word = StationFeedback.Word(
                id: feedback.nextID, isGood: says == .good, part: found.part, recipe: found.recipe ?? "", file: name,
                by: person, at: ISO8601.string(SystemClock().wall()))
            feedback.nextID += 1
            feedback.words.append(word)
            return word
        }
        try show([word])
    }

    private func takeBack(_ id: Int, _ reader: StoreReader) async throws {
        let word = try await change(reader, outcome: "undone") { feedback in
            guard let index = feedback.words.firstIndex(where: { $0.id == id }) else {
                throw PictureFilesError("no word of \(station) that holds has the number \(id); --list shows them")
            }
            return feedback.words.remove(at: index)
        }
        // It must not go into the next fit; if that fails, a picture lies there that nobody speaks of.
        unlink("\(reader.directory)/\(word.file)")
        if !json { Output.line("taken back:") }
        try show([word])
    }

    /// Reads, changes and writes the list until nobody was faster.
    private func change(
        _ reader: StoreReader, outcome: String, _ body: (inout StationFeedback) throws -> StationFeedback.Word
    ) async throws -> StationFeedback.Word {
        while true {
            var (feedback, text) = try await words(reader)
            let word = try body(&feedback)
            let act = AuditedAct(
                by: person, action: "feedback", subject: station, new: word.isGood ? 0 : 1,
                reason: "\(word.id) \(word.part ?? word.file)", result: WriteResult(outcome: outcome))
            if try await reader.replace(
                StationFeedback.key(station), text, by: try feedback.text(), act: act)
            {
                return word
            }
        }
    }

    private func show(_ words: [StationFeedback.Word]) throws {
        if json { return try JSONOutput.print(words) }
        guard !words.isEmpty else { return Output.line("nothing was said that holds") }
        Output.line(
            Format.table(
                words.map { word in
                    ["\(word.id)", word.isGood ? "was good" : "was bad", word.part ?? "", word.by, word.at, word.file]
                }))
    }
}

/// The picture of a part among the evidence.
struct StoredEvidence {
    /// `20261130-145301.123-7-defect.png`
    var name: String
    var picture: [UInt8]
    var part: String?
    var recipe: String?

    /// Files that are read in search of a part: a day of a fast line's defects.
    private static let limit = 20_000

    private struct Record: Decodable {
        var part: String?
        var recipe: String?
    }

    /// - Parameters:
    ///   - directory: of the store.
    ///   - part: the newest picture of this part.
    static func find(
        station: String, in directory: String, part: String?, evidence: String?
    ) throws -> StoredEvidence {
        let folder = "\(directory)/evidence/\(station)"
        if let evidence {
            let parts = evidence.split(separator: "/").suffix(2)
            guard parts.count == 2, let day = parts.first, let name = parts.last, day.utf8.count == 8, Int(day) != nil
            else {
                throw PictureFilesError("--evidence: expected DAY/NAME, found \(evidence)")
            }
            let stem = Self.stem(String(name))
            guard let found = try read("\(folder)/\(day)", stem, day: String(day)) else {
                throw PictureFilesError("--evidence: expected a picture in \(folder), found no \(day)/\(stem)")
            }
            return found
        }
        var looked = 0
        for day in EvidenceFolder.days(in: folder).reversed() {
            let names = try DirectoryListing.names(in: "\(folder)/\(day)").filter { $0.hasSuffix(".json") }
            for name in names.reversed() {
                looked += 1
                guard looked <= limit else { break }
                guard let found = try read("\(folder)/\(day)", stem(name), day: day), found.part == part else {
                    continue
                }
                return found
            }
        }
        throw PictureFilesError(
            "--part: expected evidence of \(part ?? "") in \(folder), found none in \(looked) pictures; of good parts a share is kept, "
                + "as `evidence: { good: 0.01 }` of the station says")
    }

    private static func stem(_ name: String) -> String {
        for ending in [".heat.png", ".json", ".png", ".jpg", ".bmp", ".bin"] where name.hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return name
    }

    private static func read(_ folder: String, _ stem: String, day: String) throws -> StoredEvidence? {
        guard let json = try? TextFile.read("\(folder)/\(stem).json"),
            let record = try? JSONDecoder().decode(Record.self, from: Data(json))
        else { return nil }
        for ending in ["png", "jpg", "bmp"] where TextFile.isReadable("\(folder)/\(stem).\(ending)") {
            return StoredEvidence(
                name: "\(day)-\(stem).\(ending)",
                picture: try TextFile.read("\(folder)/\(stem).\(ending)", limit: PictureFiles.fileBytes),
                part: record.part, recipe: record.recipe)
        }
        return nil
    }
}
