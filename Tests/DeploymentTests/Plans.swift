import Deployment
import Foundation
import Graph
import Profiles

/// Small plans, and the committed profiles.
enum Plans {
    struct Made {
        var memory: PlanMemory
        var plan: Plan
    }

    private static let one = Quantization(scale: 0.1, zeroPoint: 0)

    static func made(_ builder: PlanBuilder) throws -> Made {
        let memory = PlanMemory(copying: try builder.encode())
        return Made(memory: memory, plan: try Plan(bytes: memory.bytes))
    }

    static func weights(_ count: Int, channels: Int) -> Weights.Source {
        Weights.Source(
            elements: [Int8](repeating: 1, count: count), scales: [0.01], bias: [Int32](repeating: 0, count: channels))
    }

    /// One layer that keeps the image's size.
    static func convolution(_ shape: RockchipRuleTests.Shape) throws -> Made {
        var builder = PlanBuilder(contract: "rockchip")
        let input = builder.input(
            name: "x", shape: [1, shape.height, shape.width, shape.inputs], quantization: one)
        let edge = shape.kernel / 2
        let window = Window(kernel: (shape.kernel, shape.kernel), padding: (edge, edge, edge, edge))
        let taps = shape.kernel * shape.kernel
        let output =
            shape.isDepthwise
            ? try builder.depthwiseConvolution(
                input, weights(taps * shape.inputs, channels: shape.inputs), window: window, output: one)
            : try builder.convolution(
                input, weights(taps * shape.inputs * shape.outputs, channels: shape.outputs), window: window,
                output: one)
        builder.output(output)
        return try made(builder)
    }

    static func dense(inputs: Int, outputs: Int) throws -> Made {
        var builder = PlanBuilder(contract: "rockchip")
        let input = builder.input(name: "x", shape: [1, inputs], quantization: one)
        builder.output(
            try builder.fullyConnected(input, weights(inputs * outputs, channels: outputs), output: one))
        return try made(builder)
    }

    static func work(_ shape: RockchipRuleTests.Shape) throws -> LayerWork {
        let made = try convolution(shape)
        return withExtendedLifetime(made.memory) { LayerWork(made.plan.operators[0], made.plan) }
    }

    static func profile(_ id: String) throws -> ChipProfile {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let all = try ProfileCatalogue.load(directory: root.appending(path: "firmware-profiles").path)
        return try ProfileCatalogue.profile(named: id, in: all)
    }
}
