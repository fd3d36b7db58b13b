/// Height and width of an image changed.
///
/// - Shapes: x `[n, height, width, channels]`, y `[n, size.height, size.width, channels]`.
package struct Resize: Hashable, Sendable {
    package enum Method: String, Hashable, Sendable { case nearest, bilinear }
    /// Where output pixel `i` lies in the input: `asymmetric` i * scale; `halfPixel` (i + 0.5) * scale - 0.5;
    /// `pytorchHalfPixel` the same, 0 for size 1; `alignCorners` i * (in - 1) / (out - 1).
    package enum Coordinates: String, Hashable, Sendable { case asymmetric, halfPixel, pytorchHalfPixel, alignCorners }
    /// Which pixel is nearest.
    package enum Rounding: String, Hashable, Sendable { case floor, ceil, halfDown, halfUp }
    package var method: Method
    package var size: Pair
    package var coordinates: Coordinates
    package var rounding = Rounding.floor
    /// Input pixels an output pixel, where the file states them and not the sizes; else `in / out`.
    package var scaleHeight: Float?
    package var scaleWidth: Float?

    package init(_ method: Method, size: Pair, coordinates: Coordinates) {
        self.method = method
        self.size = size
        self.coordinates = coordinates
    }
}
