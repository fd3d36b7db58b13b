/// Squared-envelope spectra of four adjacent bands, and how far defect lines stand out of them.
///
/// Which structure a defect rings is not known beforehand and may change as it grows, so each band is demodulated on its
/// own and the clearest one counts. A band's lines are moved to zero frequency and transformed back on a quarter of the
/// length: the magnitude of the analytic signal does not depend on the move.
///
/// - Source: Randall and Antoni, Rolling element bearing diagnostics, MSSP 25 (2011), section 5.
final class EnvelopeBank {
    /// Bands of equal width from 0 to the top line.
    static let bands = 4
    /// Harmonics of a defect frequency that are looked for.
    static let harmonics = 3
    /// Slip moves a defect frequency by up to this share, to either side.
    static let slip = 0.02
    /// Lines below this one hold the window function's leakage of the mean, not the machine.
    static let leastLine = 2.5
    /// Lines to either side of a harmonic from whose median the floor is taken.
    private static let floorReach = 12

    private let length: Int
    private let bandEdges: [Int]
    private let transform: FourierTransform
    /// Square roots of a Hann window over each band, so that the band's edges do not ring.
    private let tapers: [[Double]]
    private let window: [Double]
    private var real: [Double]
    private var imaginary: [Double]
    /// Power of the squared envelope's spectrum, [bands][length/2].
    private var spectra: [Double]
    private var neighbours: [Double]

    /// Largest normalized second moment of a squared envelope over the bands of the latest window.
    private(set) var largestMoment = 0.0

    /// - Parameters:
    ///   - samples: window length, a multiple of 4.
    ///   - topLine: first spectral line above the usable ones, at most samples/2.
    init(samples: Int, topLine: Int) {
        length = samples / 4
        var edges = (0...Self.bands).map { $0 * topLine / Self.bands }
        // The shaft's own harmonics sit at the bottom and would be demodulated as if they were a resonance.
        edges[0] = edges[1] / 2
        bandEdges = edges
        transform = FourierTransform(count: length)
        tapers = (0..<Self.bands).map { band in
            let width = edges[band + 1] - edges[band]
            return (0..<width).map { Elementary.sine(turns: (Double($0) + 0.5) / Double(2 * width)) }
        }
        let length = length
        window = (0..<length).map { 0.5 - 0.5 * Elementary.cosine(turns: Double($0) / Double(length)) }
        real = [Double](repeating: 0, count: length)
        imaginary = real
        spectra = [Double](repeating: 0, count: Self.bands * (length / 2))
        neighbours = []
        neighbours.reserveCapacity(4 * Self.floorReach + length / 8)
    }

    /// Demodulates every band of one window.
    ///
    /// - Shapes: lines [samples/2 + 1], unwindowed spectrum of the window.
    func load(_ linesReal: [Double], _ linesImaginary: [Double]) {
        largestMoment = 0
        for band in 0..<Self.bands {
            let first = bandEdges[band]
            let width = bandEdges[band + 1] - first
            for k in 0..<length {
                let taper = k < width ? tapers[band][k] : 0
                real[k] = k < width ? linesReal[first + k] * taper : 0
                imaginary[k] = k < width ? linesImaginary[first + k] * taper : 0
            }
            transform.backward(&real, &imaginary)
            var sum = 0.0
            var sumOfSquares = 0.0
            for k in 0..<length {
                let power = real[k] * real[k] + imaginary[k] * imaginary[k]
                real[k] = power
                sum += power
                sumOfSquares += power * power
            }
            let mean = max(sum / Double(length), Double.leastNormalMagnitude)
            largestMoment = max(largestMoment, sumOfSquares / Double(length) / (mean * mean))
            for k in 0..<length {
                real[k] = (real[k] / mean - 1) * window[k]
                imaginary[k] = 0
            }
            transform.forward(&real, &imaginary)
            let start = band * (length / 2)
            for k in 0..<(length / 2) { spectra[start + k] = real[k] * real[k] + imaginary[k] * imaginary[k] }
        }
    }

    /// Ratio of amplitude to floor that two of a defect's harmonics reach, largest over the bands; about 2 where there is no
    /// defect.
    ///
    /// The first harmonic looked for is the first above ``leastLine``.
    ///
    /// - Parameter line: the defect frequency in spectral lines (a line is rate/samples).
    func prominence(line: Double) -> Double {
        let first = max(1, Int((Self.leastLine / line).rounded(.up)))
        var best = 0.0
        for band in 0..<Self.bands {
            // Second largest: races' harmonics coincide (3 BPFO is 1 % off 2 BPFI on a 6205), so one line alone would name
            // the wrong part as often as the right one.
            var largest = 0.0
            var second = 0.0
            for harmonic in first..<(first + Self.harmonics) {
                let centre = Double(harmonic) * line
                let reach = max(1, Self.slip * centre)
                let low = Int((centre - reach).rounded())
                let high = Int((centre + reach).rounded())
                guard low >= 1, high < length / 2 else { break }
                var peak = 0.0
                for k in low...high { peak = max(peak, spectra[band * (length / 2) + k]) }
                let ratio = (peak / floor(band, low, high)).squareRoot()
                second = max(second, min(largest, ratio))
                largest = max(largest, ratio)
            }
            best = max(best, second)
        }
        return best
    }

    /// Median around the lines low...high, as the mean of the noise power that has this median.
    private func floor(_ band: Int, _ low: Int, _ high: Int) -> Double {
        let from = max(2, low - Self.floorReach)
        let to = min(length / 2 - 1, high + Self.floorReach)
        neighbours.removeAll(keepingCapacity: true)
        // Sorted while they come: some dozens, and the library's sort would allocate.
        for k in from...to {
            let power = spectra[band * (length / 2) + k]
            var place = neighbours.count
            neighbours.append(power)
            while place > 0, neighbours[place - 1] > power {
                neighbours[place] = neighbours[place - 1]
                place -= 1
            }
            neighbours[place] = power
        }
        let median = neighbours[neighbours.count / 2]
        // Power of noise is exponentially distributed: its median is ln 2 times its mean.
        return max(median / 0.6931471805599453, Double.leastNormalMagnitude)
    }
}
