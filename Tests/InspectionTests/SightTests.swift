import Graph
import Pictures
import Testing

@testable import Inspection

/// What a network gets to see of a picture: the part where the reference's lies, the region, and nothing under the mask.
@Suite struct SightTests {
    static let part = PrintedPart(side: 128, seed: 4)
    static let placement = Placement(x: 6.5, y: -4.25, degrees: 3)

    static func picture(_ plane: Plane) -> Picture { TemplateModelTests.picture(plane) }

    static func settings() -> SightSettings {
        var settings = SightSettings()
        settings.reference = picture(part.drawn())
        return settings
    }

    static func turned() -> Picture { picture(RigidAlignmentTests.turned(placement, part: part)) }

    @Test func aPartIsTurnedAndShiftedToWhereTheReferenceLies() throws {
        let sight = try Self.settings().sight(for: Self.turned())
        let seen = try sight.see(Self.turned())
        let found = try #require(seen.placement)
        #expect(abs(found.x - Self.placement.x) < 0.1 && abs(found.degrees - Self.placement.degrees) < 0.1)
        let (straight, expected) = (Plane(seen.picture), Plane(Self.picture(Self.part.drawn())))
        var far = 0.0
        for y in 20..<108 { for x in 20..<108 { far += Double(abs(straight[x, y] - expected[x, y])) } }
        #expect(far / (88 * 88) < 0.03)
    }

    @Test func boxesAreThoseOfThePictureAsItCame() throws {
        let sight = try Self.settings().sight(for: Self.turned())
        let seen = try sight.see(Self.turned())
        let box = Box(left: 80, top: 70, right: 90, bottom: 84)
        let found = sight.inPicture(box, .init(width: 128, height: 128), seen.placement)
        // The middle of the box, turned by 3 degrees about the picture's middle and shifted.
        #expect(abs(Double(found.left + found.right) / 2 - (85 - 63.5 + 63.5 + 6.5 - 0.7)) < 1.5, "\(found)")
        #expect(abs(Double(found.top + found.bottom) / 2 - (77 - 4.25 + 1.1)) < 1.5, "\(found)")
        #expect(found.right - found.left >= 10 && found.right - found.left <= 13)
        #expect(sight.inPicture(box, .init(width: 128, height: 128), nil) == box)
    }

    @Test func anotherPartIsNotTurnedAtAll() throws {
        let sight = try Self.settings().sight(for: Self.turned())
        let other = Self.picture(PrintedPart(side: 128, seed: 99).drawn())
        let error = #expect(throws: NotJudged.self) { try sight.see(other) }
        #expect(error?.code == "part.another")
        var even = Self.settings()
        even.reference = Picture(width: 128, height: 128, channels: 1, pixels: [UInt8](repeating: 90, count: 128 * 128))
        #expect(throws: InspectionError.self) { try even.sight(for: other) }
    }

    @Test func nothingOfWhatLiesUnderTheMaskIsSeen() throws {
        var settings = SightSettings()
        settings.region = Box(left: 10, top: 20, right: 74, bottom: 84)
        settings.mask = Picture(width: 64, height: 64, channels: 1, pixels: (0..<4_096).map { $0 % 64 < 16 ? 0 : 255 })
        let whole = Self.picture(Self.part.drawn())
        let sight = try settings.sight(for: whole)
        func changed(_ change: (inout [UInt8]) -> Void) -> Picture {
            var pixels = whole.pixels
            change(&pixels)
            return Picture(width: 128, height: 128, channels: 1, pixels: pixels)
        }
        let under = changed { pixels in
            for y in 20..<84 { for x in 10..<26 { pixels[y * 128 + x] = UInt8(truncatingIfNeeded: x * y) } }
        }
        #expect(under != whole)
        #expect(try sight.see(under).picture == sight.see(whole).picture)
        let beside = changed { $0[50 * 128 + 50] ^= 0x80 }
        #expect(try sight.see(beside).picture != sight.see(whole).picture)
        settings.mask = Picture(width: 64, height: 64, channels: 1, pixels: [UInt8](repeating: 0, count: 4_096))
        #expect(throws: InspectionError.self) { try settings.sight(for: whole) }
        settings.region = nil
        #expect(throws: InspectionError.self) { try settings.sight(for: whole) }
    }

    @Test func aModelKeepsItsReferenceAndItsMask() throws {
        var settings = GoodOnlyFit.Settings()
        settings.memoryRows = 60
        settings.sight = Self.settings()
        settings.sight.mask = Picture(
            width: 128, height: 128, channels: 1, pixels: (0..<16_384).map { $0 % 128 < 30 ? 0 : 255 })
        let network = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        var fit = GoodOnlyFit(network, settings: settings)
        for seed in UInt64(1)...6 {
            var plane = RigidAlignmentTests.turned(
                Placement(x: Double(seed), y: 1 - Double(seed), degrees: Double(seed) / 2), part: Self.part)
            plane.roughen(0.02, seed: seed)
            try fit.add(Self.picture(plane), name: "\(seed)")
        }
        let other = Self.picture(PrintedPart(side: 128, seed: 99).drawn())
        #expect(throws: InspectionError.self) { try fit.add(other, name: "another") }
        let model = try fit.finish(budget: 0.01).model
        #expect(model.recipe.hasMask && model.recipe.alignment != nil && model.golden.count == 128 * 128)
        let read = try model.encoded().withUnsafeBytes { try InspectionModel($0) }
        #expect(read == model)
        let inspector = try Inspector(read, backbone: network)
        guard case .notJudged(.anotherPart) = try inspector.judge(other).outcome else {
            Issue.record("another part was judged")
            return
        }
        #expect(try inspector.judge(Self.turned()).looked?.width == 128)
    }
}
