import Pictures
import Testing

@testable import Inspection

@Suite struct FeedbackTests {
    static let spot = Box(left: 48, top: 48, right: 80, bottom: 80)

    static func isGood(_ picture: Picture, _ model: InspectionModel, _ backbone: Backbone) throws -> Bool {
        try Inspector(model, backbone: backbone).judge(picture).outcome == .good
    }

    @Test func whatWasGoodIsRememberedAndWhatIsBadElsewhereStaysBad() throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        let fitted = try GoodOnlyTests.fit(GoodOnlyTests.goods).model
        let rejected = GoodOnlyTests.picture(100, defect: Self.spot)
        try #require(try !Self.isGood(rejected, fitted, backbone))
        var feedback = FeedbackFit(fitted, backbone: backbone)
        guard case .remembered(let places) = try feedback.take(rejected, isGood: true) else {
            Issue.record("expected places to be remembered")
            return
        }
        #expect(places > 0 && places <= 3 * 64)
        #expect(feedback.model.recipe.threshold == fitted.recipe.threshold)
        #expect(try Self.isGood(rejected, feedback.model, backbone))
        #expect(try Self.isGood(GoodOnlyTests.picture(101, defect: Self.spot), feedback.model, backbone))
        #expect(try GoodOnlyTests.goods.allSatisfy { try Self.isGood($0, feedback.model, backbone) })
        #expect(try !Self.isGood(GoodOnlyTests.picture(102, level: 30), feedback.model, backbone))
        #expect(try feedback.take(rejected, isGood: true) == .none, "said twice is said once")
        // As a model of its own it can be stored and read again.
        let section = try feedback.model.encoded()
        #expect(try section.withUnsafeBytes { try InspectionModel($0) } == feedback.model)
    }

    @Test func whatWasBadLowersTheThresholdDownToTheBestOfTheFit() throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        var fitted = try GoodOnlyTests.fit(GoodOnlyTests.goods).model
        let missed = GoodOnlyTests.picture(103)
        let score = try #require(try Inspector(fitted, backbone: backbone).judge(missed).score)
        fitted.recipe.threshold = Threshold(
            value: 1.9 * score, falseRejectBudget: 0.01, goodPictures: 20, largestGood: 0.9 * score)
        var feedback = FeedbackFit(fitted, backbone: backbone)
        guard case .threshold(from: 1.9 * score, let low) = try feedback.take(missed, isGood: false) else {
            Issue.record("expected a lower threshold")
            return
        }
        #expect(low < score && low > 0.999 * score)
        #expect(try !Self.isGood(missed, feedback.model, backbone))
        // Below the best of the fit it does not go.
        fitted.recipe.threshold.largestGood = 1.5 * score
        feedback = FeedbackFit(fitted, backbone: backbone)
        #expect(try feedback.take(missed, isGood: false) == .limited(at: 1.5 * score))
        #expect(feedback.model.recipe.threshold.value == 1.5 * score)
    }

    @Test func aPartThatSomebodyCalledGoodIsNotRejectedForAnother() throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        var fitted = try GoodOnlyTests.fit(GoodOnlyTests.goods).model
        let part = GoodOnlyTests.picture(104)
        let score = try #require(try Inspector(fitted, backbone: backbone).judge(part).score)
        fitted.recipe.threshold = Threshold(
            value: 1.5 * score, falseRejectBudget: 0.01, goodPictures: 20, largestGood: 0.1)
        var feedback = FeedbackFit(fitted, backbone: backbone)
        #expect(try feedback.take(part, isGood: true) == .none)
        guard case .limited = try feedback.take(part, isGood: false) else {
            Issue.record("the later word must not reject what was called good")
            return
        }
        #expect(try Self.isGood(part, feedback.model, backbone))
    }

    @Test func theThresholdRisesByAQuarterAtMost() throws {
        let backbone = try GoodOnlyTests.backbone(try GoodOnlyTests.plan())
        let fitted = try GoodOnlyTests.fit(GoodOnlyTests.goods).model
        var model = fitted
        // A memory that has no room for more leaves the threshold alone to move.
        model.recipe.threshold.value = fitted.recipe.threshold.value / 100
        var feedback = FeedbackFit(model, backbone: backbone)
        for seed in UInt64(200)..<230 {
            _ = try feedback.take(GoodOnlyTests.picture(seed, defect: Self.spot), isGood: true)
            #expect(feedback.model.recipe.threshold.value <= 1.25 * model.recipe.threshold.value)
        }
        let rows = try zip(#require(feedback.model.recipe.memory).levels, #require(model.recipe.memory).levels)
        #expect(rows.allSatisfy { $0.rows - $1.rows <= 512 })
        // Over again from the fitted model, the same words give the same model.
        var again = FeedbackFit(model, backbone: backbone)
        for seed in UInt64(200)..<230 {
            _ = try again.take(GoodOnlyTests.picture(seed, defect: Self.spot), isGood: true)
        }
        #expect(again.model == feedback.model)
    }
}
