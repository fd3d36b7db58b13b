import Inspection
import Testing

/// Two dark tracks on bright ground, and every way to spoil them.
@Suite struct PrintChangeTests {
    static let upper = Box(left: 0, top: 10, right: 60, bottom: 20)
    static let lower = Box(left: 0, top: 30, right: 60, bottom: 40)

    static var expected: Plane {
        var plane = Plane(width: 60, height: 50, repeating: 0.9)
        plane.fill(upper, with: 0.1)
        plane.fill(lower, with: 0.1)
        return plane
    }

    static let cases: [(PrintChange, Box, Float)] = [
        (.island, Box(left: 26, top: 23, right: 32, bottom: 27), 0.1),
        (.spur, Box(left: 26, top: 20, right: 32, bottom: 25), 0.1),
        (.bridge, Box(left: 26, top: 20, right: 32, bottom: 30), 0.1),
        (.hole, Box(left: 26, top: 13, right: 31, bottom: 17), 0.9),
        (.bite, Box(left: 26, top: 10, right: 31, bottom: 15), 0.9),
        (.cut, Box(left: 26, top: 10, right: 31, bottom: 20), 0.9),
    ]

    @Test(arguments: cases) func whatAChangeDoesIsItsName(_ change: PrintChange, _ box: Box, _ level: Float) {
        var seen = Self.expected
        seen.fill(box, with: level)
        #expect(
            PrintChange(of: box, seen: seen, expected: Self.expected, middle: 0.5, isPrintDark: true) == change)
    }

    /// The same picture as its own negative: print is bright.
    @Test(arguments: cases) func brightPrintIsReadAlike(_ change: PrintChange, _ box: Box, _ level: Float) {
        var seen = Self.expected
        seen.fill(box, with: level)
        var expected = Self.expected
        seen.values = seen.values.map { 1 - $0 }
        expected.values = expected.values.map { 1 - $0 }
        #expect(PrintChange(of: box, seen: seen, expected: expected, middle: 0.5, isPrintDark: false) == change)
    }
}
