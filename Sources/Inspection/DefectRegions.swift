/// One connected place in a map of how unusual each pixel is.
package struct DefectRegion: Sendable, Hashable {
    /// Around the pixels above the lower threshold.
    package var box: Box
    /// Pixels above the lower threshold, and above the upper one.
    package var pixels: Int
    package var certainPixels: Int
    package var peak: Float
    /// The upper threshold at which it would just hold enough pixels above; 0 where it has too few of them.
    package var level: Float

    package init(box: Box, pixels: Int, certainPixels: Int, peak: Float, level: Float) {
        self.box = box
        self.pixels = pixels
        self.certainPixels = certainPixels
        self.peak = peak
        self.level = level
    }
}

/// Cuts a map into regions: pixels above the lower threshold that hang together, gaps of a few pixels bridged, and that hold
/// enough pixels above the upper one.
package struct DefectRegions: Sendable, Equatable {
    package var lower: Float
    package var upper: Float
    /// Gaps of up to twice this many pixels are bridged.
    package var bridge: Int
    /// Least pixels above the upper threshold.
    package var leastCertain: Int
    /// More regions than this are one picture that is wrong as a whole.
    package static let limit = 256

    package init(lower: Float, upper: Float, bridge: Int, leastCertain: Int) {
        self.lower = lower
        self.upper = upper
        self.bridge = bridge
        self.leastCertain = leastCertain
    }

    /// The same with another upper threshold and a lower one in the same proportion.
    package func scaled(to upper: Float) -> DefectRegions {
        var scaled = self
        scaled.upper = upper
        scaled.lower = lower / self.upper * upper
        return scaled
    }

    /// What a map holds.
    package struct Finding: Sendable {
        /// Strongest first.
        package var regions: [DefectRegion]
        /// The upper threshold below which there would be a region, as far as places above the lower one say it: above
        /// `upper` where there are regions, at most `upper` where there are none.
        package var level: Float
    }

    package func find(in map: Plane) -> Finding {
        let (width, height) = (map.width, map.height)
        let wide = dilated(map)
        var label = [Int32](repeating: 0, count: map.values.count)
        var regions: [DefectRegion] = []
        var stack: [Int] = []
        var largest = Largest(count: leastCertain)
        var level: Float = 0
        for start in wide.indices where wide[start] && label[start] == 0 {
            var region = DefectRegion(
                box: Box(left: width, top: height, right: 0, bottom: 0), pixels: 0, certainPixels: 0, peak: 0, level: 0)
            largest.empty()
            stack.append(start)
            label[start] = 1
            while let at = stack.popLast() {
                let (x, y) = (at % width, at / width)
                let value = map.values[at]
                if value > lower {
                    region.pixels += 1
                    if value > upper { region.certainPixels += 1 }
                    region.peak = max(region.peak, value)
                    largest.take(value)
                    region.box.left = min(region.box.left, x)
                    region.box.right = max(region.box.right, x + 1)
                    region.box.top = min(region.box.top, y)
                    region.box.bottom = max(region.box.bottom, y + 1)
                }
                for dy in -1...1 {
                    for dx in -1...1 where x + dx >= 0 && y + dy >= 0 && x + dx < width && y + dy < height {
                        let next = (y + dy) * width + x + dx
                        if wide[next], label[next] == 0 {
                            label[next] = 1
                            stack.append(next)
                        }
                    }
                }
            }
            region.level = largest.least
            level = max(level, region.level)
            if region.certainPixels >= leastCertain { regions.append(region) }
        }
        if level == 0 {
            // Nothing hangs together above the lower threshold: then what is there lies below it.
            largest.empty()
            for value in map.values { largest.take(value) }
            level = min(largest.least, lower)
        }
        // Ties keep the order of the picture, so that the same map always gives the same list.
        let order = regions.indices.sorted { (regions[$1].peak, $0) < (regions[$0].peak, $1) }
        return Finding(regions: order.prefix(Self.limit).map { regions[$0] }, level: level)
    }

    /// Pixels within `bridge` of one above the lower threshold.
    private func dilated(_ map: Plane) -> [Bool] {
        let (width, height) = (map.width, map.height)
        var above = map.values.map { $0 > lower }
        guard bridge > 0 else { return above }
        var across = above
        for y in 0..<height {
            for x in 0..<width where above[y * width + x] {
                for near in max(0, x - bridge)...min(width - 1, x + bridge) { across[y * width + near] = true }
            }
        }
        above = across
        for y in 0..<height {
            for x in 0..<width where across[y * width + x] {
                for near in max(0, y - bridge)...min(height - 1, y + bridge) { above[near * width + x] = true }
            }
        }
        return above
    }
}

/// The largest of many values, a handful of them.
private struct Largest {
    private let count: Int
    /// Ascending.
    private var kept: [Float] = []

    init(count: Int) {
        self.count = max(count, 1)
        kept.reserveCapacity(self.count + 1)
    }

    mutating func empty() { kept.removeAll(keepingCapacity: true) }

    mutating func take(_ value: Float) {
        if kept.count == count {
            guard value > kept[0] else { return }
            kept.removeFirst()
        }
        kept.insert(value, at: kept.firstIndex { $0 > value } ?? kept.count)
    }

    /// The last of the handful; 0 where there are fewer values.
    var least: Float { kept.count == count ? kept[0] : 0 }
}
