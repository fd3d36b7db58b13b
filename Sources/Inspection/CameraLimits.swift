/// How a picture may look to be judged, learnt from good ones.
package struct CameraLimits: Sendable, Hashable, Codable {
    /// Why a picture cannot be judged.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        case tooDark(level: Double, least: Double)
        case tooBright(level: Double, most: Double)
        case blackened(share: Double, most: Double)
        case overExposed(share: Double, most: Double)
        case noContrast(contrast: Double, least: Double)
        case outOfFocus(sharpness: Double, least: Double)

        /// Stable; for reports and rules.
        package var code: String {
            switch self {
            case .tooDark, .blackened: "picture.too_dark"
            case .tooBright: "picture.too_bright"
            case .overExposed: "picture.over_exposed"
            case .noContrast: "picture.no_contrast"
            case .outOfFocus: "picture.out_of_focus"
            }
        }

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
