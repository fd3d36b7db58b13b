internal import Scoring
internal import Signals

/// Fits the autoencoder on normal running only, and its threshold on windows that it has not seen.
package enum Train: Stage {
    package static let name = "train"
    package static let revision = 1

    /// Points of the loss curve in the report.
    package static let lossPoints = 50
    static let hidden = [16, 6, 16]
    /// Parts that are left out in turn to find the scores of windows not seen.
    package static let folds = 5
    /// The threshold is at least so much above the largest score that was seen.
    package static let largestScoreMargin = 1.3
    /// Windows that stand behind the least deviation of a feature when a spread is estimated from few.
    static let priorWindows = 5.0
    /// How much the logarithms of scores spread is much alike from machine to machine; this typical spread counts as some
    /// windows more, because a handful of windows says little about it.
    static let typicalScoreDeviation = 0.25
    static let priorScores = 8.0
    /// Independent windows from which the highest tenth is enough to tell of the tail.
    static let windowsForTail = 100.0
    /// What is allowed beyond the speeds and loads that were seen.
    static let speedMargin = 0.03
    static let loadMarginPercent = 5.0
    /// Least spread of the conditions, rpm and percent: below it they explain nothing.
    static let leastSpeedDeviationShare = 0.005
    static let leastLoadDeviation = 2.0

    package static func inputs(of work: RotatingMachineWork) throws(LineError) -> [[UInt8]] {
        [
            try Artefact.bytes(work.curated, stage: name), try Artefact.bytes(work.seed, stage: name),
            try Artefact.bytes(work.pack.line, stage: name),
            Array("\(work.pack.name)\n\(work.pack.version)\n\(work.pack.modelVersion)".utf8),
        ]
    }

    package static func run(_ work: RotatingMachineWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let curated = try Artefact.need(work.curated, "curated windows", stage: name)
        let rounds = Double(folds + 1)
        var heldOut = [Double](repeating: 0, count: curated.features.count)
        for fold in 0..<folds {
            let (inside, outside) = split(positions: curated.positions, overlap: curated.overlap, fold: fold)
            guard !outside.isEmpty else { continue }
            let fitted = try fit(work, curated, rows: inside, stream: UInt64(fold + 1)) {
                report((Double(fold) + $0) / rounds)
            }
            for row in outside { heldOut[row] = try score(fitted.network, fitted.card, curated, row) }
        }
        var fitted = try fit(work, curated, rows: Array(curated.features.indices), stream: 0) {
            report((rounds - 1 + $0) / rounds)
        }
        fitted.card.threshold = threshold(
            heldOut, independent: Double(curated.features.count) / Double(curated.overlap),
            budget: work.pack.line.falseAlarmBudget)
        let part = max(1, fitted.losses.count / lossPoints)
        let losses = stride(from: 0, to: fitted.losses.count, by: part).map { start in
            Statistics.mean(fitted.losses[start..<min(start + part, fitted.losses.count)].map(Double.init))
        }
        return try Artefact.bytes(
            Trained(network: fitted.network, card: fitted.card, losses: losses, heldOutScores: heldOut), stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout RotatingMachineWork) throws(LineError) {
        work.trained = try Artefact.value(Trained.self, output, stage: name)
    }

    /// Rows to fit on and rows left out. Rows that share samples with one left out are in neither.
    ///
    /// - Parameter positions: number of each row's window in the recording, rising.
    package static func split(positions: [Int], overlap: Int, fold: Int) -> (inside: [Int], outside: [Int]) {
        // Two overlaps long, so that a good part of the rows beside it is left.
        let block = overlap == 1 ? 1 : 2 * overlap
        let isOut = positions.map { $0 / block % folds == fold }
        let outside = isOut.indices.filter { isOut[$0] }
        let out = outside.map { positions[$0] }
        let inside = isOut.indices.filter { row in
            !isOut[row] && !out.contains { abs($0 - positions[row]) < overlap }
        }
        return (inside, outside)
    }

    /// The score that a window of normal running exceeds with the given probability.
    ///
    /// Logarithms of scores are close to normal; the quantile is Student's, because spread and mean come from the same few
    /// windows. Where there are enough windows to see the tail itself, it may ask for more. It never lies below the largest score that was seen, with a margin.
    package static func threshold(_ scores: [Double], independent: Double, budget: Double) -> Double {
        let logarithms = scores.filter { $0 > 0 }.map(Elementary.logarithm)
        let freedom = max(independent - 1, 0) + priorScores
        let quantile = Statistics.studentQuantile(exceededBy: budget, freedom: freedom)
        let seen = Statistics.deviation(logarithms)
        let prior = priorScores * typicalScoreDeviation * typicalScoreDeviation
        let spread = ((prior + (freedom - priorScores) * seen * seen) / freedom).squareRoot()
        let estimate = Elementary.exponential(
            Statistics.mean(logarithms) + quantile * (1 + 1 / max(independent, 1)).squareRoot() * spread)
        let tail = independent < windowsForTail ? 0 : Elementary.exponential(tailQuantile(logarithms, budget: budget))
        return max(estimate, tail, largestScoreMargin * (scores.max() ?? 0))
    }

    /// Exponential tail through the excess of the highest tenth over the rest.
    ///
    /// - Source: Pickands, Statistical inference using extreme order statistics, Annals of Statistics 3 (1975), with shape 0.
    private static func tailQuantile(_ values: [Double], budget: Double) -> Double {
        let sorted = values.sorted()
        let count = max(1, sorted.count / 10)
        guard sorted.count > count else { return sorted.last ?? 0 }
        let start = sorted[sorted.count - count - 1]
        let excess = Statistics.mean(sorted.suffix(count).map { $0 - start })
        return start + excess * Elementary.logarithm(max(Double(count) / Double(sorted.count) / budget, 1))
    }

    // MARK: fitting

    private static func fit(
        _ work: RotatingMachineWork, _ curated: Curated, rows: [Int], stream: UInt64, report: (Double) -> Void
    ) throws(LineError) -> (network: Network, card: ModelCard, losses: [Float]) {
        let card = try card(work, curated, rows: rows)
        let standardizer = Standardizer(card: card)
        var inputs: [[Float]] = []
        for row in rows { inputs.append(try input(standardizer, curated, row).input) }
        var trainer = NetworkTrainer(
            inputs: card.features.count + card.conditions.count, outputs: card.features.count, hidden: hidden,
            settings: NetworkTrainer.Settings(steps: work.pack.line.steps),
            random: RandomSource(seed: work.seed, stream: 0x7EA1_0000 + stream))
        let losses = trainer.train(inputs, targets: card.features.count, report: report)
        return (trainer.network, card, losses)
    }

    private static func score(
        _ network: Network, _ card: ModelCard, _ curated: Curated, _ row: Int
    ) throws(LineError) -> Double {
        let (input, deviations) = try input(Standardizer(card: card), curated, row)
        var shares = deviations
        return Standardizer.score(deviations: deviations, reconstruction: network(input), shares: &shares)
    }

    static func input(
        _ standardizer: Standardizer, _ curated: Curated, _ row: Int
    ) throws(LineError) -> (input: [Float], deviations: [Double]) {
        try input(
            standardizer, features: curated.features[row], speed: curated.speeds[row],
            load: curated.loads.isEmpty ? nil : curated.loads[row])
    }

    static func input(
        _ standardizer: Standardizer, features: [Double], speed: Double, load: Double?
    ) throws(LineError) -> (input: [Float], deviations: [Double]) {
        var deviations = features
        var input = [Float](repeating: 0, count: features.count + standardizer.card.conditions.count)
        standardizer.deviations(of: features, into: &deviations)
        do throws(ScoringError) {
            try standardizer.fill(&input, deviations: deviations, speedRPM: speed, load: load)
        } catch { throw .card(error) }
        return (input, deviations)
    }

    // MARK: card

    private static func card(_ work: RotatingMachineWork, _ curated: Curated, rows: [Int]) throws(LineError)
        -> ModelCard
    {
        let features = Feature.allCases.enumerated().map { column, feature in
            let values = rows.map { curated.features[$0][column] }
            let count = Double(values.count)
            let spread = Statistics.deviation(values)
            let least = feature.leastDeviation
            // Few windows under-estimate the spread: the least deviation counts as some windows more.
            let pooled = ((count * spread * spread + priorWindows * least * least) / (count + priorWindows))
                .squareRoot()
            return ModelCard.Statistic(
                name: feature.rawValue, mean: Statistics.mean(values), deviation: max(pooled, least))
        }
        let speeds = curated.speeds
        let speed = ModelCard.Limits(
            lowest: (speeds.min() ?? 0) * (1 - speedMargin), highest: (speeds.max() ?? 0) * (1 + speedMargin))
        let meanSpeed = Statistics.mean(speeds)
        var conditions = [
            ModelCard.Condition(
                name: .speed, mean: meanSpeed,
                deviation: max(Statistics.deviation(speeds), leastSpeedDeviationShare * meanSpeed), limits: speed)
        ]
        if let lowest = curated.loads.min(), let highest = curated.loads.max() {
            conditions.append(
                ModelCard.Condition(
                    name: .load, mean: Statistics.mean(curated.loads),
                    deviation: max(Statistics.deviation(curated.loads), leastLoadDeviation),
                    limits: ModelCard.Limits(
                        lowest: lowest - loadMarginPercent, highest: highest + loadMarginPercent)))
        }
        return ModelCard(
            name: work.pack.name, version: work.pack.modelVersion, pack: "\(work.pack.name) \(work.pack.version)",
            window: curated.window, geometry: curated.geometry, features: features, conditions: conditions,
            speed: speed, threshold: 1, falseAlarmBudget: work.pack.line.falseAlarmBudget,
            trainingWindows: rows.count, seed: work.seed,
            trainingDigest: try Artefact.digest([Artefact.bytes(curated, stage: name)], stage: name))
    }
}
