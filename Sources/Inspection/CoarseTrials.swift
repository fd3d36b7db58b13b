internal import Signals

/// Correlations of a small golden part with a small picture at whole shifts: the picture is turned once for all of them.
struct CoarseTrials {
    /// Every second row and column enters.
    private static let sampling = 2

    private let golden: SampledColumns
    private let width: Int
    private let height: Int
    private let reach: Int

    init(_ golden: Plane, reach: Int) {
        // Without their mean, sums of squares lose no digits.
        let mean = Float(golden.mean)
        var centred = golden
        for index in centred.values.indices { centred.values[index] -= mean }
        self.golden = SampledColumns(centred, every: Self.sampling)
        (width, height) = (golden.width, golden.height)
        self.reach = reach
    }

    /// A picture turned back by some degrees, with so much around it as shifts reach.
    struct Turned {
        /// Less the picture's mean, zero where the picture ends; and one where it does not.
        fileprivate let values: SampledColumns
        fileprivate let isInside: SampledColumns
        private let degrees: Double
        private let cosine: Double
        private let sine: Double

        init(_ picture: Plane, degrees: Double, reach: Int) {
            self.degrees = degrees
            let turn = Elementary.sineCosine(turns: degrees / 360)
            (cosine, sine) = (turn.cosine, turn.sine)
            let (c, s) = (Float(cosine), Float(sine))
            let mean = Float(picture.mean)
            let (middleX, middleY) = (Float(picture.width - 1) / 2, Float(picture.height - 1) / 2)
            let (lastX, lastY) = (Float(picture.width - 1), Float(picture.height - 1))
            var values = Plane(width: picture.width + 2 * reach, height: picture.height + 2 * reach)
            var isInside = values
            picture.viewed { view in
                for y in 0..<values.height {
                    for x in 0..<values.width {
                        let (u, v) = (Float(x - reach) - middleX, Float(y - reach) - middleY)
                        let (atX, atY) = (c * u - s * v + middleX, s * u + c * v + middleY)
                        guard atX >= 0, atY >= 0, atX <= lastX, atY <= lastY else { continue }
                        values[x, y] = view.value(x: atX, y: atY) - mean
                        isInside[x, y] = 1
                    }
                }
            }
            self.values = SampledColumns(values, every: CoarseTrials.sampling)
            self.isInside = SampledColumns(isInside, every: CoarseTrials.sampling)
        }

        /// Of a part that lies shifted so in the turned picture.
        func placement(x: Int, y: Int) -> Placement {
            Placement(
                x: cosine * Double(x) - sine * Double(y), y: sine * Double(x) + cosine * Double(y), degrees: degrees)
        }
    }

    /// - Parameters:
    ///   - x: -reach...reach, as `y` is.
    func correlation(_ turned: Turned, x: Int, y: Int) -> Double {
        golden.viewed { golden in
            turned.values.viewed { values in
                turned.isInside.viewed { isInside in correlation(golden, values, isInside, x, y) }
            }
        }
    }

    // SAFETY: the turned picture reaches beyond the golden part by `reach` on each side; eight columns are read only where
    // eight are left.
    private func correlation(
        _ golden: SampledColumns.View, _ values: SampledColumns.View, _ isInside: SampledColumns.View, _ x: Int,
        _ y: Int
    ) -> Double {
        var sums = Sums<Lanes.Eight>(zero: .zero)
        var rest = Sums<Float>(zero: 0)
        let columns = (width + Self.sampling - 1) / Self.sampling
        for row in Swift.stride(from: 0, to: height, by: Self.sampling) {
            let g = golden.at(x: 0, y: row)
            let p = values.at(x: x + reach, y: row + y + reach)
            let w = isInside.at(x: x + reach, y: row + y + reach)
            var column = 0
            while column + Lanes.count <= columns {
                let (one, other, inside) = (
                    Lanes.load(g + column), Lanes.load(p + column), Lanes.load(w + column)
                )
                let counted = one * inside
                sums.count += inside
                sums.golden += counted
                sums.goldenSquared += counted * one
                sums.picture += other
                sums.pictureSquared += other * other
                sums.both += one * other
                column += Lanes.count
            }
            while column < columns {
                let counted = g[column] * w[column]
                rest.count += w[column]
                rest.golden += counted
                rest.goldenSquared += counted * g[column]
                rest.picture += p[column]
                rest.pictureSquared += p[column] * p[column]
                rest.both += g[column] * p[column]
                column += 1
            }
        }
        func sum(_ lanes: KeyPath<Sums<Lanes.Eight>, Lanes.Eight>, _ rest: Float) -> Double {
            Double(Lanes.sum(sums[keyPath: lanes])) + Double(rest)
        }
        let count = sum(\.count, rest.count)
        guard count > 1 else { return 0 }
        let (g, p) = (sum(\.golden, rest.golden), sum(\.picture, rest.picture))
        let spread =
            (sum(\.goldenSquared, rest.goldenSquared) - g * g / count)
            * (sum(\.pictureSquared, rest.pictureSquared) - p * p / count)
        // Two even surfaces correlate with nothing: whatever place is as good as any other.
        guard spread > 1e-12 else { return 0 }
        return (sum(\.both, rest.both) - g * p / count) / spread.squareRoot()
    }

    private struct Sums<Number> {
        var count: Number
        var golden: Number
        var goldenSquared: Number
        var picture: Number
        var pictureSquared: Number
        var both: Number

        init(zero: Number) {
            (count, golden, goldenSquared) = (zero, zero, zero)
            (picture, pictureSquared, both) = (zero, zero, zero)
        }
    }
}
