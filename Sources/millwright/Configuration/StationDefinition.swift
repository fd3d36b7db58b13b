import Alerts
import Plant
import YAML

/// One entry of `stations:`: where pictures of parts come from, and what they are judged with.
struct StationDefinition: Hashable, Sendable {
    var id: String
    var title: LocalizedText
    /// Of the streams that the links bring.
    var pictures: String
    var models: Models
    /// nil judges every picture.
    var trigger: Trigger?
    /// Where the part's name stands; what the picture's source says of it goes first.
    var part: TagSource?
    /// From a picture's arrival to its verdict.
    var budget: Duration
    /// What is told to the line.
    var gate: Gate?

    var alerts = Alerts()
    /// Which pictures are kept; nil for none.
    var evidence: Evidence? = Evidence()

    struct Evidence: Hashable, Sendable {
        var age = Duration.seconds(30 * 86_400)
        var bytes: Int64 = 500_000_000
        /// Of good parts; defects, and what was not judged, are kept all.
        var goodShare = 0.01
    }

    /// When somebody is told; each may be off.
    struct Alerts: Hashable, Sendable {
        /// A share of the newest parts.
        struct Share: Hashable, Sendable {
            var share: Double
            var of: Int
        }

        /// So many of the newest parts with one defect.
        struct Burst: Hashable, Sendable {
            var count: Int
            var of: Int
        }

        var rejectRate: Share? = Share(share: 0.1, of: 50)
        var burst: Burst? = Burst(count: 3, of: 10)
        /// In deviations of what the fit saw.
        var drift: Double? = 1
        var notJudged: Share? = Share(share: 0.2, of: 20)

        /// Parts to remember.
        var longest: Int { [rejectRate?.of, burst?.of, notJudged?.of].compactMap(\.self).max() ?? 0 }
    }

    enum Gate: Hashable, Sendable {
        case tag(String, Values)
        /// The verdict as JSON.
        case topic(link: String, topic: String)

        /// What is written for each outcome.
        struct Values: Hashable, Sendable {
            var good: Double
            var defect: Double
            var notJudged: Double

            subscript(_ outcome: StationVerdict.Outcome) -> Double {
                switch outcome {
                case .good: good
                case .defect: defect
                case .notJudged: notJudged
                }
            }
        }
    }

    enum Models: Hashable, Sendable {
        case one(String)
        /// A file for each value of a tag.
        case byRecipe(TagSource, [String: String])
    }

    /// A tag that says something about the part in front of the camera.
    struct TagSource: Hashable, Sendable {
        var tag: String
        /// Older than this, when the picture comes, it says nothing; nil for a state that stays until it changes.
        var maximumAge: Duration?
    }

    /// A tag that announces parts.
    struct Trigger: Hashable, Sendable {
        enum Edge: String, Hashable, Sendable, CaseIterable {
            /// From zero to something else.
            case rise
            /// To another value: a counter, the name of the next part.
            case change
        }

        var tag: String
        var edge: Edge
        /// How long after it the picture may come.
        var within: Duration
    }

    var asset: Asset { Asset(id: id, title: title) }

    /// Files by recipe; that of the only one has the name "".
    var modelFiles: [String: String] {
        switch models {
        case .one(let file): ["": file]
        case .byRecipe(_, let files): files
        }
    }

    var recipe: TagSource? { if case .byRecipe(let source, _) = models { source } else { nil } }

    /// Every tag that it listens to, and the key that names it.
    var sources: [(key: String, tag: String)] {
        [("trigger.tag", trigger?.tag), ("part.tag", part?.tag), ("recipes.tag", recipe?.tag)]
            .compactMap { key, tag in tag.map { (key, $0) } }
    }

    /// What is kept of each part.
    enum Output: String, CaseIterable, Sendable {
        case score, verdict, part
        case name = "class"
    }

    func tag(_ output: Output) -> TagDefinition {
        let isText = output == .part || output == .name
        return TagDefinition(name: "\(id).\(output.rawValue)", unit: "", kind: isText ? .text : .number)
    }
}

extension StationDefinition {
    /// A part's picture comes within seconds, and its verdict too, else the line has gone on.
    private static let spans = Duration.milliseconds(1)...Duration.seconds(60)
    private static let ages = Duration.milliseconds(10)...Duration.seconds(86_400)
    /// Older than this, a part's name is rather that of the one before.
    private static let usualPartAge = Duration.seconds(30)
    /// More recipes than a line is changed to.
    private static let recipeLimit = 1_000

    init?(reading reader: inout MappingReader, directory: String) {
        let id = reader.required("id", .identifier)
        var titles = reader.optionalMapping("title")
        let english = titles?.required("en", .string)
        let chinese = titles?.required("zh-CN", .string)
        titles?.finish()
        let pictures = reader.required("pictures", .string)
        let models = Self.models(reading: &reader, directory: directory)
        let trigger = reader.optional("trigger", .mapping { Trigger(reading: &$0) })
        let part = reader.optional("part", .mapping { TagSource(reading: &$0, usualAge: Self.usualPartAge) })
        let budget = reader.optional("budget", .duration(Self.spans), default: .milliseconds(100))
        let alerts = reader.optional("alerts", .mapping { Alerts(reading: &$0) }, default: Alerts())
        let evidence = reader.optional(
            "evidence", Kind<Evidence>.mapping { Evidence(reading: &$0) }.unless("never"), default: Evidence())
        let gate = reader.optional("gate", .mapping { Gate(reading: &$0) })
        guard let id, let pictures, let models else { return nil }
        self.id = id
        self.gate = gate
        self.alerts = alerts
        self.evidence = evidence
        title = LocalizedText(english: english ?? id, chinese: chinese ?? id)
        self.pictures = pictures
        self.models = models
        self.trigger = trigger
        self.part = part
        self.budget = budget
    }

    private static func models(reading reader: inout MappingReader, directory: String) -> Models? {
        let model = reader.optional("model", .file(from: directory))
        let recipes = reader.optional(
            "recipes",
            .mapping { recipes -> Models? in
                let tag = recipes.required("tag", .tagName)
                let age = recipes.optional("max_age", .duration(ages))
                var models = recipes.requiredMapping("models")
                var files: [String: String] = [:]
                for recipe in models?.keyTexts ?? [] {
                    files[recipe] = models?.required(recipe, .file(from: directory))
                }
                models?.finish()
                if let models, !(1...recipeLimit).contains(models.keyTexts.count) {
                    models.diagnostics.report(
                        at: models.node, path: models.path, expected: "1 to \(recipeLimit) recipes",
                        found: "\(models.keyTexts.count)")
                }
                guard let tag, !files.isEmpty else { return nil }
                return .byRecipe(TagSource(tag: tag, maximumAge: age), files)
            })
        let (hasModel, hasRecipes) = (reader.has("model"), reader.has("recipes"))
        guard hasModel != hasRecipes else {
            reader.diagnostics.report(
                at: reader.node, path: reader.path, expected: "either model or recipes",
                found: hasModel ? "both" : "neither")
            return nil
        }
        return model.map(Models.one) ?? recipes
    }
}

extension StationDefinition.TagSource {
    fileprivate init?(reading reader: inout MappingReader, usualAge: Duration) {
        let tag = reader.required("tag", .tagName)
        let age = reader.optional(
            "max_age", .duration(.milliseconds(10)...(.seconds(86_400))), default: usualAge)
        guard let tag else { return nil }
        self.init(tag: tag, maximumAge: age)
    }
}

extension StationDefinition.Trigger {
    fileprivate init?(reading reader: inout MappingReader) {
        let tag = reader.required("tag", .tagName)
        let edge = reader.optional("on", .choice(Edge.self), default: .rise)
        let within = reader.optional(
            "within", .duration(.milliseconds(1)...(.seconds(60))), default: .milliseconds(500))
        guard let tag else { return nil }
        self.init(tag: tag, edge: edge, within: within)
    }
}

extension StationDefinition.Evidence {
    fileprivate init(reading reader: inout MappingReader) {
        self.init()
        age = reader.optional("keep", .duration(.seconds(3_600)...(.seconds(3_660 * 86_400))), default: age)
        let size = Kind<Int>.bytes(1_000_000...1_000_000_000_000).map { Int64($0) }
        bytes = reader.optional("size", size, default: bytes)
        goodShare = reader.optional("good", .number(0...1), default: goodShare)
    }
}

extension StationDefinition.Alerts {
    /// Parts that are counted; of more nobody remembers the first.
    private static let parts = 1...1_000

    fileprivate init(reading reader: inout MappingReader) {
        let share = Kind<Share>.mapping { reader in
            let share = reader.required("share", .number(0.001...1))
            let of = reader.required("of", .integer(Self.parts))
            guard let share, let of else { return nil }
            return Share(share: share, of: of)
        }
        let burst = Kind<Burst>.mapping { reader in
            let count = reader.required("count", .integer(2...1_000))
            let of = reader.required("of", .integer(Self.parts))
            guard let count, let of else { return nil }
            return Burst(count: count, of: of)
        }
        self.init()
        rejectRate = reader.optional("reject_rate", share.unless("never"), default: rejectRate)
        self.burst = reader.optional("burst", burst.unless("never"), default: self.burst)
        drift = reader.optional("drift", Kind<Double>.number(0.2...10).unless("never"), default: drift)
        notJudged = reader.optional("not_judged", share.unless("never"), default: notJudged)
    }
}

extension StationDefinition.Gate {
    fileprivate init?(reading reader: inout MappingReader) {
        let tag = reader.optional("tag", .tagName)
        // A part that was not judged goes where the bad ones go, unless somebody says otherwise.
        let values = Values(
            good: reader.optional("good", .number, default: 0), defect: reader.optional("defect", .number, default: 1),
            notJudged: reader.optional("not_judged", .number, default: 1))
        let topic = reader.optional(
            "mqtt",
            .mapping { reader -> Self? in
                let link = reader.required("link", .string)
                let topic = reader.required("topic", .publishTopic)
                guard let link, let topic else { return nil }
                return .topic(link: link, topic: topic)
            })
        let (hasTag, hasTopic) = (reader.has("tag"), reader.has("mqtt"))
        guard hasTag != hasTopic else {
            reader.diagnostics.report(
                at: reader.node, path: reader.path, expected: "either tag or mqtt", found: hasTag ? "both" : "neither")
            return nil
        }
        guard let gate = topic ?? tag.map({ .tag($0, values) }) else { return nil }
        self = gate
    }
}

extension Kind where T == String {
    /// A file that is there.
    fileprivate static func file(from directory: String) -> Kind<String> {
        Kind<String>.path(from: directory).map(expected: "a file that is there and can be read") {
            TextFile.isReadable($0) ? $0 : nil
        }
    }
}
