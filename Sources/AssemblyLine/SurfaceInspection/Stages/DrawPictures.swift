/// Draws pictures of surfaces and defects: inputs for the quantizer, which the training never sees.
package enum DrawPictures: Stage {
    package static let name = "synthesize"
    package static let revision = 1
    private static let script = "calibration.py"

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        [Array("\(work.pack.line.side) \(work.pack.line.calibration)".utf8)] + work.scripts.inputs(of: script)
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let file = "\(try work.workshop.folder(name))/calibration.npy"
        let line = work.pack.line
        try work.workshop.run(
            script, ["--side", "\(line.side)", "--pictures", "\(line.calibration)", "--output", file]
        ) { _ in }
        return try work.workshop.bytes(file)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        // Read already here: what cannot be used must not get into the cache.
        _ = try QuantizeBackbone.pictures(output, side: work.pack.line.side)
        work.calibration = output
    }
}
