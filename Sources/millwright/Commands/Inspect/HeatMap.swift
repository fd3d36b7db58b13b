import Inspection
import Pictures

/// A heat map as a picture: how unusual each pixel is beside the threshold.
///
/// A byte a pixel: `255 * score / (score + threshold)`, so that 128 and more lie above the threshold and nothing is cut off,
/// with colours from black over blue to the threshold, then red to yellow.
enum HeatMap {
    static func png(_ map: Plane, threshold: Double) -> [UInt8] {
        PNGEncoder.encode(
            indices: indices(map, threshold: threshold), width: map.width, height: map.height, palette: palette)
    }

    static func indices(_ map: Plane, threshold: Double) -> [UInt8] {
        let limit = Float(threshold)
        return map.values.map { value in
            let score = max(value, 0)
            return UInt8((255 * score / (score + limit)).rounded())
        }
    }

    private static let palette: [PNGEncoder.Colour] = (0...255).map { index in
        func part(_ from: Int, _ to: Int) -> UInt8 {
            UInt8(min(max((index - from) * 255 / (to - from), 0), 255))
        }
        return index < 128
            ? .init(red: 0, green: part(64, 192) / 2, blue: part(0, 128))
            : .init(red: 255, green: part(128, 240), blue: 0)
    }
}
