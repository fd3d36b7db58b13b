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

/// How a picture may look to be judged, learnt from good ones.
package struct PictureLimits: Sendable, Hashable, Codable {
    /// Why a picture cannot be judged.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        case tooDark(level: Double, least: Double)
        case tooBright(level: Double, most: Double)
        case blackened(share: Double, most: Double)
        case overExposed(share: Double, most: Double)
        case noContrast(contrast: Double, least: Double)
        case outOfFocus(sharpness: Double, least: Double)

        package var description: String {
            switch self {
            case .tooDark(let level, let least):
                "too dark: mean level \(percent(level)), at least \(percent(least)) expected"
            case .tooBright(let level, let most):
                "too bright: mean level \(percent(level)), at most \(percent(most)) expected"
            case .blackened(let share, let most):
                "too dark: \(percent(share)) of it black, at most \(percent(most)) expected"
            case .overExposed(let share, let most):
                "over-exposed: \(percent(share)) of it white, at most \(percent(most)) expected"
            case .noContrast(let contrast, let least):
                "no contrast: levels spread by \(percent(contrast)), at least \(percent(least)) expected"
            case .outOfFocus(let sharpness, let least):
                "out of focus: \(percent(sharpness / max(least, .leastNormalMagnitude))) of the least sharpness expected"
            }
        }

        private func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
    }

    package var lowestLevel: Double
    package var highestLevel: Double
    package var mostBlack: Double
    package var mostWhite: Double
    package var leastContrast: Double
    package var leastSharpness: Double

    /// A lamp may age to 60 % of its light, or be turned up as much, before the camera has to be looked after.
    private static let lightMargin = 0.6
    /// Pixels may go black or white that were not, but not a twentieth of the part.
    private static let clippingMargin = 0.05
    /// A large defect costs contrast, and gives some.
    private static let contrastMargin = 0.4
    /// A lens that blurs edges by one pixel more takes about two thirds of what is measured here.
    private static let sharpnessMargin = 0.35

    /// - Parameter good: of pictures that are good; one at least.
    package init(good: [PictureQuality]) {
        precondition(!good.isEmpty)
        func least(_ value: (PictureQuality) -> Double) -> Double { good.map(value).min() ?? 0 }
        func most(_ value: (PictureQuality) -> Double) -> Double { good.map(value).max() ?? 0 }
        lowestLevel = Self.lightMargin * least(\.level)
        highestLevel = 1 - Self.lightMargin * (1 - most(\.level))
        mostBlack = min(1, most(\.blackShare) + Self.clippingMargin)
        mostWhite = min(1, most(\.whiteShare) + Self.clippingMargin)
        leastContrast = Self.contrastMargin * least(\.contrast)
        leastSharpness = Self.sharpnessMargin * least(\.sharpness)
    }

    /// The first reason why a picture cannot be judged; nil for one that can.
    package func fault(of picture: PictureQuality) -> Fault? {
        if picture.level < lowestLevel { return .tooDark(level: picture.level, least: lowestLevel) }
        if picture.blackShare > mostBlack { return .blackened(share: picture.blackShare, most: mostBlack) }
        if picture.whiteShare > mostWhite { return .overExposed(share: picture.whiteShare, most: mostWhite) }
        if picture.level > highestLevel { return .tooBright(level: picture.level, most: highestLevel) }
        if picture.contrast < leastContrast { return .noContrast(contrast: picture.contrast, least: leastContrast) }
        if picture.sharpness < leastSharpness {
            return .outOfFocus(sharpness: picture.sharpness, least: leastSharpness)
        }
        return nil
    }
}
