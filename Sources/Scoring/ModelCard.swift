internal import FoundationEssentials
package import Signals

/// What a model is, was made from and expects: the JSON that travels inside its plan file.
package struct ModelCard: Codable, Hashable, Sendable {
    /// Raised when a reader of the old form could not use the new one.
    package static let currentFormat = 1

    package var format = ModelCard.currentFormat
    package var name: String
    package var version: String
    /// Name of the solution pack that it belongs to.
    package var pack: String
    package var window: WindowShape
    package var geometry: BearingGeometry
    /// In the order of the plan's input and output.
    package var features: [Statistic]
    /// Process values behind the features in the plan's input; they explain a window but are not judged.
    package var conditions: [Condition]
    /// Shaft speeds that the model has learnt, revolutions a minute. Envelope and shaft lines need the speed of every
    /// window, whether or not it is also one of the ``conditions``.
    package var speed: Limits
    /// Score from which a window counts as unusual.
    package var threshold: Double
    /// Share of normal windows that may score above the threshold, as the line estimated it.
    package var falseAlarmBudget: Double
    /// Windows of normal running that the model was trained on.
    package var trainingWindows: Int
    package var seed: UInt64
    /// SHA-256 of the features that it was trained on, hex.
    package var trainingDigest: String

    /// Mean and spread of one feature over normal running.
    package struct Statistic: Codable, Hashable, Sendable {
        package var name: String
        package var mean: Double
        /// Above zero.
        package var deviation: Double

        package init(name: String, mean: Double, deviation: Double) {
            self.name = name
            self.mean = mean
            self.deviation = deviation
        }
    }

    package struct Limits: Codable, Hashable, Sendable {
        package var lowest: Double
        package var highest: Double

        package init(lowest: Double, highest: Double) {
            self.lowest = lowest
            self.highest = highest
        }
    }

    /// A process value that a window is read with.
    package struct Condition: Codable, Hashable, Sendable {
        package var name: Name
        package var mean: Double
        /// Above zero.
        package var deviation: Double
        /// Range that was learnt, with the margin that the line allows.
        package var limits: Limits

        package enum Name: String, Codable, Hashable, Sendable {
            case speed = "speed_rpm"
            case load = "load_percent"

            package var words: String {
                switch self {
                case .speed: "speed (rpm)"
                case .load: "load (%)"
                }
            }
        }

        package init(name: Name, mean: Double, deviation: Double, limits: Limits) {
            self.name = name
            self.mean = mean
            self.deviation = deviation
            self.limits = limits
        }
    }

    package init(
        name: String, version: String, pack: String, window: WindowShape, geometry: BearingGeometry,
        features: [Statistic], conditions: [Condition], speed: Limits, threshold: Double, falseAlarmBudget: Double,
        trainingWindows: Int, seed: UInt64, trainingDigest: String
    ) {
        self.name = name
        self.version = version
        self.pack = pack
        self.window = window
        self.geometry = geometry
        self.features = features
        self.conditions = conditions
        self.speed = speed
        self.threshold = threshold
        self.falseAlarmBudget = falseAlarmBudget
        self.trainingWindows = trainingWindows
        self.seed = seed
        self.trainingDigest = trainingDigest
    }

    /// Reads a card and checks it.
    /// - Throws: `.card` with what was expected.
    package init(json: [UInt8]) throws(ScoringError) {
        do { self = try JSONDecoder().decode(ModelCard.self, from: Data(json)) } catch {
            throw .card("expected JSON of format \(Self.currentFormat): \(Self.place(of: error))")
        }
        try check()
    }

    /// The card as JSON with sorted keys: the same card gives the same bytes.
    /// - Throws: `.card` for a number that JSON cannot hold.
    package func json() throws(ScoringError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(self)) } catch { throw .card("\(error)") }
    }

    /// - Throws: `.card` for the first thing that makes the model unusable.
    package func check() throws(ScoringError) {
        guard format == Self.currentFormat else {
            throw .card("expected format \(Self.currentFormat), found \(format)")
        }
        let known = Feature.allCases.map(\.rawValue)
        guard features.map(\.name) == known else {
            throw .card("expected the features \(known.joined(separator: ", ")), in this order")
        }
        for statistic in features
        where !(statistic.mean.isFinite && statistic.deviation.isFinite && statistic.deviation > 0) {
            throw .card("expected a finite mean and a deviation above 0 for \(statistic.name)")
        }
        guard Set(conditions.map(\.name)).count == conditions.count else {
            throw .card("a condition stands there twice")
        }
        for condition in conditions
        where
            !(condition.mean.isFinite && condition.deviation.isFinite && condition.deviation > 0
            && condition.limits.isUsable)
        {
            throw .card("expected finite numbers and a deviation above 0 for \(condition.name.rawValue)")
        }
        guard threshold.isFinite, threshold > 0 else { throw .card("expected a threshold above 0, found \(threshold)") }
        guard speed.isUsable, speed.lowest > 0 else { throw .card("expected a speed range above 0") }
    }

    private static func place(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .keyNotFound(let key, let inside):
            return "no \((inside.codingPath + [key]).map(\.stringValue).joined(separator: "."))"
        case .typeMismatch(_, let inside), .valueNotFound(_, let inside), .dataCorrupted(let inside): context = inside
        @unknown default: return "\(error)"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
    }
}

extension ModelCard.Limits {
    fileprivate var isUsable: Bool { lowest.isFinite && highest.isFinite && lowest <= highest }

    package func contains(_ value: Double) -> Bool { value >= lowest && value <= highest }
}
