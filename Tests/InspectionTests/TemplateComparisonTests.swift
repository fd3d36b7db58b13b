import Inspection
import Testing

@Suite struct TemplateComparisonTests {
    static let part = PrintedPart()

    @Test func aGoodPartHasNoRegionWhereverItLies() {
        let comparison = TemplateComparison(golden: Self.part.drawn())
        for placement in [Placement(), Placement(x: 5.5, y: -3.25, degrees: 2.5)] {
            var picture = RigidAlignmentTests.turned(placement, gain: 0.45, offset: 0.3)
            picture.roughen(0.04, seed: 9)
            #expect(comparison.compare(picture).regions.isEmpty)
        }
    }

    @Test func whatIsAddedAndWhatIsMissingIsFoundWhereItIs() {
        let placement = Placement(x: -4.75, y: 6.5, degrees: -1.8)
        var picture = RigidAlignmentTests.turned(placement)
        picture.roughen(0.04, seed: 10)
        let clean = picture
        // Ink where there is none, and none where there is ink: the first places of the picture that are large enough.
        let added = Self.place(in: clean, where: { $0 < 0.3 })
        let missing = Self.place(in: clean, where: { $0 > 0.7 })
        picture.fill(added, with: 0.8)
        picture.fill(missing, with: 0.2)
        let boxes = TemplateComparison(golden: Self.part.drawn()).compare(picture).boxes
        #expect(boxes.count == 2)
        for defect in [added, missing] {
            #expect(boxes.contains { $0.overlap(with: defect) > 0.33 }, "\(defect) of \(boxes)")
        }
    }

    /// A print that has stretched by up to four pixels, in places one way and in others the other way.
    @Test func aStretchedPrintIsStillGood() {
        let picture = Self.part.drawn { x, y in
            let bow = 4 * (x / 80 - 1) * (x / 80 - 1)
            return (x, y + bow - 2)
        }
        #expect(TemplateComparison(golden: Self.part.drawn()).compare(picture).regions.isEmpty)
    }

    @Test func aDefectDoesNotPassAsLight() {
        var picture = Self.part.drawn()
        // A quarter of the part has lost its print.
        picture.fill(Box(left: 80, top: 80, right: 160, bottom: 160), with: 0.2)
        let found = TemplateComparison(golden: Self.part.drawn()).compare(picture)
        #expect(!found.boxes.isEmpty)
        #expect(found.boxes.allSatisfy { $0.right > 80 && $0.bottom > 80 })
    }

    /// It says nothing about where it lies, and so is taken as it is.
    @Test func onAnEvenPartASpotIsFoundToo() {
        let even = Plane(width: 90, height: 80, repeating: 0.9)
        var picture = even
        let spot = Box(left: 40, top: 30, right: 52, bottom: 41)
        picture.fill(spot, with: 0.1)
        let found = TemplateComparison(golden: even).compare(picture)
        #expect(found.alignment.correlation == 1 && found.boxes.count == 1)
        #expect(found.boxes[0].overlap(with: spot) > 0.33)
        #expect(TemplateComparison(golden: even).compare(even).boxes.isEmpty)
    }

    @Test func whatIsMaskedDoesNotCount() {
        var picture = Self.part.drawn()
        let place = Self.place(in: picture, where: { $0 < 0.3 })
        picture.fill(place, with: 0.8)
        var isLooked = [Bool](repeating: true, count: picture.values.count)
        for y in (place.top - 4)..<(place.bottom + 4) {
            for x in (place.left - 4)..<(place.right + 4) { isLooked[y * picture.width + x] = false }
        }
        #expect(!TemplateComparison(golden: Self.part.drawn()).compare(picture).regions.isEmpty)
        #expect(TemplateComparison(golden: Self.part.drawn(), isLooked: isLooked).compare(picture).regions.isEmpty)
    }

    @Test func aPrintsChangesHaveNames() {
        var picture = Self.part.drawn()
        picture.fill(Self.place(in: picture, where: { $0 < 0.3 }), with: 0.8)
        var settings = TemplateComparison.Settings()
        #expect(TemplateComparison(golden: Self.part.drawn(), settings: settings).compare(picture).changes.isEmpty)
        settings.print = .bright
        #expect(TemplateComparison(golden: Self.part.drawn(), settings: settings).compare(picture).changes == [.island])
        settings.print = .dark
        #expect(TemplateComparison(golden: Self.part.drawn(), settings: settings).compare(picture).changes == [.hole])
    }

    /// The first 7 x 7 pixels that are all such, away from the edges.
    static func place(in plane: Plane, where isSuch: (Float) -> Bool) -> Box {
        for top in 20..<130 {
            for left in 20..<130 {
                let box = Box(left: left, top: top, right: left + 7, bottom: top + 7)
                var fits = true
                for y in (top - 2)..<(top + 9) {
                    for x in (left - 2)..<(left + 9) where !isSuch(plane[x, y]) { fits = false }
                }
                if fits { return box }
            }
        }
        Issue.record("no such place")
        return Box(left: 20, top: 20, right: 27, bottom: 27)
    }
}
