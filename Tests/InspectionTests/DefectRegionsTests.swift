import Inspection
import Testing

@Suite struct DefectRegionsTests {
    static let regions = DefectRegions(lower: 0.4, upper: 0.6, bridge: 2, leastCertain: 3)

    @Test func aRegionReachesToTheLowerThresholdAndNeedsTheUpperOne() {
        var map = Plane(width: 40, height: 30)
        map.fill(Box(left: 5, top: 6, right: 11, bottom: 9), with: 0.5)
        map.fill(Box(left: 6, top: 7, right: 9, bottom: 8), with: 0.9)
        // Only half sure: no pixel above the upper threshold.
        map.fill(Box(left: 25, top: 20, right: 35, bottom: 25), with: 0.55)
        #expect(
            Self.regions.find(in: map).regions == [
                DefectRegion(
                    box: Box(left: 5, top: 6, right: 11, bottom: 9), pixels: 18, certainPixels: 3, peak: 0.9, level: 0.9
                )
            ])
    }

    /// What a map says without a defect too: how far it is from one.
    @Test func theLevelIsTheThresholdThatTheMapWouldJustPass() {
        var map = Plane(width: 40, height: 30)
        #expect(Self.regions.find(in: map).level == 0)
        map.fill(Box(left: 5, top: 6, right: 7, bottom: 7), with: 0.9)
        map.fill(Box(left: 30, top: 6, right: 31, bottom: 7), with: 0.3)
        // Two pixels are not enough for a region, however high; a third one elsewhere does not belong to them.
        #expect(Self.regions.find(in: map).level == 0.3)
        map.fill(Box(left: 20, top: 20, right: 24, bottom: 21), with: 0.55)
        let half = Self.regions.find(in: map)
        #expect(half.regions.isEmpty && half.level == 0.55)
        #expect(Self.regions.scaled(to: 0.54).find(in: map).regions.count == 1)
        #expect(Self.regions.scaled(to: 0.56).find(in: map).regions.isEmpty)
        map.fill(Box(left: 20, top: 20, right: 23, bottom: 21), with: 0.7)
        let whole = Self.regions.find(in: map)
        #expect(whole.regions.map(\.level) == [0.7] && whole.level == 0.7)
    }

    @Test func smallGapsAreBridgedAndLargeOnesNot() {
        var map = Plane(width: 40, height: 10)
        map.fill(Box(left: 3, top: 3, right: 6, bottom: 6), with: 1)
        map.fill(Box(left: 9, top: 3, right: 12, bottom: 6), with: 1)
        map.fill(Box(left: 18, top: 3, right: 21, bottom: 6), with: 0.8)
        let found = Self.regions.find(in: map).regions
        #expect(
            found.map(\.box) == [
                Box(left: 3, top: 3, right: 12, bottom: 6), Box(left: 18, top: 3, right: 21, bottom: 6),
            ])
        #expect(found.map(\.pixels) == [18, 9])
    }

    @Test func aPictureThatIsWrongAsAWholeIsOneRegion() {
        let found = Self.regions.find(in: Plane(width: 64, height: 48, repeating: 1)).regions
        #expect(found.map(\.box) == [Box(left: 0, top: 0, right: 64, bottom: 48)])
    }

    @Test func overlapIsSharedAreaOverBoth() {
        let box = Box(left: 0, top: 0, right: 10, bottom: 10)
        #expect(box.overlap(with: Box(left: 5, top: 0, right: 15, bottom: 10)) == 50.0 / 150)
        #expect(box.overlap(with: Box(left: 10, top: 0, right: 20, bottom: 10)) == 0)
        #expect(box.overlap(with: box) == 1)
    }
}
