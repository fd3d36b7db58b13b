import AssemblyLine
import Signals
import Testing

@Suite struct StatisticsTests {
    struct Row: Sendable {
        var probability: Double
        var freedom: Double
        var quantile: Double
    }

    /// - Source: tables of Student's distribution, one-sided.
    static let rows = [
        Row(probability: 0.01, freedom: 10, quantile: 2.764), Row(probability: 0.001, freedom: 10, quantile: 4.144),
        Row(probability: 0.01, freedom: 30, quantile: 2.457), Row(probability: 0.0005, freedom: 15, quantile: 4.073),
        Row(probability: 0.0005, freedom: 120, quantile: 3.373), Row(probability: 0.05, freedom: 8, quantile: 1.860),
    ]

    @Test(arguments: rows) func studentQuantilesAreThoseOfTheTables(row: Row) {
        let found = Statistics.studentQuantile(exceededBy: row.probability, freedom: row.freedom)
        #expect(abs(found / row.quantile - 1) < 0.01)
    }

    @Test func normalQuantilesAreThoseOfTheTables() {
        #expect(abs(Statistics.normalQuantile(exceededBy: 0.025) - 1.95996) < 0.001)
        #expect(abs(Statistics.normalQuantile(exceededBy: 1e-4) - 3.71902) < 0.001)
    }

    @Test func aThresholdIsAboveEveryScoreThatWasSeen() {
        var scores = [Double](repeating: 0.5, count: 200)
        scores[7] = 9
        #expect(Train.threshold(scores, independent: 200, budget: 0.1) >= Train.largestScoreMargin * 9)
    }

    @Test func fewerWindowsAndASmallerBudgetRaiseTheThreshold() {
        var random = RandomSource(seed: 3)
        let scores = (0..<100).map { _ in Elementary.exponential(0.3 * random.normal()) }
        let many = Train.threshold(scores, independent: 100, budget: 1e-6)
        #expect(Train.threshold(scores, independent: 8, budget: 1e-6) > many)
        #expect(Train.threshold(scores, independent: 100, budget: 1e-8) > many)
    }
}
