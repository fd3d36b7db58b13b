import Glibc
import Signals
import Testing

@Suite struct ElementaryTests {
    @Test func sineAndCosineAgreeWithTheCLibraryToTheLastBits() {
        var worst = 0.0
        for step in -4_000...4_000 {
            let turns = Double(step) / 777
            worst = max(worst, abs(Elementary.sine(turns: turns) - sin(2 * .pi * turns.remainder(dividingBy: 1))))
            worst = max(worst, abs(Elementary.cosine(turns: turns) - cos(2 * .pi * turns.remainder(dividingBy: 1))))
        }
        #expect(worst < 1e-15)
    }

    @Test func anglesOfWholeQuartersAreExact() {
        #expect(Elementary.sine(turns: 0.25) == 1)
        #expect(Elementary.cosine(turns: 0.5) == -1)
        #expect(Elementary.sine(turns: 1e9 + 0.75) == -1)
        #expect(Elementary.cosine(turns: 0.25) == 0)
    }

    @Test func logarithmAgreesFromTheSmallestToTheLargestNumber() {
        for exponent in stride(from: -300, through: 300, by: 7) {
            for mantissa in [1.0, 1.2345, 1.41421356, 1.4142136, 1.9999999, 3.3] {
                let value = mantissa * pow(10, Double(exponent))
                let expected = log(value)
                #expect(abs(Elementary.logarithm(value) - expected) <= 4e-16 * max(1, abs(expected)), "\(value)")
            }
        }
        #expect(Elementary.logarithm(1) == 0)
    }

    @Test func exponentialUndoesTheLogarithm() {
        for step in -690...690 {
            let value = Double(step) * 1.003
            let expected = exp(min(max(value, -700), 700))
            #expect(abs(Elementary.exponential(value) / expected - 1) < 4e-16 * max(2, abs(value) / 40))
        }
        #expect(Elementary.exponential(0) == 1)
    }
}
