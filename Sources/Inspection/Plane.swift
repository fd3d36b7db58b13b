package import Pictures
internal import Signals

/// One channel of a picture as real numbers, row by row from the top left.
///
/// Grey levels of a picture stand as 0...1, whatever its depth was.
package struct Plane: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// [height x width].
    package var values: [Float]

    package init(width: Int, height: Int, values: [Float]) {
        precondition(width > 0 && height > 0 && values.count == width * height)
        self.width = width
        self.height = height
        self.values = values
    }

    package init(width: Int, height: Int, repeating value: Float = 0) {
        self.init(width: width, height: height, values: [Float](repeating: value, count: width * height))
    }

    /// - Parameter grey: [height x width], 0...255.
    package init(width: Int, height: Int, grey: [UInt8]) {
        self.init(width: width, height: height, values: grey.map { Float($0) / 255 })
    }

    /// Of a grey picture.
    package init(_ grey: Picture) {
        precondition(grey.channels == 1)
        self.init(width: grey.width, height: grey.height, grey: grey.pixels)
    }

    package subscript(x: Int, y: Int) -> Float {
        get { values[y * width + x] }
        set { values[y * width + x] = newValue }
    }

    /// Bilinear value at a place between pixels; outside, that of the nearest edge.
    package func value(x: Float, y: Float) -> Float { viewed { $0.value(x: x, y: y) } }

    package var mean: Double { values.reduce(0) { $0 + Double($1) } / Double(values.count) }

    /// Blurred by a Gaussian of this standard deviation in pixels, cut at three of them; edges count on outwards.
    package func blurred(_ deviation: Double) -> Plane {
        guard deviation > 0 else { return self }
        let reach = max(1, Int((3 * deviation).rounded(.up)))
        var taps = (-reach...reach).map {
            Float(Elementary.exponential(-Double($0 * $0) / (2 * deviation * deviation)))
        }
        let sum = taps.reduce(0, +)
        for index in taps.indices { taps[index] /= sum }
        return filteredAcross(taps, reach).filteredDown(taps, reach)
    }

    // SAFETY: rows and columns stay below the height and width of both planes, whose values live through the closures.
    private func filteredAcross(_ taps: [Float], _ reach: Int) -> Plane {
        var result = Plane(width: width, height: height)
        var line = [Float](repeating: 0, count: width + 2 * reach)
        result.changed { result in
            for y in 0..<height {
                let row = y * width
                for x in line.indices { line[x] = values[row + min(max(x - reach, 0), width - 1)] }
                line.withUnsafeBufferPointer { line in
                    for tap in taps.indices {
                        let weight = taps[tap]
                        for x in 0..<width { result[row + x] += weight * line[x + tap] }
                    }
                }
            }
        }
        return result
    }

    // SAFETY: as for ``filteredAcross(_:_:)``; edges are cut to the first and last row.
    private func filteredDown(_ taps: [Float], _ reach: Int) -> Plane {
        var result = Plane(width: width, height: height)
        viewed { view in
            result.changed { result in
                for y in 0..<height {
                    let row = result + y * width
                    for tap in taps.indices {
                        let source = view.values + min(max(y + tap - reach, 0), height - 1) * width
                        let weight = taps[tap]
                        for x in 0..<width { row[x] += weight * source[x] }
                    }
                }
            }
        }
        return result
    }

    /// Half as wide and high: each value the mean of four. An odd last row or column is left out.
    package func halved() -> Plane {
        var half = Plane(width: max(1, width / 2), height: max(1, height / 2))
        let (across, down) = (half.width, half.height)
        viewed { view in
            half.changed { half in
                for y in 0..<down {
                    let upper = view.values + min(2 * y, height - 1) * width
                    let lower = view.values + min(2 * y + 1, height - 1) * width
                    for x in 0..<across {
                        let (left, right) = (min(2 * x, width - 1), min(2 * x + 1, width - 1))
                        half[y * across + x] = (upper[left] + upper[right] + lower[left] + lower[right]) / 4
                    }
                }
            }
        }
        return half
    }

    /// Another size, bilinear between the middles of what was: for maps that grow.
    package func resized(width: Int, height: Int) -> Plane {
        var result = Plane(width: width, height: height)
        let columns = Self.places(from: self.width, to: width)
        let rows = Self.places(from: self.height, to: height)
        for y in 0..<height {
            let (top, down) = rows[y]
            let upper = top * self.width
            let lower = min(top + 1, self.height - 1) * self.width
            for x in 0..<width {
                let (left, across) = columns[x]
                let right = min(left + 1, self.width - 1)
                let above = values[upper + left] + across * (values[upper + right] - values[upper + left])
                let below = values[lower + left] + across * (values[lower + right] - values[lower + left])
                result.values[y * width + x] = above + down * (below - above)
            }
        }
        return result
    }

    /// For each place of an axis the one before it in the old axis, and how far it lies towards the next.
    private static func places(from old: Int, to new: Int) -> [(index: Int, share: Float)] {
        (0..<new).map { place in
            let at = (Float(place) + 0.5) * Float(old) / Float(new) - 0.5
            let clamped = min(max(at, 0), Float(old - 1))
            let index = min(Int(clamped), max(old - 2, 0))
            return (index, clamped - Float(index))
        }
    }
}
