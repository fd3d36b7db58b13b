internal import Signals

/// Compares a part with a golden one: placed as a whole, then tile by tile, its light fitted, and then pixel by pixel.
///
/// The picture is never moved, only the golden part: boxes and maps are in the picture's own pixels.
package struct TemplateComparison: Sendable {
    package struct Settings: Sendable, Equatable {
        package var alignment = RigidAlignment.Limits()
        /// In parts of the golden part's contrast.
        package var regions = DefectRegions(lower: 0.4, upper: 0.6, bridge: 2, leastCertain: 6)
        /// Pixels that a box reaches beyond what differs.
        package var boxMargin = 2
        /// Below this correlation with the golden part it is another part.
        package var leastCorrelation = 0.5
        /// What is printed where the part has two levels, ink and ground; nil for other parts, whose differences have no names.
        package var print: Print?
        package init() {}
    }

    /// Which of a print's two levels is the print.
    package enum Print: String, Sendable, Hashable, Codable, CaseIterable {
        case dark, bright
    }

    package struct Finding: Sendable {
        package var alignment: RigidAlignment.Result
        /// How much each pixel differs, in parts of the golden part's contrast; zero where the golden part does not reach.
        package var map: Plane
        package var regions: [DefectRegion]
        /// Of the regions, grown by the margin.
        package var boxes: [Box]
        /// What each region does to the print; empty where the part is none.
        package var changes: [PrintChange]
        /// As of ``DefectRegions/Finding``.
        package var level: Float
    }

    /// Blur of both pictures before they are compared, and of their difference: what a pixel's share of an edge costs.
    private static let pictureBlur = 0.8
    private static let differenceBlur = 1.0
    /// Seen next to the picture's edge, a part of another placement has nothing to be compared with.
    private static let edge = 3
    /// Shares of the pixels that are darker, and brighter, than what counts as the part's dark and bright.
    private static let tails = 0.02

    package let settings: Settings
    private let golden: Plane
    /// Of the golden part's pixels, whether a difference counts there; nil where it does everywhere.
    private let isLooked: [Bool]?
    private let alignment: RigidAlignment
    /// Whether the golden part has nothing that says where it lies: then it is compared as it is.
    private let isEven: Bool
    private static let leastDeviation = 0.01
    /// The level that parts print and ground of the golden part.
    private let middle: Float
    /// Between the golden part's dark and bright; never below `leastContrast`.
    private let contrast: Float
    private static let leastContrast: Float = 0.05

    /// - Parameter isLooked: a value a pixel of the golden part: false where differences do not count, as at a serial number.
    package init(golden: Plane, isLooked: [Bool]? = nil, settings: Settings = Settings()) {
        precondition(isLooked.map { $0.count == golden.values.count } ?? true)
        self.golden = golden
        self.isLooked = isLooked
        self.settings = settings
        alignment = RigidAlignment(golden: golden, limits: settings.alignment)
        let sorted = golden.values.sorted()
        let tail = Int(Self.tails * Double(sorted.count))
        contrast = max(sorted[sorted.count - 1 - tail] - sorted[tail], Self.leastContrast)
        isEven = PictureQuality(of: golden).contrast < Self.leastDeviation
        middle = (sorted[sorted.count - 1 - tail] + sorted[tail]) / 2
    }

    /// - Parameter picture: of the golden part's size.
    package func compare(_ picture: Plane) -> Finding {
        precondition(picture.width == golden.width && picture.height == golden.height)
        let placed = isEven ? .init(placement: Placement(), correlation: 1) : alignment.place(in: picture)
        let (placedGolden, isCovered) = goldenIn(placed.placement)
        let seen = picture.blurred(Self.pictureBlur)
        let rough = placedGolden.blurred(Self.pictureBlur)
        let expected = LocalShifts(expected: rough, picture: seen).applied(to: rough)
        let light = Light(expected: expected, seen: seen, isCovered: isCovered)
        var difference = Plane(width: picture.width, height: picture.height)
        for index in difference.values.indices where isCovered[index] {
            difference.values[index] =
                (seen.values[index] - light.gain * expected.values[index] - light.offset) / (contrast * light.gain)
        }
        var map = difference.blurred(Self.differenceBlur)
        for index in map.values.indices { map.values[index] = isCovered[index] ? abs(map.values[index]) : 0 }
        let found = settings.regions.find(in: map)
        return Finding(
            alignment: placed, map: map, regions: found.regions,
            boxes: found.regions.map { $0.box.grown(by: settings.boxMargin, width: map.width, height: map.height) },
            changes: changes(found.regions, seen: seen, expected: expected, light), level: found.level)
    }

    private func changes(_ regions: [DefectRegion], seen: Plane, expected: Plane, _ light: Light) -> [PrintChange] {
        guard let print = settings.print, !regions.isEmpty else { return [] }
        var lit = expected
        for index in lit.values.indices { lit.values[index] = light.gain * lit.values[index] + light.offset }
        return regions.map { region in
            PrintChange(
                of: region.box, seen: seen, expected: lit, middle: light.gain * middle + light.offset,
                isPrintDark: print == .dark)
        }
    }

    /// The golden part as it would lie in the picture, and which pixels it covers.
    private func goldenIn(_ placement: Placement) -> (Plane, [Bool]) {
        var result = golden
        var isCovered = [Bool](repeating: false, count: golden.values.count)
        let turn = Elementary.sineCosine(turns: placement.degrees / 360)
        let (cosine, sine) = (Float(turn.cosine), Float(turn.sine))
        let (middleX, middleY) = (Float(golden.width - 1) / 2, Float(golden.height - 1) / 2)
        golden.viewed { golden in
            result.changed { result in
                for y in 0..<golden.height {
                    for x in 0..<golden.width {
                        let u = Float(x) - middleX - Float(placement.x)
                        let v = Float(y) - middleY - Float(placement.y)
                        let atX = cosine * u + sine * v + middleX
                        let atY = -sine * u + cosine * v + middleY
                        let isInside =
                            atX >= 0 && atY >= 0 && atX <= Float(golden.width - 1) && atY <= Float(golden.height - 1)
                        isCovered[y * golden.width + x] =
                            isInside && isLooked(atX, atY) && x >= Self.edge && y >= Self.edge
                            && x < golden.width - Self.edge && y < golden.height - Self.edge
                        result[y * golden.width + x] = golden.value(x: atX, y: atY)
                    }
                }
            }
        }
        return (result, isCovered)
    }

    /// - Parameter x: within the golden part, as `y` is.
    private func isLooked(_ x: Float, _ y: Float) -> Bool {
        guard let isLooked else { return true }
        return isLooked[Int(y.rounded()) * golden.width + Int(x.rounded())]
    }
}

/// How much brighter and richer in contrast a picture is than what was expected.
private struct Light {
    var gain: Float = 1
    var offset: Float = 0
    /// Pixels further than this many deviations from the fit are left out of the next one: a defect is not light.
    private static let trimming: Float = 3
    private static let rounds = 3
    /// Every pixel would be more than a line needs.
    private static let sampling = 3

    init(expected: Plane, seen: Plane, isCovered: [Bool]) {
        var limit = Float.infinity
        for _ in 0..<Self.rounds {
            var normal = NormalEquations(unknowns: 2)
            var squares: Float = 0
            var count: Float = 0
            var row = [0.0, 1.0]
            for index in Swift.stride(from: 0, to: seen.values.count, by: Self.sampling) where isCovered[index] {
                let rest = seen.values[index] - gain * expected.values[index] - offset
                guard abs(rest) <= limit else { continue }
                squares += rest * rest
                count += 1
                row[0] = Double(expected.values[index])
                normal.add(row, equals: Double(seen.values[index]))
            }
            guard let fitted = normal.solve(), fitted[0] > 0.1 else { return }
            gain = Float(fitted[0])
            offset = Float(fitted[1])
            limit = Self.trimming * (squares / max(count, 1)).squareRoot()
        }
    }
}
