/// What a picture says about the camera and not about the part: its light and its focus.
package struct PictureQuality: Sendable, Hashable, Codable {
    /// Mean level, 0...1.
    package var level: Double
    /// Share of pixels that are black or white through and through, where nothing can be seen any more.
    package var blackShare: Double
    package var whiteShare: Double
    /// Standard deviation of the levels.
    package var contrast: Double
    /// Mean square of the Laplacian over that of the levels' deviation: falls when edges blur, whatever the light.
    package var sharpness: Double

    private static let black: Float = 3.0 / 255
    private static let white: Float = 252.0 / 255

    package init(of picture: Plane) {
        let count = Double(picture.values.count)
        var sum = 0.0
        var squares = 0.0
        var black = 0
        var white = 0
        for value in picture.values {
            sum += Double(value)
            squares += Double(value) * Double(value)
            if value <= Self.black { black += 1 }
            if value >= Self.white { white += 1 }
        }
        level = sum / count
        let variance = max(squares / count - level * level, 0)
        contrast = variance.squareRoot()
        blackShare = Double(black) / count
        whiteShare = Double(white) / count
        var curvature = 0.0
        for y in 1..<max(picture.height - 1, 1) {
            for x in 1..<max(picture.width - 1, 1) {
                let around =
                    picture[x - 1, y] + picture[x + 1, y] + picture[x, y - 1] + picture[x, y + 1] - 4 * picture[x, y]
                curvature += Double(around) * Double(around)
            }
        }
        sharpness = variance > 0 ? curvature / count / variance : 0
    }
}
