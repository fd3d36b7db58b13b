/// Transform of any length as a convolution with a chirp, through a power of two of at least twice the length.
///
/// - Source: Bluestein, A linear filtering approach to the computation of the discrete Fourier transform, 1970.
final class ChirpConvolution {
    private let count: Int
    private let inner: FourierTransform
    private let chirpCosines: [Double]
    private let chirpSines: [Double]
    private var filterReal: [Double]
    private var filterImaginary: [Double]
    private var real: [Double]
    private var imaginary: [Double]

    init(count: Int) {
        self.count = count
        var size = 1
        while size < 2 * count - 1 { size *= 2 }
        inner = FourierTransform(count: size)
        // k^2/(2 count) turns; k^2 is taken modulo 2 count, where it is exact.
        let chirp = (0..<count).map { Elementary.sineCosine(turns: Double($0 * $0 % (2 * count)) / Double(2 * count)) }
        chirpCosines = chirp.map(\.cosine)
        chirpSines = chirp.map(\.sine)
        real = [Double](repeating: 0, count: size)
        imaginary = real
        filterReal = real
        filterImaginary = real
        for k in 0..<count {
            for at in [k, (size - k) % size] {
                filterReal[at] = chirpCosines[k]
                filterImaginary[at] = chirpSines[k]
            }
        }
        inner.forward(&filterReal, &filterImaginary)
    }

    func transform(_ re: inout [Double], _ im: inout [Double]) {
        let size = inner.count
        for k in 0..<size {
            real[k] = k < count ? re[k] * chirpCosines[k] + im[k] * chirpSines[k] : 0
            imaginary[k] = k < count ? im[k] * chirpCosines[k] - re[k] * chirpSines[k] : 0
        }
        inner.forward(&real, &imaginary)
        for k in 0..<size {
            let a = real[k]
            real[k] = a * filterReal[k] - imaginary[k] * filterImaginary[k]
            imaginary[k] = a * filterImaginary[k] + imaginary[k] * filterReal[k]
        }
        inner.backward(&real, &imaginary)
        let scale = 1 / Double(size)
        for k in 0..<count {
            re[k] = (real[k] * chirpCosines[k] + imaginary[k] * chirpSines[k]) * scale
            im[k] = (imaginary[k] * chirpCosines[k] - real[k] * chirpSines[k]) * scale
        }
    }
}
