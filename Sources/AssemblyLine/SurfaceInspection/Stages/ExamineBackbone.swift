internal import FoundationEssentials

/// Shows the network drawn pictures that it never saw, and counts.
package enum ExamineBackbone: Stage {
    package static let name = "examine"
    package static let revision = 1
    private static let script = "report.py"

    package static func inputs(of work: SurfaceInspectionWork) throws(LineError) -> [[UInt8]] {
        let distilled = try Artefact.need(work.distilled, "a finished network", stage: name)
        return [Array("\(work.pack.line.pictures) \(work.pack.line.sites)".utf8), [UInt8](distilled.weights)]
            + work.scripts.inputs(of: script)
    }

    package static func run(_ work: SurfaceInspectionWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let distilled = try Artefact.need(work.distilled, "a finished network", stage: name)
        let folder = try work.workshop.folder(name)
        let weights = "\(folder)/weights.npz"
        try work.workshop.write([UInt8](distilled.weights), to: weights)
        let line = work.pack.line
        try work.workshop.run(
            script, [weights, "--pictures", "\(line.pictures)", "--sites", "\(line.sites)", "--output", folder]
        ) { said in
            if let site = site(said) { report(min(Double(site) / Double(line.sites), 1)) }
        }
        let figures = try Artefact.value(
            Figures.self, work.workshop.bytes("\(folder)/metrics.json"), stage: name)
        let examined = ExaminedBackbone(
            sheet: Data(try work.workshop.bytes("\(folder)/sheet.png")), looks: figures.by_looks,
            sitePictures: figures.by_memory.pictures, sitePlaces: figures.by_memory.places)
        return try Artefact.bytes(examined, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout SurfaceInspectionWork) throws(LineError) {
        work.examined = try Artefact.value(ExaminedBackbone.self, output, stage: name)
    }

    /// What the script leaves.
    private struct Figures: Decodable {
        struct Sites: Decodable {
            var pictures: [Double]
            var places: [Double]
        }
        var by_looks: [String: Double]
        var by_memory: Sites
    }

    /// Of a line `site 3 of 12: ...`.
    private static func site(_ line: String) -> Int? {
        guard line.hasPrefix("site ") else { return nil }
        return Int(line.dropFirst("site ".count).prefix { $0.isNumber })
    }
}
