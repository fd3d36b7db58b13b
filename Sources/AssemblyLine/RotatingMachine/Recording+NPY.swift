package import Arrays
package import Signals

extension Recording {
    /// A recording from an array: [samples] is one continuous record, [windows, samples] are windows on their own, and
    /// of [windows, samples, channels] one channel is taken.
    ///
    /// - Throws: when the array has another number of dimensions, or no such channel.
    package init(
        npy array: NPYArray, rateHertz: Double, windowSamples: Int, geometry: BearingGeometry, speedRPM: Double,
        loadPercent: Double? = nil, channel: Int = 0
    ) throws(NPYArray.Flaw) {
        let values = try array.floats()
        switch array.shape.count {
        case 1:
            self.init(
                samples: values, shape: WindowShape(samples: windowSamples, rateHertz: rateHertz),
                geometry: geometry, speedRPM: speedRPM, loadPercent: loadPercent)
        case 2, 3:
            let samples = array.shape[1]
            let channels = array.shape.count == 3 ? array.shape[2] : 1
            guard (0..<channels).contains(channel) else {
                throw .notNPY("expected a channel below \(channels), found \(channel)")
            }
            let moments = (0..<array.shape[0]).map { row in
                Moment(
                    window: (0..<samples).map { values[(row * samples + $0) * channels + channel] },
                    speedRPM: speedRPM, loadPercent: loadPercent)
            }
            self.init(
                shape: WindowShape(samples: samples, rateHertz: rateHertz), geometry: geometry, moments: moments)
        default: throw .notNPY("expected 1 to 3 dimensions, found \(array.shape.count)")
        }
    }
}
