import Graph
import Plant
import Scoring
import Signals

/// A model whose answers can be worked out by hand: it reconstructs nothing, so that a score is the root mean square of the
/// deviations themselves.
enum TestModel {
    static let window = WindowShape(samples: 1024, rateHertz: 12_800)

    static func card(conditions: [ModelCard.Condition] = []) -> ModelCard {
        ModelCard(
            name: "test", version: "1", pack: "test 1.0", window: window, geometry: .deepGroove6205,
            features: Feature.allCases.map { .init(name: $0.rawValue, mean: 0.5, deviation: 2) },
            conditions: conditions,
            speed: .init(lowest: 1_400, highest: 1_600), threshold: 1.25, falseAlarmBudget: 1e-4, trainingWindows: 100,
            seed: 7, trainingDigest: "00")
    }

    static let speed = ModelCard.Condition(
        name: .speed, mean: 1_500, deviation: 20, limits: .init(lowest: 1_400, highest: 1_600))
    static let load = ModelCard.Condition(
        name: .load, mean: 50, deviation: 20, limits: .init(lowest: 10, highest: 100))

    /// - Parameters:
    ///   - inputs, outputs: nil for what the card says.
    static func plan(
        card: ModelCard, json: [UInt8]? = nil, inputs: Int? = nil, outputs: Int? = nil
    ) throws -> [UInt8] {
        let inputs = inputs ?? (card.features.count + card.conditions.count)
        let outputs = outputs ?? card.features.count
        var builder = PlanBuilder(contract: "tflite")
        let input = builder.input(
            name: "deviations", shape: [1, inputs], quantization: Quantization(scale: 6 / 127, zeroPoint: 0))
        let output = try builder.fullyConnected(
            input,
            Weights.Source(
                elements: [Int8](repeating: 0, count: inputs * outputs),
                scales: [Float](repeating: 0.01, count: outputs),
                bias: [Int32](repeating: 0, count: outputs)),
            output: Quantization(scale: 0.1, zeroPoint: 0))
        builder.output(output)
        builder.attach(card: try json ?? card.json())
        return try builder.encode()
    }

    static func scorer(_ plan: [UInt8]) throws -> MachineScorer {
        let memory = PlanMemory(copying: plan)
        return try MachineScorer(plan: Plan(bytes: memory.bytes), keeping: memory)
    }

    static func noise(_ count: Int = window.samples, seed: UInt64 = 1) -> [Float] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
        }
    }
}
