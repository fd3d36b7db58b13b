internal import Compiler

/// Writes the finished network as an ONNX file.
package enum ExportBackbone: Stage {
    package static let name = "export"
    package static let revision = 1
    private static let script = "export.py"

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        let distilled = try Artefact.need(work.distilled, "a finished network", stage: name)
        return [Array("\(work.pack.line.side)".utf8), [UInt8](distilled.weights)] + work.scripts.inputs(of: script)
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let distilled = try Artefact.need(work.distilled, "a finished network", stage: name)
        let folder = try work.workshop.folder(name)
        let (weights, file) = ("\(folder)/weights.npz", "\(folder)/backbone.onnx")
        try work.workshop.write([UInt8](distilled.weights), to: weights)
        let side = "\(work.pack.line.side)"
        try work.workshop.run(script, [weights, "--height", side, "--width", side, "--output", file]) { _ in }
        return try work.workshop.bytes(file)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        do throws(ModelError) { _ = try Importers.model(from: output, fileName: work.pack.exportedFile) } catch {
            throw .artefact(stage: name, reason: "\(error)")
        }
        work.exported = output
    }
}
