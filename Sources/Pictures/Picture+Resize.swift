/// How the pixels of one axis are made of others: a run of them a pixel, with whole-numbered weights of one sum.
///
/// A source of `n` pixels becomes `m`. Shrinking, pixel `d` covers the source from `d n / m` to `(d + 1) n / m`: in units of
/// `1 / m` of a source pixel that is `n` units, shared out exactly. Growing, its centre lies at `(d + 1/2) n / m - 1/2`
/// between two source pixels (the first or last counts for what lies beyond the edge), in units of `1 / (2 m)`.
struct ResizeAxis {
    var first: [Int] = []
    var weights: [[UInt32]] = []
    /// What the weights of each pixel add up to.
    let sum: Int

    init(from source: Int, to target: Int) {
        sum = source >= target ? source : 2 * target
        for place in 0..<target {
            if source >= target {
                let (start, end) = (place * source, (place + 1) * source)
                let (low, high) = (start / target, (end - 1) / target)
                first.append(low)
                weights.append(
                    (low...high).map { UInt32(min(($0 + 1) * target, end) - max($0 * target, start)) })
            } else {
                let centre = min(max((2 * place + 1) * source - target, 0), 2 * target * (source - 1))
                let low = min(centre / (2 * target), max(source - 2, 0))
                let right = centre - low * 2 * target
                first.append(low)
                weights.append(source == 1 ? [UInt32(sum)] : [UInt32(sum - right), UInt32(right)])
            }
        }
    }
}

extension Picture {
    /// Another size: the average over the area that a pixel covers on an axis that shrinks, bilinear on one that grows.
    ///
    /// All sums are whole and exact; the result is rounded once, half up, and is the same on every machine.
    /// - Parameters:
    ///   - width: pixels, 1 to `PictureLimits.sidePixels`.
    ///   - height: the same.
    package func resized(width: Int, height: Int) -> Picture {
        let sides = 1...PictureLimits.sidePixels
        precondition(sides ~= width && sides ~= height && sides ~= self.width && sides ~= self.height)
        guard (width, height) != (self.width, self.height) else { return self }
        let columns = ResizeAxis(from: self.width, to: width)
        let rows = ResizeAxis(from: self.height, to: height)
        let rowBytes = self.width * channels
        // At most 65,534 * 255 a sum, so 32 bits hold it.
        var line = [UInt32](repeating: 0, count: rowBytes)
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, count in
            for place in 0..<height {
                for index in line.indices { line[index] = 0 }
                for (offset, weight) in rows.weights[place].enumerated() where weight > 0 {
                    addRow(rows.first[place] + offset, times: weight, to: &line)
                }
                let start = place * width * channels
                average(line, columns, divisor: UInt64(columns.sum) * UInt64(rows.sum)) { index, value in
                    target[start + index] = value
                }
            }
            count = width * height * channels
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    // SAFETY: `row` is one of the picture's, so that its bytes lie in `pixels`, and `line` has as many numbers.
    private func addRow(_ row: Int, times weight: UInt32, to line: inout [UInt32]) {
        let count = width * channels
        precondition(0..<height ~= row && line.count == count)
        pixels.withUnsafeBufferPointer { source in
            line.withUnsafeMutableBufferPointer { line in
                let source = UnsafeBufferPointer(rebasing: source[row * count..<(row + 1) * count])
                for index in 0..<count { line[index] &+= weight &* UInt32(source[index]) }
            }
        }
    }

    private func average(
        _ line: [UInt32], _ columns: ResizeAxis, divisor: UInt64, into set: (_ index: Int, _ value: UInt8) -> Void
    ) {
        for place in columns.first.indices {
            let weights = columns.weights[place]
            for channel in 0..<channels {
                var sum: UInt64 = divisor / 2
                var index = columns.first[place] * channels + channel
                for weight in weights {
                    sum += UInt64(weight) * UInt64(line[index])
                    index += channels
                }
                set(place * channels + channel, UInt8(sum / divisor))
            }
        }
    }
}
