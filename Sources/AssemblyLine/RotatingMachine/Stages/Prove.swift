internal import Graph
internal import Runtime
internal import Scoring
internal import Signals

/// Writes the plan with its receipt, runs it on this machine's kernels, and measures what it sees.
package enum Prove: Stage {
    package static let name = "prove"
    package static let revision = 1

    /// Golden inputs: normal windows, and windows of faults, where values saturate.
    static let goldenNormal = 16
    static let goldenFaults = 16

    package static func inputs(of work: RotatingMachineWork) throws(LineError) -> [[UInt8]] {
        [
            try Artefact.bytes(work.quantized, stage: name), try Artefact.bytes(work.trained, stage: name),
            try Artefact.bytes(work.curated, stage: name), try Artefact.bytes(work.synthetic, stage: name),
        ]
    }

    package static func run(_ work: RotatingMachineWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let trained = try Artefact.need(work.trained, "a trained network", stage: name)
        let network = try Artefact.need(work.quantized, "a quantized network", stage: name)
        let curated = try Artefact.need(work.curated, "curated windows", stage: name)
        let synthetic = try Artefact.need(work.synthetic, "synthetic faults", stage: name)
        let standardizer = Standardizer(card: trained.card)
        var normal: [(input: [Float], deviations: [Double])] = []
        for row in curated.features.indices { normal.append(try Train.input(standardizer, curated, row)) }
        var faults: [[(input: [Float], deviations: [Double])]] = []
        for one in synthetic.cases {
            var rows: [(input: [Float], deviations: [Double])] = []
            for row in one.features.indices {
                rows.append(
                    try Train.input(
                        standardizer, features: one.features[row], speed: one.speeds[row],
                        load: one.loads.isEmpty ? nil : one.loads[row]))
            }
            faults.append(rows)
        }
        let golden = Self.spread(normal, goldenNormal) + Self.spread(faults.flatMap(\.self), goldenFaults)
        let plan = try encode(network, card: trained.card, golden: golden.map(\.input))
        report(0.3)
        let tried = try Trial(plan: plan, card: trained.card)
        var proof = Proof(
            plan: plan, receiptCases: golden.count, quantizationError: 0, largestNormalRatio: 0, faults: [])
        for row in normal {
            let score = try tried.score(row)
            var shares = row.deviations
            let exact = Standardizer.score(
                deviations: row.deviations, reconstruction: trained.network(row.input), shares: &shares)
            proof.quantizationError = max(
                proof.quantizationError, abs(score.value - exact) / trained.card.threshold)
            proof.largestNormalRatio = max(proof.largestNormalRatio, score.value / trained.card.threshold)
        }
        report(0.6)
        for (one, rows) in zip(synthetic.cases, faults) {
            proof.faults.append(try tried.result(of: one, rows))
        }
        return try Artefact.bytes(proof, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout RotatingMachineWork) throws(LineError) {
        work.proof = try Artefact.value(Proof.self, output, stage: name)
    }

    private static func spread<T>(_ rows: [T], _ count: Int) -> [T] {
        let count = min(count, rows.count)
        return (0..<count).map { rows[$0 * rows.count / count] }
    }

    private static func encode(
        _ network: QuantizedNetwork, card: ModelCard, golden: [[Float]]
    ) throws(LineError) -> [UInt8] {
        let json: [UInt8]
        do throws(ScoringError) { json = try card.json() } catch { throw .card(error) }
        do throws(PlanError) {
            var builder = PlanBuilder(contract: "tflite")
            let input = Quantization(network.input)
            var tensor = builder.input(
                name: "deviations", shape: [1, card.features.count + card.conditions.count], quantization: input)
            for (index, layer) in network.layers.enumerated() {
                let output = Quantization(layer.output)
                tensor = try builder.fullyConnected(
                    tensor, Weights.Source(elements: layer.weights, scales: layer.scales, bias: layer.bias),
                    output: output, clamp: layer.isRectified ? output.zeroPoint...127 : -128...127,
                    name: index == network.layers.count - 1 ? "reconstruction" : nil)
            }
            builder.output(tensor)
            builder.attach(card: json)
            let cases = golden.map { row in row.map { UInt8(bitPattern: input.quantize($0)) } }
            builder.attach(receipt: try builder.receipt(goldenInputs: cases))
            return try builder.encode()
        } catch { throw .plan(error) }
    }
}

/// The finished plan on this machine's kernels.
private final class Trial {
    private let session: Session
    private let card: ModelCard
    private var output: [Float]
    private var shares: [Double]

    /// - Throws: also when the receipt does not hold here.
    init(plan bytes: [UInt8], card: ModelCard) throws(LineError) {
        let memory = PlanMemory(copying: bytes)
        let plan: Plan
        do throws(PlanError) { plan = try Plan(bytes: memory.bytes) } catch { throw .plan(error) }
        do throws(RuntimeError) {
            session = try Session(plan: plan, keeping: memory)
            try session.proveReceipt()
        } catch { throw .proof(error) }
        self.card = card
        output = [Float](repeating: 0, count: card.features.count)
        shares = [Double](repeating: 0, count: card.features.count)
    }

    func score(_ row: (input: [Float], deviations: [Double])) throws(LineError) -> (value: Double, shares: [Double]) {
        // SAFETY: the buffers stay within the closures; the session checks their sizes.
        let failure: RuntimeError? = row.input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                do throws(RuntimeError) {
                    try session.run(input, output: output)
                    return nil
                } catch { return error }
            }
        }
        if let failure { throw .proof(failure) }
        let value = Standardizer.score(deviations: row.deviations, reconstruction: output, shares: &shares)
        return (value, shares)
    }

    func result(
        of one: SyntheticFaults.Case, _ rows: [(input: [Float], deviations: [Double])]
    ) throws(LineError) -> Proof.FaultResult {
        var ratios: [Double] = []
        var total = [Double](repeating: 0, count: card.features.count)
        for row in rows {
            let score = try score(row)
            ratios.append(score.value / card.threshold)
            for index in total.indices { total[index] += score.shares[index] }
        }
        let leading = total.indices.max { total[$0] < total[$1] } ?? 0
        return Proof.FaultResult(
            defect: one.defect, level: one.level, windows: rows.count,
            aboveThreshold: ratios.count { $0 > 1 }, medianRatio: Statistics.median(ratios),
            leading: card.features[leading].name)
    }
}

extension Quantization {
    fileprivate init(_ activations: QuantizedNetwork.Activations) {
        self.init(scale: activations.scale, zeroPoint: activations.zeroPoint)
    }
}
