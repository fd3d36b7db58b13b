package import Scoring
package import Signals

/// What has been made so far in one run of the line; each stage reads what it needs and adds its own.
package struct RotatingMachineWork: Sendable {
    package let pack: RotatingMachinePack
    package let seed: UInt64
    /// Normal running to learn from, given or simulated.
    package let recording: Recording
    package var curated: Curated?
    package var synthetic: SyntheticFaults?
    package var trained: Trained?
    package var quantized: QuantizedNetwork?
    package var proof: Proof?

    package init(pack: RotatingMachinePack, seed: UInt64, recording: Recording) {
        self.pack = pack
        self.seed = seed
        self.recording = recording
    }
}

/// Features of the windows that a model is fitted on.
package struct Curated: Codable, Hashable, Sendable {
    package var window: WindowShape
    package var geometry: BearingGeometry
    /// [windows][features]
    package var features: [[Double]]
    package var speeds: [Double]
    /// Empty when the recording has no load.
    package var loads: [Double]
    /// Number of each window in the recording, rising: who shares samples with whom.
    package var positions: [Int]
    package var overlap: Int
    /// Windows that could not be analysed, by reason.
    package var refused: [String: Int]
    /// Windows left out because they are unlike the rest: starting, stopping, being struck.
    package var unsteady: Int
}

/// Features of normal windows with a defect's vibration added: for the report only, never for training.
package struct SyntheticFaults: Codable, Hashable, Sendable {
    package struct Case: Codable, Hashable, Sendable {
        package var defect: Defect
        /// Peak of a strike (or of the added unbalance) as a multiple of the window's RMS.
        package var level: Double
        package var features: [[Double]]
        package var speeds: [Double]
        package var loads: [Double]
    }

    package var cases: [Case]
}

/// A fitted network with the card that it will travel with.
package struct Trained: Codable, Hashable, Sendable {
    package var network: Network
    package var card: ModelCard
    /// Mean squared error over the training steps, in ``Train/lossPoints`` equal parts.
    package var losses: [Double]
    /// Scores of the windows by networks that had not seen them.
    package var heldOutScores: [Double]
}

/// What the plan does when it runs: proven against its own receipt, and tried on the synthetic faults.
package struct Proof: Codable, Hashable, Sendable {
    package var plan: [UInt8]
    package var receiptCases: Int
    /// Largest difference of int8 and float scores over the training windows, as a share of the threshold.
    package var quantizationError: Double
    /// Largest training score as a share of the threshold.
    package var largestNormalRatio: Double
    package var faults: [FaultResult]

    package struct FaultResult: Codable, Hashable, Sendable {
        package var defect: Defect
        package var level: Double
        package var windows: Int
        package var aboveThreshold: Int
        /// Score over threshold, in the middle of the windows.
        package var medianRatio: Double
        /// Feature with the largest share, over all windows together.
        package var leading: String
    }
}
