import Inspection
import Testing

@Suite struct PlaneTests {
    @Test func greyLevelsBecomeZeroToOne() {
        #expect(Plane(width: 3, height: 1, grey: [0, 51, 255]).values == [0, 0.2, 1])
    }

    @Test func betweenPixelsTheValueIsBilinear() {
        let plane = Plane(width: 2, height: 2, values: [0, 1, 2, 5])
        #expect(plane.value(x: 0.5, y: 0) == 0.5)
        #expect(plane.value(x: 0.5, y: 0.5) == 2)
        // Outside, the nearest edge counts.
        #expect(plane.value(x: -3, y: 9) == 2)
        #expect(Plane(width: 1, height: 1, values: [4]).value(x: 0.3, y: 0.9) == 4)
    }

    @Test func aBlurKeepsLevelsAndSpreadsAPointAsAGaussian() {
        let even = Plane(width: 9, height: 7, repeating: 0.25).blurred(1.3)
        #expect(even.values.allSatisfy { abs($0 - 0.25) < 1e-6 })
        var point = Plane(width: 21, height: 21)
        point[10, 10] = 1
        let spread = point.blurred(2)
        #expect(abs(spread.values.reduce(0, +) - 1) < 1e-5)
        // exp(-d^2/2s^2), and the same in both directions.
        #expect(abs(spread[12, 10] / spread[10, 10] - 0.60653) < 1e-4)
        #expect(spread[12, 10] == spread[10, 12])
    }

    @Test func halvingTakesTheMeanOfFour() {
        let plane = Plane(width: 5, height: 2, values: [1, 3, 5, 7, 100, 1, 3, 5, 7, 100])
        #expect(plane.halved() == Plane(width: 2, height: 1, values: [2, 6]))
    }
}
