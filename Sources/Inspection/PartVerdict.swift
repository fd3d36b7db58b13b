package import Pictures

/// What is said about one part, from one picture.
package struct PartVerdict: Sendable {
    package enum Outcome: Sendable, Hashable {
        case good, defect
        case notJudged(NotJudged)
    }

    /// Where a defect is.
    package struct Place: Sendable, Hashable {
        /// In pixels of the whole picture.
        package var box: Box
        /// Its score in thresholds.
        package var strength: Double
        /// What it is, where that is known.
        package var name: String?
    }

    package var outcome: Outcome
    /// Above the model's threshold of a defect; nil where it was not judged.
    package var score: Double?
    /// Strongest first.
    package var places: [Place]
    /// What the defect is, where that is known.
    package var name: String?
    /// How unusual each place of the region of interest is, as a score; as wide and high as the region or coarser. nil where
    /// it was not judged.
    package var map: Plane?
    /// What was looked at, of which the map speaks: the picture brought to its reference and cut to its region. nil where it was
    /// not judged.
    package var looked: Picture?
    /// The score from which on a place of the map is unusual.
    package var mapThreshold: Double

    init(notJudged reason: NotJudged) {
        outcome = .notJudged(reason)
        score = nil
        places = []
        name = nil
        map = nil
        mapThreshold = 0
    }

    /// - Parameter mapThreshold: where the map's scores are others than the part's.
    init(
        score: Double, threshold: Double, places: [Place], name: String?, map: Plane, mapThreshold: Double? = nil
    ) {
        self.mapThreshold = mapThreshold ?? threshold
        outcome = score > threshold ? .defect : .good
        self.score = score
        self.places = score > threshold ? places : []
        self.name = score > threshold ? name : nil
        self.map = map
    }
}

/// Why a part was not judged: something is wrong with the picture, so nothing is said about the part.
package enum NotJudged: Error, Sendable, Hashable, CustomStringConvertible {
    case camera(CameraLimits.Fault)
    /// Another camera, or another setting of it.
    case size(expected: String, found: String)
    /// Another part, or this one where it cannot be found.
    case anotherPart(correlation: Double, least: Double)
    /// Whoever wanted the verdict waits no longer.
    case late

    /// Stable; for reports and rules.
    package var code: String {
        switch self {
        case .camera(let fault): fault.code
        case .size: "picture.size"
        case .anotherPart: "part.another"
        case .late: "part.late"
        }
    }

    package var description: String {
        switch self {
        case .camera(let fault): "\(fault)"
        case .size(let expected, let found): "another camera or setting: expected \(expected), found \(found)"
        case .anotherPart(let correlation, let least):
            "another part, or it lies elsewhere: \(percent(correlation)) like the golden part, at least \(percent(least)) "
                + "expected"
        case .late: "not judged in time"
        }
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
