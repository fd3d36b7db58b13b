import Testing

@testable import millwright

@Suite struct FormatTests {
    @Test(arguments: [
        (0.0, 1, "0.0"), (1.25, 1, "1.3"), (-0.04, 1, "0.0"), (-1.26, 1, "-1.3"), (12.0, 0, "12"), (0.05, 2, "0.05"),
        (1.005e9, 3, "1005000000.000"), (.infinity, 1, "inf"), (1e18, 1, "1e+18"),
    ])
    func numbersHaveSoManyDecimals(value: Double, decimals: Int, text: String) {
        #expect(Format.fixed(value, decimals) == text)
    }

    @Test(arguments: [
        (Int64(0), "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_250_000, "1.3 MB"), (2_000_000_000, "2.0 GB"),
        (5_000_000_000_000_000, "5000.0 TB"), (-1500, "-1.5 kB"),
    ])
    func bytesAreInPowersOfAThousand(count: Int64, text: String) {
        #expect(Format.bytes(count) == text)
    }

    @Test func namesMoveNoCursorAndBeginNoLine() {
        #expect(Format.oneLine("part 4712 检") == "part 4712 检")
        #expect(Format.oneLine("a\nb\u{1B}[2Jc\r\n") == "a?b?[2Jc??")
        #expect(Format.table([["a\nb", "c"], ["d", "\t"]]) == "a?b  c\nd    ?")
    }

    @Test func columnsLineUpAndTheLastRunsFree() {
        #expect(
            Format.table([["a", "long name", "x"], ["bbb", "y", "a longer last cell"]])
                == "a    long name  x\nbbb  y          a longer last cell")
        #expect(Format.table([]).isEmpty)
    }

    @Test func chineseTakesTwoColumns() {
        #expect(Format.table([["水泵", "x"], ["pump", "y"]]) == "水泵  x\npump  y")
    }
}
