import Inspection
import Testing

@Suite struct PictureQualityTests {
    static func good(seed: UInt64 = 1) -> Plane {
        var picture = PrintedPart().drawn()
        picture.roughen(0.02, seed: seed)
        return picture
    }

    static let limits = CameraLimits(good: (1...5).map { PictureQuality(of: good(seed: $0)) })

    static func fault(_ change: (Float) -> Float) -> CameraLimits.Fault? {
        var picture = good(seed: 6)
        picture.values = picture.values.map(change)
        return limits.fault(of: PictureQuality(of: picture))
    }

    @Test func aGoodPictureIsJudged() {
        #expect(Self.fault { $0 } == nil)
        // Four fifths of the light is still good.
        #expect(Self.fault { 0.8 * $0 } == nil)
    }

    @Test func lightIsLookedAtFirst() throws {
        #expect(try #require(Self.fault { 0.3 * $0 }).description.hasPrefix("too dark: mean level"))
        #expect(try #require(Self.fault { min(1, 3 * $0) }).description.hasPrefix("over-exposed"))
        #expect(try #require(Self.fault { 0.97 - 0.1 * $0 }).description.hasPrefix("too bright"))
        #expect(try #require(Self.fault { 0.4 + 0.1 * $0 }).description.hasPrefix("no contrast"))
    }

    @Test func aBlurredPictureIsOutOfFocus() throws {
        let blurred = PictureQuality(of: Self.good(seed: 6).blurred(2))
        #expect(try #require(Self.limits.fault(of: blurred)).description.hasPrefix("out of focus"))
    }

    @Test func theReasonSaysWhatWasExpected() {
        #expect(
            "\(CameraLimits.Fault.tooDark(level: 0.08, least: 0.2))"
                == "too dark: mean level 8.0 %, at least 20.0 % expected")
    }
}
