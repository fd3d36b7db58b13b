package import Plant
internal import YAML

/// A pack that judges parts by their pictures, as its `pack.yaml` describes it.
package struct SurfaceInspectionPack: Sendable {
    /// How the line makes the network.
    package struct Line: Hashable, Sendable {
        package var seed: UInt64
        /// Pixels a side of what the network sees.
        package var side: Int
        /// Pictures drawn for the quantizer.
        package var calibration: Int
        /// Length of the schedule that the learning rate follows, and the step at which the training stops.
        package var steps: Int
        package var until: Int
        /// Pictures drawn to learn on what others see, and the steps of that.
        package var distilPictures: Int
        package var distilSteps: Int
        /// A training, or a learning from others, that takes longer is cut; the next run goes on where it was.
        package var limit: Duration
        /// Surfaces that are drawn to train on at the beginning; one is replaced each step.
        package var surfaces: Int
        /// Pictures and sites, never seen in training, that the report counts on.
        package var pictures: Int
        package var sites: Int
    }

    package var name: String
    package var version: String
    package var title: LocalizedText
    /// The plan, relative to the pack's folder, as the other files are.
    package var modelFile: String
    package var modelVersion: String
    /// The network in real numbers.
    package var exportedFile: String
    package var line: Line

    /// Where the scripts lie that draw, train and export, and the list of what they need.
    package static let scripts = "line"
    package static let requirements = "line/requirements.txt"
}

extension SurfaceInspectionPack {
    init?(_ header: Pack.Header?, reading reader: inout MappingReader) {
        let model = reader.required(
            "model",
            .mapping { model -> (file: String, version: String, exported: String)? in
                let file = model.required("file", .text(200))
                let version = model.required("version", .text(32))
                let exported = model.required("exported", .text(200))
                guard let file, let version, let exported else { return nil }
                return (file, version, exported)
            })
        let line = reader.required("line", .mapping { Line(reading: &$0) })
        guard let header, let model, let line else { return nil }
        self.init(
            name: header.name, version: header.version, title: header.title, modelFile: model.file,
            modelVersion: model.version, exportedFile: model.exported, line: line)
    }
}

extension SurfaceInspectionPack.Line {
    /// The network halves pictures five times.
    private static let sideStep = 32
    /// Beyond 3 hours nobody waits for a model on a box.
    private static let limits: ClosedRange<Duration> = .seconds(1)...(.seconds(3 * 3_600))

    fileprivate init?(reading reader: inout MappingReader) {
        let seed = reader.required("seed", .integer(0...Int(Int32.max)))
        let side = reader.required(
            "side",
            .integer(32...1_024).map(expected: "a multiple of \(Self.sideStep), 32...1024") {
                $0 % Self.sideStep == 0 ? $0 : nil
            })
        let calibration = reader.required("calibration", .integer(2...1_000))
        let steps = reader.required("steps", .integer(1...1_000_000))
        let until = reader.optional("until", .integer(1...1_000_000))
        let distil = reader.required(
            "distil",
            .mapping { distil -> (pictures: Int, steps: Int)? in
                let pictures = distil.required("pictures", .integer(16...1_000_000))
                let steps = distil.required("steps", .integer(1...1_000_000))
                guard let pictures, let steps else { return nil }
                return (pictures, steps)
            })
        let limit = reader.required("limit", .duration(Self.limits))
        let surfaces = reader.required("surfaces", .integer(1...10_000))
        let pictures = reader.required("pictures", .integer(36...10_000))
        let sites = reader.required("sites", .integer(1...1_000))
        guard let seed, let side, let calibration, let steps, let distil, let limit, let surfaces, let pictures,
            let sites
        else { return nil }
        self.init(
            seed: UInt64(seed), side: side, calibration: calibration, steps: steps, until: min(until ?? steps, steps),
            distilPictures: distil.pictures, distilSteps: distil.steps, limit: limit, surfaces: surfaces,
            pictures: pictures, sites: sites)
    }
}
