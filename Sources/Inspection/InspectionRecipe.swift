internal import FoundationEssentials
internal import Kernels

/// How parts are judged: the head of what `millwright inspect fit` leaves, as JSON before the numbers it speaks of.
package struct InspectionRecipe: Sendable, Hashable, Codable {
    /// Raised when a reader of the old form could not use the new one.
    package static let currentFormat = 2

    package enum Mode: String, Sendable, Hashable, Codable, CaseIterable {
        /// A golden part, and what differs from it.
        case template
        /// What good parts look like, and what does not.
        case goodOnly = "good_only"
        /// Which of the labelled classes a part belongs to.
        case classes
    }

    package struct Size: Sendable, Hashable, Codable, CustomStringConvertible {
        package var width: Int
        package var height: Int

        package init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }

        package var description: String { "\(width) x \(height) pixels" }
        var count: Int { width * height }
    }

    /// What mode `template` needs besides.
    package struct Template: Sendable, Hashable, Codable {
        package var boxMargin: Int
        /// Largest shift as a share of the shorter side, and largest turn.
        package var shiftShare: Double
        package var degrees: Double
        package var leastCorrelation: Double
        package var print: TemplateComparison.Print?

        package init(_ settings: TemplateComparison.Settings) {
            boxMargin = settings.boxMargin
            shiftShare = settings.alignment.shiftShare
            degrees = settings.alignment.degrees
            leastCorrelation = settings.leastCorrelation
            print = settings.print
        }
    }

    /// How pictures are brought to where a reference lies, in modes `good_only` and `classes`.
    package struct Alignment: Sendable, Hashable, Codable {
        /// Largest shift as a share of the shorter side, and largest turn.
        package var shiftShare: Double
        package var degrees: Double
        package var leastCorrelation: Double
    }

    /// What modes `good_only` and `classes` need besides: what good parts look like.
    package struct Memory: Sendable, Hashable, Codable {
        /// Squares of `side` places are looked at as one; so many of them are kept.
        package struct Level: Sendable, Hashable, Codable {
            package var side: Int
            package var rows: Int
        }

        package var levels: [Level]
        package var channels: Int
        /// Of the network's grid.
        package var columns: Int
        package var rows: Int

        /// Columns and rows of each map whose usual numbers are kept.
        var grids: [(columns: Int, rows: Int)] {
            levels.map { ((columns + $0.side - 1) / $0.side, (rows + $0.side - 1) / $0.side) }
        }
    }

    /// How a picture is looked at to tell its class.
    package enum View: String, Sendable, Codable, CaseIterable {
        case asItLies = "as_it_lies"
        /// As what it has in common with its mirror images, left to right, top to bottom, and both: where surfaces have no right
        /// way up, few examples serve as many.
        case mirrored
    }

    /// What mode `classes` needs besides.
    package struct Classes: Sendable, Hashable, Codable {
        package var names: [String]
        /// Which of them is the good one.
        package var good: Int
        /// Of each class, the least share among the defects that lets it have the name.
        package var leastShares: [Double]
        /// How pictures are described, and in how many numbers.
        package var view: View
        package var dimension: Int
        /// Pictures that others are compared with.
        package var examples: Int
        /// Distance from what good parts look like, from which on a place is unusual.
        package var memoryThreshold: Double

        /// They are shown to people, in terminals too, and told apart by.
        static func areNames(_ names: [String]) -> Bool {
            Set(names).count == names.count
                && names.allSatisfy { name in
                    !name.isEmpty && name.utf8.count <= 255 && name != Inspector.unknown
                        && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
                }
        }
    }

    package var format = currentFormat
    package var mode: Mode
    /// What a picture must measure; nil where good ones differed.
    package var size: Size?
    /// The only part of it that is looked at; nil for all of it.
    package var region: Box?
    /// Whether pixels that do not count are among the numbers behind.
    package var hasMask: Bool
    package var camera: CameraLimits
    package var threshold: Threshold
    package var template: Template?
    package var memory: Memory?
    package var classes: Classes?
    /// How pictures are brought to where the reference among the numbers behind lies; nil where they are taken as they come.
    package var alignment: Alignment?

    package init(
        mode: Mode, size: Size?, region: Box?, hasMask: Bool, camera: CameraLimits, threshold: Threshold,
        template: Template? = nil, memory: Memory? = nil, alignment: Alignment? = nil
    ) {
        self.mode = mode
        self.size = size
        self.region = region
        self.hasMask = hasMask
        self.camera = camera
        self.threshold = threshold
        self.template = template
        self.memory = memory
        self.alignment = alignment
    }

    /// What is looked at of a picture of the right size.
    var looked: Size? { region.map { Size(width: $0.right - $0.left, height: $0.bottom - $0.top) } ?? size }

    /// Grey levels that are kept of a golden part, or of the reference, which is a whole picture; nil for none.
    var goldenPixels: Int? { template != nil ? looked?.count : alignment != nil ? size?.count : nil }

    // MARK: JSON

    /// With sorted keys: the same recipe gives the same bytes.
    func json() throws(InspectionError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(self)) } catch {
            throw .model(what: "recipe", expected: "finite numbers", found: "\(error)")
        }
    }

    /// What must be known before the rest can be read.
    private struct Form: Decodable {
        var format: Int
        var mode: Mode
    }

    init(json: [UInt8]) throws(InspectionError) {
        if let form = try? JSONDecoder().decode(Form.self, from: Data(json)), form.format != Self.currentFormat,
            // Comparison with a golden part is what it was in the first format.
            form.format != 1 || form.mode != .template
        {
            throw .model(
                what: "format", expected: "\(Self.currentFormat); fit it again with this version",
                found: "\(form.format)")
        }
        do { self = try JSONDecoder().decode(InspectionRecipe.self, from: Data(json)) } catch {
            throw .model(what: "recipe", expected: "JSON of format \(Self.currentFormat)", found: "\(error)")
        }
        try check()
    }

    /// A side of a picture, as decoders have it.
    private static let sides = 1...32_767
    private static let pixels = 24_000_000
    /// Scores are divided by them.
    private static let thresholds = 1e-6...1e6
    private static let memoryRows = 1...100_000
    private static let grid = PictureDescriptor.squares...1_024

    /// - Throws: for the first thing that makes it unusable.
    private func check() throws(InspectionError) {
        func expect(_ holds: Bool, _ what: String, _ expected: String, _ found: Any) throws(InspectionError) {
            guard holds else { throw .model(what: what, expected: expected, found: "\(found)") }
        }
        try expect(Self.thresholds.contains(threshold.value), "threshold", "\(Self.thresholds)", threshold.value)
        if let size {
            try expect(
                Self.sides.contains(size.width) && Self.sides.contains(size.height) && size.count <= Self.pixels,
                "size", "at most \(Self.pixels) pixels", size)
        }
        if let region {
            let (width, height) = (size?.width ?? Self.sides.upperBound, size?.height ?? Self.sides.upperBound)
            let isInside =
                region.left >= 0 && region.top >= 0 && region.left < region.right && region.top < region.bottom
                && region.right <= width && region.bottom <= height
            try expect(isInside, "region", "a part of the picture", region)
        }
        try expect((template != nil) == (mode == .template), "template", "in mode template only", mode.rawValue)
        try expect((memory != nil) == (mode != .template), "memory", "in other modes than template", mode.rawValue)
        if let memory {
            try expect((1...8).contains(memory.levels.count), "sizes of the memory", "1...8", memory.levels.count)
            for level in memory.levels {
                try expect(Self.memoryRows.contains(level.rows), "rows of the memory", "\(Self.memoryRows)", level.rows)
                try expect((1...64).contains(level.side), "side of a square", "1...64", level.side)
            }
            try expect(
                Self.grid.contains(memory.columns) && Self.grid.contains(memory.rows), "grid", "\(Self.grid) a side",
                "\(memory.columns) x \(memory.rows)")
            try expect(
                memory.channels % 4 == 0 && (4...PreparedMemory.maximumChannels).contains(memory.channels),
                "channels of the memory", "a multiple of 4 up to \(PreparedMemory.maximumChannels)", memory.channels)
        }
        try expect((classes != nil) == (mode == .classes), "classes", "in mode classes only", mode.rawValue)
        if let classes {
            let count = classes.names.count
            try expect((2...ClassesFit.mostClasses).contains(count), "classes", "2...\(ClassesFit.mostClasses)", count)
            try expect(
                Classes.areNames(classes.names), "names of classes", "different ones without control characters",
                classes.names)
            try expect(classes.names.indices.contains(classes.good), "good class", "0..<\(count)", classes.good)
            try expect(classes.leastShares.count == count, "shares", "\(count)", classes.leastShares.count)
            try expect(
                classes.dimension == PictureDescriptor.count(channels: memory?.channels ?? 0)
                    && classes.dimension <= ClassHead.mostNumbers, "numbers of a picture",
                "40 a channel, at most \(ClassHead.mostNumbers)", classes.dimension)
            try expect(
                (1...ClassesFit.mostPictures).contains(classes.examples), "examples", "1...\(ClassesFit.mostPictures)",
                classes.examples)
            try expect(
                Self.thresholds.contains(classes.memoryThreshold), "threshold of the memory", "\(Self.thresholds)",
                classes.memoryThreshold)
        }
        try expect(!hasMask || looked != nil, "size", "that of the mask", "none")
        if let alignment {
            try expect(
                mode != .template && size != nil, "alignment", "a size, in other modes than template", mode.rawValue)
            try check(alignment.shiftShare, alignment.degrees, alignment.leastCorrelation)
        }
        guard let template else { return }
        try expect(size != nil, "size", "that of the golden part", "none")
        try expect((0...256).contains(template.boxMargin), "box margin", "0...256", template.boxMargin)
        try check(template.shiftShare, template.degrees, template.leastCorrelation)
    }

    private func check(_ shiftShare: Double, _ degrees: Double, _ correlation: Double) throws(InspectionError) {
        func expect(_ range: ClosedRange<Double>, _ what: String, _ found: Double) throws(InspectionError) {
            guard range.contains(found) else {
                throw .model(what: what, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(found)")
            }
        }
        try expect(0...0.5, "largest shift", shiftShare)
        try expect(0...45, "largest turn in degrees", degrees)
        try expect(-1...1, "correlation", correlation)
    }
}
