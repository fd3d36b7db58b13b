extension Plane {
    /// Smoothed with weights 1, 4, 6, 4, 1 along rows and columns, so many times; edges count on outwards.
    func smoothed(_ times: Int) -> Plane {
        var result = self
        for _ in 0..<times { result = result.smoothedOnce() }
        return result
    }

    private static let weights: [Float] = [1.0 / 16, 4.0 / 16, 6.0 / 16, 4.0 / 16, 1.0 / 16]

    private func smoothedOnce() -> Plane {
        var down = Plane(width: width, height: height)
        for y in 0..<height {
            for (shift, weight) in Self.weights.enumerated() {
                let source = min(max(y + shift - 2, 0), height - 1) * width
                for x in 0..<width { down.values[y * width + x] += weight * values[source + x] }
            }
        }
        var result = Plane(width: width, height: height)
        for y in 0..<height {
            let row = y * width
            for (shift, weight) in Self.weights.enumerated() {
                for x in 0..<width {
                    result.values[row + x] += weight * down.values[row + min(max(x + shift - 2, 0), width - 1)]
                }
            }
        }
        return result
    }

    /// Of squares of `side` places, at each place: in straight lines between the middles of the squares.
    func enlarged(side: Int, width: Int, height: Int) -> Plane {
        guard side > 1 else { return self }
        func places(_ size: Int, _ count: Int) -> [(low: Int, share: Float)] {
            (0..<size).map { place in
                let at = min(max((Float(place) + 0.5) / Float(side) - 0.5, 0), Float(count - 1))
                let low = min(Int(at), max(count - 2, 0))
                return (low, at - Float(low))
            }
        }
        let (rows, columns) = (places(height, self.height), places(width, self.width))
        var result = Plane(width: width, height: height)
        for y in 0..<height {
            let (top, down) = rows[y]
            let bottom = min(top + 1, self.height - 1)
            for x in 0..<width {
                let (left, across) = columns[x]
                let right = min(left + 1, self.width - 1)
                let atLeft = self[left, top] * (1 - down) + self[left, bottom] * down
                let atRight = self[right, top] * (1 - down) + self[right, bottom] * down
                result[x, y] = atLeft * (1 - across) + atRight * across
            }
        }
        return result
    }
}
