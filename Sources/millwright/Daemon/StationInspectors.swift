import Drivers
import Inspection
import Pictures
import Plant
import Threads
import Trust

/// The models of one station, on a thread of their own: a network that computes keeps no other station waiting, and the kernel
/// shares the cores among them.
actor StationInspectors {
    nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What is known of a model without asking this thread.
    struct Loaded: Hashable, Sendable {
        var digest: String
        var threshold: Threshold
    }

    private let clock: any PlantClock
    private var inspectors: [String: Inspector] = [:]

    init(clock: any PlantClock) { self.clock = clock }

    /// - Parameters:
    ///   - files: by recipe.
    ///   - feedback: by which the models are moved.
    ///   - directory: where its pictures are: the store's.
    /// - Returns: the models, and what each word did, by its number.
    /// - Throws: with the path of the first that is no model for inspection.
    func load(
        _ files: [String: String], feedback: StationFeedback = StationFeedback(), directory: String = ""
    ) throws -> (models: [String: Loaded], effects: [Int: String]) {
        var loaded: [String: Loaded] = [:]
        var effects: [Int: String] = [:]
        for (recipe, file) in files.sorted(by: { $0.key < $1.key }) {
            let (model, backbone, digest) = try InspectionFile.parts(file)
            var fit = FeedbackFit(model, backbone: backbone)
            for word in feedback.words where word.recipe == recipe {
                do {
                    let picture = try PictureFiles.read(
                        "\(directory)/\(word.file)", as: model.recipe.mode == .template ? .grey : .asStored)
                    effects[word.id] = try fit.take(picture, isGood: word.isGood).words
                } catch let error as UnreadablePicture { effects[word.id] = "without effect: \(error)" }
            }
            do { inspectors[recipe] = try Inspector(fit.model, backbone: backbone) } catch {
                throw PictureFilesError("\(file): \(error)")
            }
            loaded[recipe] = Loaded(digest: digest.hex, threshold: fit.model.recipe.threshold)
        }
        return (loaded, effects)
    }

    /// One picture, from its bytes to what is said of the part.
    ///
    /// - Parameter deadline: from then on nobody waits for it; looked at before and after each stage, and while decoding.
    func judge(_ picture: FieldPicture, recipe: String, deadline: MonotonicTime) -> PartFinding {
        guard let inspector = inspectors[recipe] else { return PartFinding(.recipe(recipe.isEmpty ? nil : recipe)) }
        let start = clock.monotonic()
        guard start < deadline else { return PartFinding(.late) }
        var limits = PictureLimits()
        limits.time = min(limits.time, deadline - start)
        do {
            let pixels = try Self.decode(
                picture, as: inspector.model.recipe.mode == .template ? .grey : .asStored, limits: limits)
            let verdict = try inspector.judge(pixels) { clock.monotonic() >= deadline }
            return PartFinding(verdict, threshold: inspector.model.recipe.threshold.value)
        } catch PictureError.late {
            return PartFinding(.late)
        } catch let error as PictureError {
            return PartFinding(.picture(error))
        } catch { return PartFinding(.failed("\(error)")) }
    }

    private static func decode(
        _ picture: FieldPicture, as channels: PictureDecoder.Channels, limits: PictureLimits
    ) throws(PictureError) -> Picture {
        switch picture.encoding {
        case .file: try PictureDecoder.decode(picture.bytes, as: channels, limits: limits).picture
        case .raw(let shape): try PictureDecoder.decode(picture.bytes, as: shape, channels: channels, limits: limits)
        }
    }
}

/// What came of looking at one part.
struct PartFinding: Sendable {
    /// Why nothing is said, beside what the picture itself says.
    enum Reason: Sendable {
        case late
        /// No picture came in time.
        case missing
        /// No model for this recipe; nil where the tag names none.
        case recipe(String?)
        case picture(PictureError)
        /// The network could not run.
        case failed(String)

        var code: String {
            switch self {
            case .late: Inspection.NotJudged.late.code
            case .missing: "picture.missing"
            case .recipe: "recipe.unknown"
            case .picture(let error): error.code
            case .failed: "inspection.failed"
            }
        }

        var words: String {
            switch self {
            case .late: "\(Inspection.NotJudged.late)"
            case .missing: "the part was announced, and no picture of it came in time"
            case .recipe(let name): name.map { "no model for the recipe \"\($0)\"" } ?? "no recipe is known"
            case .picture(let error): "\(error)"
            case .failed(let reason): reason
            }
        }
    }

    enum Content: Sendable {
        case judged(PartVerdict, threshold: Double)
        case not(Reason)
    }

    var content: Content

    init(_ verdict: PartVerdict, threshold: Double) { content = .judged(verdict, threshold: threshold) }
    init(_ reason: Reason) { content = .not(reason) }

    func row(_ name: String, took: Duration) -> InspectionRow {
        switch content {
        case .judged(let verdict, let threshold): InspectionRow(name, verdict, threshold: threshold, took: took)
        case .not(let reason):
            InspectionRow(
                unreadable: name, UnreadablePicture(code: reason.code, description: reason.words), took: took)
        }
    }
}
