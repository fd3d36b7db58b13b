/// Complex discrete Fourier transform of one length, with its tables and scratch space: no allocation per call.
///
/// Lengths whose prime factors are 2, 3 and 5 go through mixed-radix stages, every other length through a convolution
/// with a chirp. Not `Sendable`: one owner at a time uses the scratch space.
///
/// - Source: Stockham's autosort form as in Van Loan, Computational Frameworks for the FFT (1992), 1.7 and 2.4;
///   Bluestein, IEEE Trans. Audio 18 (1970).
package final class FourierTransform {
    package let count: Int
    private let radices: [Int]
    /// cos and sin of k/count turns, k from 0 to count - 1.
    private let cosines: [Double]
    private let sines: [Double]
    private var scratchReal: [Double]
    private var scratchImaginary: [Double]
    private let chirp: ChirpConvolution?

    /// - Parameter count: at least 1.
    package init(count: Int) {
        precondition(count >= 1, "a transform of length \(count)")
        self.count = count
        var rest = count
        var radices: [Int] = []
        for radix in [4, 2, 3, 5] {
            while rest % radix == 0 {
                radices.append(radix)
                rest /= radix
            }
        }
        self.radices = radices
        let angles = (0..<count).map { Elementary.sineCosine(turns: Double($0) / Double(count)) }
        cosines = angles.map(\.cosine)
        sines = angles.map(\.sine)
        chirp = rest == 1 ? nil : ChirpConvolution(count: count)
        scratchReal = [Double](repeating: 0, count: count)
        scratchImaginary = scratchReal
    }

    /// Transforms in place: X[k] = sum of x[n] exp(-2 pi i k n / count).
    ///
    /// - Shapes: real and imaginary [count].
    package func forward(_ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(real.count == count && imaginary.count == count)
        if let chirp {
            chirp.transform(&real, &imaginary)
        } else {
            stockham(&real, &imaginary)
        }
    }

    /// Transforms back in place, without dividing by `count`.
    package func backward(_ real: inout [Double], _ imaginary: inout [Double]) {
        // conj(F(conj x)): exchanging the parts before and after does the same without a pass over the data.
        forward(&imaginary, &real)
    }

    private func stockham(_ real: inout [Double], _ imaginary: inout [Double]) {
        var length = count
        var stride = 1
        for index in radices.indices {
            let radix = radices[index]
            let part = length / radix
            switch radix {
            case 2: pass2(part, stride, real, imaginary)
            case 4: pass4(part, stride, real, imaginary)
            default: passAny(radix, part, stride, real, imaginary)
            }
            swap(&real, &scratchReal)
            swap(&imaginary, &scratchImaginary)
            length = part
            stride *= radix
        }
    }

    /// y[stride (2p + k) + q] from x[stride (p + part k) + q]: each pass turns the twiddle by p stride / count turns.
    private func pass2(_ part: Int, _ stride: Int, _ re: [Double], _ im: [Double]) {
        for p in 0..<part {
            let c = cosines[p * stride]
            let s = sines[p * stride]
            for q in 0..<stride {
                let a = q + stride * p
                let b = a + stride * part
                let to = q + stride * 2 * p
                let dr = re[a] - re[b]
                let di = im[a] - im[b]
                scratchReal[to] = re[a] + re[b]
                scratchImaginary[to] = im[a] + im[b]
                scratchReal[to + stride] = dr * c + di * s
                scratchImaginary[to + stride] = di * c - dr * s
            }
        }
    }

    private func pass4(_ part: Int, _ stride: Int, _ re: [Double], _ im: [Double]) {
        let step = stride * part
        for p in 0..<part {
            let w1 = (cosines[p * stride], sines[p * stride])
            let w2 = (cosines[2 * p * stride], sines[2 * p * stride])
            let w3 = (cosines[3 * p * stride], sines[3 * p * stride])
            for q in 0..<stride {
                let a = q + stride * p
                let to = q + stride * 4 * p
                let sum02 = (re[a] + re[a + 2 * step], im[a] + im[a + 2 * step])
                let dif02 = (re[a] - re[a + 2 * step], im[a] - im[a + 2 * step])
                let sum13 = (re[a + step] + re[a + 3 * step], im[a + step] + im[a + 3 * step])
                // -i (x1 - x3)
                let dif13 = (im[a + step] - im[a + 3 * step], re[a + 3 * step] - re[a + step])
                scratchReal[to] = sum02.0 + sum13.0
                scratchImaginary[to] = sum02.1 + sum13.1
                put(to + stride, dif02.0 + dif13.0, dif02.1 + dif13.1, w1)
                put(to + 2 * stride, sum02.0 - sum13.0, sum02.1 - sum13.1, w2)
                put(to + 3 * stride, dif02.0 - dif13.0, dif02.1 - dif13.1, w3)
            }
        }
    }

    private func passAny(_ radix: Int, _ part: Int, _ stride: Int, _ re: [Double], _ im: [Double]) {
        let rootStep = count / radix
        for p in 0..<part {
            for k in 0..<radix {
                let twiddle = (cosines[p * k * stride], sines[p * k * stride])
                for q in 0..<stride {
                    var sumReal = 0.0
                    var sumImaginary = 0.0
                    for j in 0..<radix {
                        let from = q + stride * (p + part * j)
                        let root = (j * k % radix) * rootStep
                        sumReal += re[from] * cosines[root] + im[from] * sines[root]
                        sumImaginary += im[from] * cosines[root] - re[from] * sines[root]
                    }
                    put(q + stride * (radix * p + k), sumReal, sumImaginary, twiddle)
                }
            }
        }
    }

    @inline(__always)
    private func put(_ index: Int, _ re: Double, _ im: Double, _ twiddle: (Double, Double)) {
        scratchReal[index] = re * twiddle.0 + im * twiddle.1
        scratchImaginary[index] = im * twiddle.0 - re * twiddle.1
    }
}
