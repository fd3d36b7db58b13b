package import Signals

/// Windows of one machine's normal running, with speed and load where they are known: what a model is fitted on.
package struct Recording: Sendable {
    package struct Moment: Sendable {
        package var window: [Float]
        package var speedRPM: Double
        /// nil when the plant does not give it; then the model does without.
        package var loadPercent: Double?

        package init(window: [Float], speedRPM: Double, loadPercent: Double?) {
            self.window = window
            self.speedRPM = speedRPM
            self.loadPercent = loadPercent
        }
    }

    package var shape: WindowShape
    package var geometry: BearingGeometry
    /// In order of time.
    package var moments: [Moment]
    /// Neighbouring windows that share samples: 1 for windows apart from each other, 4 for windows that advance by a
    /// quarter of their length. Windows that share samples are not independent, and count as such.
    package var overlap: Int

    package init(shape: WindowShape, geometry: BearingGeometry, moments: [Moment], overlap: Int = 1) {
        self.shape = shape
        self.geometry = geometry
        self.moments = moments
        self.overlap = max(1, overlap)
    }

    /// Cuts a continuous record into windows that advance by a part of their length.
    ///
    /// - Parameters:
    ///   - samples: the record, oldest first; what is left at its end is not used.
    ///   - overlap: windows begin every `shape.samples / overlap` samples; a short record needs 4.
    package init(
        samples: [Float], shape: WindowShape, geometry: BearingGeometry, speedRPM: Double, loadPercent: Double? = nil,
        overlap: Int = 4
    ) {
        let hop = max(1, shape.samples / max(1, overlap))
        let moments = stride(from: 0, through: samples.count - shape.samples, by: hop).map { start in
            Moment(
                window: Array(samples[start..<start + shape.samples]), speedRPM: speedRPM, loadPercent: loadPercent)
        }
        self.init(shape: shape, geometry: geometry, moments: moments, overlap: overlap)
    }
}
