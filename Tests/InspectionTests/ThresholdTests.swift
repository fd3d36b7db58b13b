import Testing

@testable import Inspection

@Suite struct ThresholdTests {
    /// 0.2 to 0.2 * e, evenly in the logarithm.
    static let scores = (0..<40).map { 0.2 * (1 + Double($0) / 40 * 1.7) }

    @Test func theBudgetSaysHowManyGoodOnesMayBeRejected() {
        let strict = Threshold(scores: Self.scores, budget: 0.001, least: 0.01, usual: 1)
        let loose = Threshold(scores: Self.scores, budget: 0.1, least: 0.01, usual: 1)
        #expect(strict.value > loose.value)
        #expect(strict.value >= Self.scores[39] && strict.goodPictures == 40 && strict.largestGood == Self.scores[39])
        #expect(Self.scores.count { $0 > loose.value } <= 4)
    }

    @Test func fewScoresMakeItMoreCareful() {
        let few = Threshold(scores: [0.2, 0.25, 0.3, 0.35, 0.4], budget: 0.01, least: 0.01, usual: 1)
        let many = Threshold(
            scores: (0..<50).map { [0.2, 0.25, 0.3, 0.35, 0.4][$0 % 5] }, budget: 0.01, least: 0.01, usual: 1)
        #expect(few.value > many.value)
    }

    @Test func withHardlyAnyItIsTheUsualOne() {
        #expect(Threshold(scores: [], budget: 0.01, least: 0.3, usual: 0.6).value == 0.6)
        #expect(Threshold(scores: [0.8], budget: 0.01, least: 0.3, usual: 0.6).value == 1)
    }

    @Test func itNeverLiesBelowTheLeastOne() {
        #expect(
            Threshold(scores: [Double](repeating: 0, count: 20), budget: 0.01, least: 0.3, usual: 0.6).value == 0.3)
    }

    @Test func theOddOnesAreFound() {
        var scores = Self.scores
        #expect(Outliers.indices(of: scores, atLeast: 0.1).isEmpty)
        scores.insert(9, at: 7)
        #expect(Outliers.indices(of: scores, atLeast: 0.1) == [7])
        // What lies below the least is no defect, however odd.
        #expect(Outliers.indices(of: scores, atLeast: 10).isEmpty)
        #expect(Outliers.indices(of: [0.1, 9], atLeast: 0.1).isEmpty)
    }
}
