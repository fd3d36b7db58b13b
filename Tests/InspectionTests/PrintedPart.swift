import Inspection
import Seeded

/// A printed part as a formula, so that it can be drawn turned, shifted or stretched without any picture being resampled.
struct PrintedPart {
    private struct Disc {
        var x: Double
        var y: Double
        var radius: Double
    }

    let side: Int
    private let discs: [Disc]

    init(side: Int = 160, seed: UInt64 = 11) {
        self.side = side
        var random = SplitMix64(seed: seed)
        discs = (0..<40).map { _ in
            Disc(
                x: Double(random.below(side * 10)) / 10, y: Double(random.below(side * 10)) / 10,
                radius: 3 + Double(random.below(60)) / 10)
        }
    }

    /// 0 outside of every disc, 1 inside, with an edge one pixel wide.
    private func ink(_ x: Double, _ y: Double) -> Double {
        var most = 0.0
        for disc in discs {
            let distance = ((x - disc.x) * (x - disc.x) + (y - disc.y) * (y - disc.y)).squareRoot()
            most = max(most, min(max(disc.radius - distance + 0.5, 0), 1))
        }
        return most
    }

    /// - Parameter from: where in the part the pixel at x, y is.
    func drawn(
        gain: Double = 0.6, offset: Double = 0.2, from place: (Double, Double) -> (Double, Double) = { ($0, $1) }
    ) -> Plane {
        var plane = Plane(width: side, height: side)
        for y in 0..<side {
            for x in 0..<side {
                let (u, v) = place(Double(x), Double(y))
                plane[x, y] = Float(offset + gain * ink(u, v))
            }
        }
        return plane
    }
}

extension Plane {
    /// A filled square, as a defect is.
    mutating func fill(_ box: Box, with value: Float) {
        for y in box.top..<box.bottom {
            for x in box.left..<box.right { self[x, y] = value }
        }
    }

    /// Evenly distributed noise, of plus and minus this much.
    mutating func roughen(_ amount: Float, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for index in values.indices { values[index] += amount * (Float(random.below(2001)) / 1000 - 1) }
    }
}
