/// A rectangle of pixels: `left...right-1` and `top...bottom-1`.
package struct Box: Sendable, Hashable, Codable {
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
