package import Scoring

/// What a run of the line has to show for itself, besides the model.
package struct RotatingMachineReport: Codable, Hashable, Sendable {
    package var card: ModelCard
    /// SHA-256 of the plan file, hex.
    package var modelDigest: String
    package var modelBytes: Int
    package var windows: Int
    package var windowsRefused: [String: Int]
    package var windowsUnsteady: Int
    /// Mean squared error over the training, from first to last step.
    package var losses: [Double]
    /// Largest score of a window that the network had not seen, as a share of the threshold.
    package var largestHeldOutRatio: Double
    /// Windows above the threshold among those not seen.
    package var heldOutAbove: Int
    package var largestNormalRatio: Double
    package var quantizationError: Double
    package var receiptCases: Int
    package var faults: [Proof.FaultResult]
    package var stages: [StageTime]

    /// The report as JSON, to be read by people.
    /// - Throws: `.artefact` for a number that JSON cannot hold.
    package func json() throws(LineError) -> [UInt8] { try Artefact.readable(self, stage: "report") }
}
