package import Graph
package import Kernels
internal import Plant
package import Runtime
internal import Signals

/// Scores the windows of one machine with one model.
///
/// Not `Sendable`: it owns the analyzer's and the session's buffers; whoever shares it puts an actor around it.
package final class MachineScorer {
    package let card: ModelCard
    package let session: Session
    /// What computes: the session, or an accelerator.
    private let inference: any Inference

    private let analyzer: Analyzer
    private let standardizer: Standardizer
    private var features: [Double]
    private var deviations: [Double]
    private var shares: [Double]
    private var input: [Float]
    private var output: [Float]

    /// A rate that differs by more is another sensor setting, and every band would be another band.
    private static let rateTolerance = 0.001

    /// - Parameters:
    ///   - plan: takes [features + conditions] and gives [features], as its card says.
    ///   - owner: keeps the plan's bytes alive.
    ///   - inference: what computes the same plan, several scorers perhaps; the scorer's own session unless given.
    ///   - kernels: of the scorer's own session.
    /// - Throws: `.card`, `.planMismatch`, `.runtime`, `.window` for a shape or geometry that cannot be analysed.
    package init(
        plan: Plan, keeping owner: AnyObject, inference: (any Inference)? = nil, kernels: KernelSet = .best
    ) throws(ScoringError) {
        card = try ModelCard(json: plan.card)
        let count = card.features.count
        guard plan.inputCount == count + card.conditions.count else {
            throw .planMismatch(what: "input", expected: count + card.conditions.count, found: plan.inputCount)
        }
        guard plan.outputCount == count else {
            throw .planMismatch(what: "output", expected: count, found: plan.outputCount)
        }
        do throws(SignalError) {
            analyzer = try Analyzer(shape: card.window, geometry: card.geometry)
        } catch { throw .window(error) }
        do throws(RuntimeError) {
            session = try Session(plan: plan, keeping: owner, kernels: kernels)
        } catch { throw .inference(.runtime(error)) }
        self.inference = inference ?? session
        standardizer = Standardizer(card: card)
        features = [Double](repeating: 0, count: count)
        deviations = features
        shares = features
        input = [Float](repeating: 0, count: plan.inputCount)
        output = [Float](repeating: 0, count: count)
    }

    /// Scores one window.
    ///
    /// - Parameters:
    ///   - window: samples in the unit of the pack's vibration input, oldest first.
    ///   - speedRPM: speed while the window was taken; nil when there is no good value.
    ///   - load: load in percent, needed only by a model that was trained with it.
    /// - Throws: why the window cannot be judged.
    package func score(
        window: [Float], rateHertz: Double, speedRPM: Double?, load: Double?
    ) throws(ScoringError) -> Score {
        guard abs(rateHertz - card.window.rateHertz) <= Self.rateTolerance * card.window.rateHertz else {
            throw .rateDiffers(expectedHertz: card.window.rateHertz, foundHertz: rateHertz)
        }
        do throws(SignalError) { try analyzer.check(window) } catch { throw .window(error) }
        guard let speedRPM, speedRPM.isFinite else { throw .conditionMissing(.speed) }
        guard card.speed.contains(speedRPM) else {
            throw .conditionOutsideLearntRange(
                .speed, value: speedRPM, lowest: card.speed.lowest, highest: card.speed.highest)
        }
        do throws(SignalError) {
            try analyzer.analyze(window, shaftHertz: speedRPM / 60, into: &features)
        } catch { throw .window(error) }
        standardizer.deviations(of: features, into: &deviations)
        try standardizer.fill(&input, deviations: deviations, speedRPM: speedRPM, load: load)
        try infer()
        let value = Standardizer.score(deviations: deviations, reconstruction: output, shares: &shares)
        return Score(value: value, threshold: card.threshold, contributions: contributions(), features: features)
    }

    private func infer() throws(ScoringError) {
        // SAFETY: the buffers stay within the closures; the session checks their sizes.
        let failure: InferenceError? = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                do throws(InferenceError) {
                    try inference.infer(input, output: output)
                    return nil
                } catch { return error }
            }
        }
        if let failure { throw .inference(failure) }
    }

    private func contributions() -> [Contribution] {
        var all: [Contribution] = []
        all.reserveCapacity(features.count)
        for (index, statistic) in card.features.enumerated() {
            all.append(
                Contribution(feature: statistic.name, share: shares[index], deviation: deviations[index]))
        }
        // Equal shares keep the model's order, so that the same window always reads the same.
        return all.enumerated().sorted { ($1.element.share, $0.offset) < ($0.element.share, $1.offset) }.map(\.element)
    }
}
