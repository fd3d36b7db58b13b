package import Graph
internal import Profiles

/// Computes a plan as a chip's plan has it: tile by tile, from buffers no larger than the memory beside the multipliers,
/// with weights in the chip's order.
///
/// Slow, and independent of the kernels: what comes out must equal what they compute, bit for bit. Layers that are not cut
/// (element by element, on the CPU, of chips whose memory nobody tells) are computed whole by their reference arithmetic.
package struct Emulation {
    private let plan: Plan
    private let deployment: Deployment

    /// What was done.
    package struct Summary: Hashable, Sendable {
        package var layers = 0
        package var cutLayers = 0
        package var tiles = 0
        /// Of the buffers of the layer that needs most.
        package var largestBytes = 0
    }

    /// A layer that no tile fits, so that the chip cannot compute it.
    package struct DoesNotFit: Error, Hashable, Sendable, CustomStringConvertible {
        package var layer: Int
        package var name: String
        package var need: Int
        package var have: Int
        package var description: String {
            "layer \(layer) \(name): the smallest tile needs \(need) bytes beside the multipliers, there are \(have)"
        }
    }

    /// - Parameter deployment: of the same plan.
    package init(_ plan: Plan, _ deployment: Deployment) {
        precondition(plan.operators.count == deployment.layers.count)
        self.plan = plan
        self.deployment = deployment
    }

    /// One inference.
    ///
    /// - Parameter input: the bytes of all inputs, one after the other, as the world outside sees them.
    /// - Parameter show: the operator's number from 0, the tensor, its bytes as plans store them; each as soon as it is there.
    /// - Returns: the bytes of all outputs, and what was done.
    /// - Throws: ``PlanError`` for an input of another size, ``DoesNotFit``.
    package func run(
        _ input: [UInt8], show: (Int, Tensor, TensorValue) -> Void = { _, _, _ in }
    ) throws -> (output: [UInt8], summary: Summary) {
        var memory = try plan.values(of: input)
        var summary = Summary()
        for (index, node) in plan.operators.enumerated() {
            let operands = node.inputs.compactMap { memory[$0.index] }
            let layer = deployment.layers[index]
            let results: [TensorValue]
            switch layer.tiling {
            case .tooLarge(let need, let have):
                throw DoesNotFit(layer: layer.number, name: layer.name, need: need, have: have)
            case .fits(let tiling):
                let pieces = layer.pieces
                let core = TileCore(node, layer.work, tiling, deployment.profile)
                results = [.int8(core.run(operands.map(\.int8s), pieces))]
                summary.cutLayers += 1
                summary.tiles += pieces.count
                summary.largestBytes = max(summary.largestBytes, tiling.pieces.doubled)
            case .notCut: results = node.reference(operands)
            }
            summary.layers += 1
            for (id, value) in zip(node.outputs, results) {
                memory[id.index] = value
                show(index, plan.tensors[id.index], value)
            }
        }
        return (plan.output(of: memory), summary)
    }
}
