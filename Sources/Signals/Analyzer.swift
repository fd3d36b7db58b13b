/// Turns vibration windows of one shape into features; holds every buffer that this needs, so that a window costs no
/// allocation. Not `Sendable`: one owner at a time.
package final class Analyzer {
    /// Share of half the rate up to which a sensor and its anti-aliasing filter are flat: the customary 1/1.28.
    package static let usableShare = 1 / 1.28
    /// Revolutions that a window must hold for its shaft lines to mean something.
    package static let leastRevolutions = 2.0
    /// Range of the shaft's place in the spectrum searched to either side, as a share: measured speeds are not exact.
    private static let speedTolerance = 0.02
    private static let bands = Feature.bands.count
    /// Power that stands for none, so that a logarithm exists: an RMS of 1e-6 in the window's unit.
    private static let leastPower = 1e-12

    package let shape: WindowShape
    package let geometry: BearingGeometry
    /// Shaft frequencies that this window length and rate allow, in hertz.
    package let shaftRange: ClosedRange<Double>

    private let orders: DefectOrders
    private let topLine: Int
    private let transform: RealFourierTransform
    private let envelopes: EnvelopeBank
    private var series: [Double]
    private var real: [Double]
    private var imaginary: [Double]
    /// One-sided power of the Hann-windowed series; its sum is the mean square.
    private var power: [Double]

    /// - Throws: `.badShape`, `.badGeometry`.
    package init(shape: WindowShape, geometry: BearingGeometry) throws(SignalError) {
        guard WindowShape.allowedSamples.contains(shape.samples), shape.samples % 4 == 0 else {
            throw .badShape(
                "expected a window of \(WindowShape.allowedSamples) samples, a multiple of 4; found \(shape.samples)")
        }
        guard shape.rateHertz >= 100, shape.rateHertz <= 1_000_000 else {
            throw .badShape("expected a rate of 100...1000000 Hz, found \(shape.rateHertz)")
        }
        if let flaw = geometry.flaw { throw .badGeometry(flaw) }
        self.shape = shape
        self.geometry = geometry
        orders = geometry.orders
        let lowest = Self.leastRevolutions / shape.seconds
        // Envelope spectra reach to an eighth of the rate; the innermost defect's second harmonic must fit.
        shaftRange = lowest...max(lowest, shape.rateHertz / 8 / (2 * orders.innerRace * (1 + EnvelopeBank.slip)))
        topLine = Int(Double(shape.samples / 2) * Self.usableShare)
        transform = RealFourierTransform(count: shape.samples)
        envelopes = EnvelopeBank(samples: shape.samples, topLine: topLine)
        series = [Double](repeating: 0, count: shape.samples)
        real = [Double](repeating: 0, count: transform.lines)
        imaginary = real
        power = real
    }

    /// Refuses what cannot be analysed, without analysing it.
    ///
    /// - Throws: `.wrongLength`, `.notFinite`, `.flatLine`.
    package func check(_ window: [Float]) throws(SignalError) {
        guard window.count == shape.samples else {
            throw .wrongLength(expected: shape.samples, found: window.count)
        }
        var isFlat = true
        for index in window.indices {
            guard window[index].isFinite else { throw .notFinite(index: index) }
            if window[index] != window[0] { isFlat = false }
        }
        if isFlat { throw .flatLine }
    }

    /// Takes the features of one window.
    ///
    /// - Parameters:
    ///   - shaftHertz: turns of the shaft a second while the window was taken.
    ///   - features: overwritten, in the order of `Feature.allCases`.
    /// - Shapes: window [shape.samples] -> features [Feature.allCases.count].
    /// - Throws: what ``check(_:)`` throws, and `.speedNotAnalysable`.
    package func analyze(_ window: [Float], shaftHertz: Double, into features: inout [Double]) throws(SignalError) {
        precondition(features.count == Feature.count)
        try check(window)
        guard shaftRange.contains(shaftHertz) else {
            throw .speedNotAnalysable(shaftHertz: shaftHertz, allowed: shaftRange)
        }
        moments(of: window, &features)
        transform.forward(series, &real, &imaginary)
        windowedPower()
        let lineHertz = shape.rateHertz / Double(shape.samples)
        var at = 5
        for band in 0..<Self.bands {
            let first = max(1, band * topLine / Self.bands)
            let end = (band + 1) * topLine / Self.bands
            features[at] = Elementary.logarithm(totalPower(first..<end))
            at += 1
        }
        for harmonic in 1...3 {
            let centre = Double(harmonic) * shaftHertz / lineHertz
            let reach = max(1, Self.speedTolerance * centre)
            let first = max(1, Int((centre - reach).rounded()))
            features[at] = Elementary.logarithm(totalPower(first..<(Int((centre + reach).rounded()) + 1)))
            at += 1
        }
        envelopes.load(real, imaginary)
        let shaftLine = shaftHertz / lineHertz
        features[at] = envelopes.prominence(line: orders.outerRace * shaftLine)
        features[at + 1] = envelopes.prominence(line: orders.innerRace * shaftLine)
        features[at + 2] = envelopes.prominence(line: 2 * orders.rollingElement * shaftLine)
        features[at + 3] = envelopes.prominence(line: orders.cage * shaftLine)
        features[at + 4] = Elementary.logarithm(max(envelopes.largestMoment, 1))
    }

    /// Fills `series` with the window less its mean, and the first five features.
    private func moments(of window: [Float], _ features: inout [Double]) {
        var sum = 0.0
        for index in window.indices { sum += Double(window[index]) }
        let mean = sum / Double(window.count)
        var second = 0.0
        var third = 0.0
        var fourth = 0.0
        var peak = 0.0
        for index in window.indices {
            let value = Double(window[index]) - mean
            series[index] = value
            let square = value * value
            second += square
            third += square * value
            fourth += square * square
            peak = max(peak, abs(value))
        }
        let count = Double(window.count)
        let variance = max(second / count, Self.leastPower)
        let rms = variance.squareRoot()
        features[0] = Elementary.logarithm(rms)
        features[1] = Elementary.logarithm(max(peak, Self.leastPower.squareRoot()))
        features[2] = features[1] - features[0]
        features[3] = Elementary.logarithm(max(fourth / count / (variance * variance), 1))
        features[4] = third / count / (variance * rms)
    }

    /// The Hann window applied to the lines instead of the samples: half of each less a quarter of its neighbours.
    private func windowedPower() {
        let last = transform.lines - 1
        // Mean square of the window is 3/8; all but the outer lines stand for two sides.
        let scale = 2 / (0.375 * Double(shape.samples) * Double(shape.samples))
        power[0] = 0
        power[last] = 0
        for k in 1..<last {
            let re = 0.5 * real[k] - 0.25 * (real[k - 1] + real[k + 1])
            let im = 0.5 * imaginary[k] - 0.25 * (imaginary[k - 1] + imaginary[k + 1])
            power[k] = (re * re + im * im) * scale
        }
    }

    private func totalPower(_ lines: Range<Int>) -> Double {
        var sum = 0.0
        for k in lines.clamped(to: 0..<power.count) { sum += power[k] }
        return max(sum, Self.leastPower)
    }
}
