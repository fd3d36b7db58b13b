/// Discrete Fourier transform of a real series: the lines from 0 to half the rate.
package final class RealFourierTransform {
    package let count: Int
    /// Lines that ``forward(_:_:_:)`` gives: count/2 + 1.
    package var lines: Int { count / 2 + 1 }

    private let half: FourierTransform
    private let cosines: [Double]
    private let sines: [Double]
    private var packedReal: [Double]
    private var packedImaginary: [Double]

    /// - Parameter count: even, at least 2.
    package init(count: Int) {
        precondition(count >= 2 && count % 2 == 0, "a real transform of length \(count)")
        self.count = count
        half = FourierTransform(count: count / 2)
        let angles = (0...(count / 2)).map { Elementary.sineCosine(turns: Double($0) / Double(count)) }
        cosines = angles.map(\.cosine)
        sines = angles.map(\.sine)
        packedReal = [Double](repeating: 0, count: count / 2)
        packedImaginary = packedReal
    }

    /// X[k] = sum of x[n] exp(-2 pi i k n / count) for k from 0 to count/2.
    ///
    /// - Shapes: series [count] -> real, imaginary [count/2 + 1].
    package func forward(_ series: [Double], _ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(series.count == count && real.count == lines && imaginary.count == lines)
        let m = count / 2
        // Even samples as the real part, odd ones as the imaginary part of a series of half the length.
        for k in 0..<m {
            packedReal[k] = series[2 * k]
            packedImaginary[k] = series[2 * k + 1]
        }
        half.forward(&packedReal, &packedImaginary)
        for k in 0...m {
            let a = k % m
            let b = (m - k) % m
            let evenReal = (packedReal[a] + packedReal[b]) / 2
            let evenImaginary = (packedImaginary[a] - packedImaginary[b]) / 2
            let oddReal = (packedImaginary[a] + packedImaginary[b]) / 2
            let oddImaginary = (packedReal[b] - packedReal[a]) / 2
            real[k] = evenReal + oddReal * cosines[k] + oddImaginary * sines[k]
            imaginary[k] = evenImaginary + oddImaginary * cosines[k] - oddReal * sines[k]
        }
    }
}
