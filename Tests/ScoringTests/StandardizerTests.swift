import Scoring
import Testing

@Suite struct StandardizerTests {
    @Test func deviationsAreClampedOnlyFarOut() {
        let standardizer = Standardizer(card: TestModel.card())
        let count = standardizer.card.features.count
        var features = [Double](repeating: 0.5, count: count)
        features[0] = 20.5
        features[1] = 1e9
        features[2] = -1e9
        var deviations = features
        standardizer.deviations(of: features, into: &deviations)
        #expect(deviations[0] == 10)
        #expect(deviations[1] == Standardizer.largestDeviation)
        #expect(deviations[2] == -Standardizer.largestDeviation)
        #expect(deviations[3] == 0)
    }

    @Test func theNetworkSeesTheNearRangeAndTheConditions() throws {
        let standardizer = Standardizer(card: TestModel.card(conditions: [TestModel.speed, TestModel.load]))
        let count = standardizer.card.features.count
        var deviations = [Double](repeating: 0.25, count: count)
        deviations[0] = 40
        deviations[1] = -40
        var input = [Float](repeating: 0, count: count + 2)
        try standardizer.fill(&input, deviations: deviations, speedRPM: 1_510, load: 30)
        #expect(input[0] == Standardizer.networkReach)
        #expect(input[1] == -Standardizer.networkReach)
        #expect(input[2] == 0.25)
        #expect(input[count...] == [0.5, -1])
    }

    @Test func aPerfectReconstructionScoresZeroAndSharesNothing() {
        var shares = [1.0, 1.0]
        #expect(Standardizer.score(deviations: [1, -2], reconstruction: [1, -2], shares: &shares) == 0)
        #expect(shares == [0, 0])
    }

    @Test func sharesAreThoseOfTheSquares() {
        var shares = [0.0, 0.0]
        let score = Standardizer.score(deviations: [3, -4], reconstruction: [0, 0], shares: &shares)
        #expect(score == 12.5.squareRoot())
        #expect(shares == [0.36, 0.64])
    }
}
