/// A rectangle of pixels: `left...right-1` and `top...bottom-1`.
package struct Box: Sendable, Hashable {
    package var left: Int
    package var top: Int
    package var right: Int
    package var bottom: Int

    package init(left: Int, top: Int, right: Int, bottom: Int) {
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
    }

    package var area: Int { max(0, right - left) * max(0, bottom - top) }

    /// Shared area over the area of both together, 0...1.
    package func overlap(with other: Box) -> Double {
        let shared = Box(
            left: max(left, other.left), top: max(top, other.top), right: min(right, other.right),
            bottom: min(bottom, other.bottom)
        )
        let width = shared.right - shared.left
        let height = shared.bottom - shared.top
        guard width > 0, height > 0 else { return 0 }
        return Double(width * height) / Double(area + other.area - width * height)
    }

    /// Larger by a margin on every side, within a picture.
    func grown(by margin: Int, width: Int, height: Int) -> Box {
        Box(
            left: max(0, left - margin), top: max(0, top - margin), right: min(width, right + margin),
            bottom: min(height, bottom + margin))
    }
}

/// One connected place in a map of how unusual each pixel is.
package struct DefectRegion: Sendable, Hashable {
    /// Around the pixels above the lower threshold.
    package var box: Box
    /// Pixels above the lower threshold, and above the upper one.
    package var pixels: Int
    package var certainPixels: Int
    package var peak: Float

    package init(box: Box, pixels: Int, certainPixels: Int, peak: Float) {
        self.box = box
        self.pixels = pixels
        self.certainPixels = certainPixels
        self.peak = peak
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

    /// Strongest first.
    package func find(in map: Plane) -> [DefectRegion] {
        let (width, height) = (map.width, map.height)
        let wide = dilated(map)
        var label = [Int32](repeating: 0, count: map.values.count)
        var regions: [DefectRegion] = []
        var stack: [Int] = []
        for start in wide.indices where wide[start] && label[start] == 0 {
            var region = DefectRegion(
                box: Box(left: width, top: height, right: 0, bottom: 0), pixels: 0, certainPixels: 0, peak: 0)
            stack.append(start)
            label[start] = 1
            while let at = stack.popLast() {
                let (x, y) = (at % width, at / width)
                let value = map.values[at]
                if value > lower {
                    region.pixels += 1
                    if value > upper { region.certainPixels += 1 }
                    region.peak = max(region.peak, value)
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
            if region.certainPixels >= leastCertain { regions.append(region) }
        }
        // Ties keep the order of the picture, so that the same map always gives the same list.
        let order = regions.indices.sorted { (regions[$1].peak, $0) < (regions[$0].peak, $1) }
        return order.prefix(Self.limit).map { regions[$0] }
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
