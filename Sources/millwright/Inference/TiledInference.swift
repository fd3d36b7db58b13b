import Deployment
import Graph
import Kernels
import Profiles
import Runtime

/// One inference as a chip's plan has it, tile by tile, held against the kernels of this machine layer by layer.
struct TiledInference {
    let output: [UInt8]
    let summary: Emulation.Summary
    /// Where the chip's contract was compared with nothing; nil where it stands everywhere.
    let beyond: String?

    /// - Parameter input: the bytes of all inputs, one after the other.
    /// - Parameter show: each operator's number from 0, tensor and bytes, as soon as they are there.
    /// - Throws: ``Emulation/DoesNotFit``, and ``TiledInferenceError`` where the two ways differ.
    init(
        _ session: Session, on profile: ChipProfile, input: [UInt8], show: (Int, Tensor, [UInt8]) -> Void
    ) throws {
        let plan = session.plan
        // What a step computes in the place of its input is shown once; a reshape is shown by neither way.
        var kernels: [[UInt8]?] = Array(repeating: nil, count: plan.operators.count)
        try input.withUnsafeBytes { input in
            try session.run(bytes: input) { index, _, bytes in
                if kernels[index] == nil { kernels[index] = Array(bytes) }
            }
        }
        var difference: TiledInferenceError?
        var shown: Set<Int> = []
        let deployment = Deployment(plan, on: profile)
        beyond = DeploymentReport.beyond(deployment.layers.map(DeploymentReport.Layer.init))
        (output, summary) = try Emulation(plan, deployment).run(input) { index, tensor, value in
            let bytes = value.bytes
            if let expected = kernels[index], shown.insert(index).inserted, difference == nil, expected != bytes {
                let first = zip(expected, bytes).enumerated().first { $0.element.0 != $0.element.1 }
                difference = TiledInferenceError(
                    layer: index + 1, name: tensor.name, element: first?.offset ?? 0,
                    kernels: Int(first?.element.0 ?? 0), tiles: Int(first?.element.1 ?? 0), isa: session.kernels.isa)
            }
            if kernels[index] != nil { show(index, tensor, bytes) }
        }
        if let difference { throw difference }
    }
}

extension TiledInference {
    /// `rk3588: 31 layers, 9 of them in 14 tiles of at most 201 kB beside the multipliers; equal to the kernels in each`.
    func words(_ profile: ChipProfile) -> String {
        let cut: String
        if profile.isCPU {
            cut = "no NPU: its CPU runs them whole"
        } else if summary.cutLayers == 0 {
            cut =
                "none of them in tiles: \(profile.onChipBytes == nil ? "its memory is not known" : "nothing to cut")"
        } else {
            cut =
                "\(summary.cutLayers) of them in \(summary.tiles) tiles of at most \(summary.largestBytes) bytes "
                + "beside the multipliers"
        }
        return "\(profile.id): \(summary.layers) layers, \(cut); equal to the kernels in each"
    }
}

/// Two ways to compute a layer that gave different bytes.
struct TiledInferenceError: Error, CustomStringConvertible {
    let layer: Int
    let name: String
    let element: Int
    let kernels: Int
    let tiles: Int
    let isa: String

    var description: String {
        "layer \(layer) \(name), byte \(element): \(kernels) by the kernels (\(isa)), \(tiles) tile by tile; please report it"
    }
}
