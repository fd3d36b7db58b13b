import Testing

@testable import Uplink

@Suite struct BackOffTests {
    @Test func waitsDoubleUpToTheLongestAndAreSpread() {
        var random = SystemRandomNumberGenerator()
        var backOff = BackOff(first: .seconds(1), longest: .seconds(300))
        for step in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let wait = backOff.failed(random: &random)
            #expect(wait >= .seconds(step) / 2 && wait <= .seconds(step))
        }
        for _ in 0..<100 { #expect(backOff.failed(random: &random) <= .seconds(300)) }
        backOff.succeeded()
        #expect(backOff.failed(random: &random) <= .seconds(1))
    }
}
