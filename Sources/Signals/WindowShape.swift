/// Length and rate of a vibration window.
package struct WindowShape: Hashable, Sendable, Codable {
    package var samples: Int
    package var rateHertz: Double

    package init(samples: Int, rateHertz: Double) {
        self.samples = samples
        self.rateHertz = rateHertz
    }

    /// Time that the window spans, in seconds.
    package var seconds: Double { Double(samples) / rateHertz }

    /// Lengths that can be analysed: at least one revolution's worth of lines, at most what fits a box's memory.
    package static let allowedSamples = 256...65_536
}
