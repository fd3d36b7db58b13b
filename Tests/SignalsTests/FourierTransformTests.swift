import Signals
import Testing

@Suite struct FourierTransformTests {
    /// The definition, term by term.
    static func naive(_ re: [Double], _ im: [Double]) -> (re: [Double], im: [Double]) {
        let n = re.count
        var outRe = [Double](repeating: 0, count: n)
        var outIm = outRe
        for k in 0..<n {
            for t in 0..<n {
                let (s, c) = Elementary.sineCosine(turns: Double(k * t % n) / Double(n))
                outRe[k] += re[t] * c + im[t] * s
                outIm[k] += im[t] * c - re[t] * s
            }
        }
        return (outRe, outIm)
    }

    static func noise(_ count: Int, _ seed: UInt64) -> [Double] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(Int64(bitPattern: state) >> 11) / Double(1 << 52)
        }
    }

    static let lengths = [
        1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16, 20, 31, 40, 45, 60, 64, 97, 100, 120, 125, 128, 160, 210, 256,
    ]

    @Test(arguments: lengths)
    func equalsTheDefinition(length: Int) {
        var re = Self.noise(length, 1)
        var im = Self.noise(length, 2)
        let expected = Self.naive(re, im)
        FourierTransform(count: length).forward(&re, &im)
        for k in 0..<length {
            #expect(abs(re[k] - expected.re[k]) < 1e-11)
            #expect(abs(im[k] - expected.im[k]) < 1e-11)
        }
    }

    @Test(arguments: [1, 2, 12, 31, 97, 640, 1024, 2560])
    func goingThereAndBackGivesTheSeriesTimesItsLength(length: Int) {
        let re = Self.noise(length, 3)
        let im = Self.noise(length, 4)
        var re2 = re
        var im2 = im
        let transform = FourierTransform(count: length)
        transform.forward(&re2, &im2)
        transform.backward(&re2, &im2)
        for k in 0..<length {
            #expect(abs(re2[k] / Double(length) - re[k]) < 1e-12)
            #expect(abs(im2[k] / Double(length) - im[k]) < 1e-12)
        }
    }

    @Test(arguments: [2, 4, 6, 10, 14, 64, 100, 160, 202])
    func realTransformEqualsTheDefinition(length: Int) {
        let series = Self.noise(length, 5)
        let expected = Self.naive(series, [Double](repeating: 0, count: length))
        let transform = RealFourierTransform(count: length)
        var re = [Double](repeating: 0, count: transform.lines)
        var im = re
        transform.forward(series, &re, &im)
        for k in 0..<transform.lines {
            #expect(abs(re[k] - expected.re[k]) < 1e-11)
            #expect(abs(im[k] - expected.im[k]) < 1e-11)
        }
    }

    @Test func aSineOfLength2560IsOneLine() {
        let transform = RealFourierTransform(count: 2560)
        let series = (0..<2560).map { 3 * Elementary.sine(turns: 18 * Double($0) / 2560) }
        var re = [Double](repeating: 0, count: transform.lines)
        var im = re
        transform.forward(series, &re, &im)
        for k in 0..<transform.lines {
            let amplitude = (re[k] * re[k] + im[k] * im[k]).squareRoot() / 1280
            #expect(abs(amplitude - (k == 18 ? 3 : 0)) < 1e-12)
        }
    }
}
