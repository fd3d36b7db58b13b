package import FoundationEssentials

/// What has been made so far in one run of the line for a network that looks at parts.
package struct SurfaceInspectionWork: Sendable {
    package let pack: SurfaceInspectionPack
    package let seed: UInt64
    let scripts: PackScripts
    let workshop: any Workshop
    /// Drawn pictures as the network takes them, in 32nds: an `.npy` of int8.
    package var calibration: [UInt8]?
    package var trained: TrainedBackbone?
    package var distilled: DistilledBackbone?
    /// The network in real numbers, an ONNX file.
    package var exported: [UInt8]?
    package var quantized: QuantizedBackbone?
    package var proof: BackboneProof?
    package var examined: ExaminedBackbone?

    init(pack: SurfaceInspectionPack, seed: UInt64, scripts: PackScripts, workshop: any Workshop) {
        self.pack = pack
        self.seed = seed
        self.scripts = scripts
        self.workshop = workshop
    }
}

/// Weights as the scripts keep them, and how the training went.
package struct TrainedBackbone: Codable, Hashable, Sendable {
    package var weights: Data
    package var history: [Moment]

    /// Losses, averaged over some steps.
    package struct Moment: Codable, Hashable, Sendable {
        package var step: Int
        package var looks: Double
        package var memory: Double
    }
}

/// The finished weights, and how well the network learnt what others see.
package struct DistilledBackbone: Codable, Hashable, Sendable {
    package var weights: Data
    package var history: [Moment]

    /// Losses, averaged over some steps: of the teachers' answers, and of what the network said before.
    package struct Moment: Codable, Hashable, Sendable {
        package var step: Int
        package var taught: Double
        package var kept: Double
    }
}

/// The plan without its receipt, and what each layer lost on the way.
package struct QuantizedBackbone: Codable, Hashable, Sendable {
    package var plan: Data
    package var layers: [Layer]
    /// Pictures that the layers were compared on.
    package var pictures: Int

    package struct Layer: Codable, Hashable, Sendable {
        package var name: String
        package var operation: String
        package var shape: [Int]
        /// Signal to noise beside the float network, with all layers before and alone; nil where there is no difference.
        package var decibels: Double?
        package var ownDecibels: Double?
    }
}

/// The finished plan, proved on this machine.
package struct BackboneProof: Codable, Hashable, Sendable {
    package var plan: Data
    package var receiptCases: Int
}

/// What the network makes of drawn pictures that it never saw.
package struct ExaminedBackbone: Codable, Hashable, Sendable {
    /// The pictures, what the network says of them, and what was drawn: a PNG.
    package var sheet: Data
    /// Area under the curve of the places of each kind of defect against good ones, without anything fitted.
    package var looks: [String: Double]
    /// Of pictures and places at each of some sites, fitted on good pictures as on site.
    package var sitePictures: [Double]
    package var sitePlaces: [Double]
}
