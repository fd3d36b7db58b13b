/// How pixels of a resized image are mixed from four, and with what precision it is known where they lie.
package enum ResizeArithmetic: UInt32, Hashable, Sendable, CaseIterable {
    /// One pixel is picked.
    case nearest = 0
    /// Fractions of 11 bits, the sum shifted to the right: half up.
    case shifted = 1
    /// Fractions of 10 bits, the sum divided: half away from zero.
    case divided = 2
    /// Float32 fractions of what was uint8: the four products added one by one, 0.5 added, cut off.
    case float = 3

    /// Bits of a fraction behind the point; nil for floats.
    package var bits: Int? {
        switch self {
        case .nearest: 0
        case .shifted: 11
        case .divided: 10
        case .float: nil
        }
    }

    /// Where output pixel `i` lies in the input.
    package enum Coordinates: Hashable, Sendable {
        /// `i * ratio`.
        case asymmetric
        /// `(i + 0.5) * ratio - 0.5`.
        case halfPixel
        /// `i * (in - 1) / (out - 1)`.
        case alignCorners
    }

    /// Where the output's rows (or columns) come from.
    /// - Parameters:
    ///   - count: output pixels; 1 or more.
    ///   - size: input pixels; 1 or more.
    ///   - ratio: input pixels an output pixel, where a file states it.
    /// - Source: XNNPACK, `indirection.c`; TensorFlow Lite, `resize_bilinear.h`.
    package func axis(_ count: Int, of size: Int, _ coordinates: Coordinates, ratio: Float? = nil) -> Resize.Axis {
        let stated = ratio ?? Float(size) / Float(count)
        switch self {
        case .nearest: return Self.nearestAxis(count, of: size, coordinates, stated)
        case .divided where ratio == nil: return Self.integerAxis(count, of: size, coordinates)
        default: return floatAxis(count, of: size, coordinates, stated)
        }
    }

    /// Source: `resize_nearest_neighbor.h`.
    private static func nearestAxis(_ count: Int, of size: Int, _ coordinates: Coordinates, _ ratio: Float)
        -> Resize.Axis
    {
        let last = Float(size - 1)
        let corners = count > 1 ? last / Float(count - 1) : ratio
        let picked = (0..<count).map { index in
            let place: Float =
                switch coordinates {
                case .asymmetric: (Float(index) * ratio).rounded(.down)
                case .halfPixel: ((Float(index) + 0.5) * ratio).rounded(.down)
                case .alignCorners: (Float(index) * corners).rounded(.toNearestOrAwayFromZero)
                }
            return Int32(min(max(place, 0), last))
        }
        return Resize.Axis(low: picked, high: picked, fraction: picked.map { _ in 0 })
    }

    private func floatAxis(_ count: Int, of size: Int, _ coordinates: Coordinates, _ ratio: Float) -> Resize.Axis {
        let last = Float(size - 1)
        let corners = count > 1 ? last / Float(count - 1) : ratio
        var axis = Resize.Axis(low: [], high: [], fraction: [])
        for index in 0..<count {
            let place: Float
            switch coordinates {
            case .asymmetric: place = Float(index) * ratio
            case .alignCorners: place = Float(index) * corners
            // TensorFlow Lite and XNNPACK subtract the half in another order.
            case .halfPixel where self == .float: place = (Float(index) + 0.5) * ratio - 0.5
            case .halfPixel: place = Float(index) * ratio + (0.5 * ratio - 0.5)
            }
            let inside = min(max(place, 0), last)
            let low = inside.rounded(.down)
            var fraction = inside - low
            if let bits { fraction = (fraction * Float(1 << bits)).rounded(.toNearestOrEven) / Float(1 << bits) }
            axis.low.append(Int32(low))
            axis.high.append(Int32(min(low + 1, last)))
            axis.fraction.append(fraction)
        }
        return axis
    }

    /// In steps of 2^-10 throughout. Source: `reference_ops::ResizeBilinearInteger`.
    private static func integerAxis(_ count: Int, of size: Int, _ coordinates: Coordinates) -> Resize.Axis {
        let one = 1 << 10
        var step = (one * size + count / 2) / count
        if coordinates == .alignCorners, count > 1 { step = (one * (size - 1) + (count - 1) / 2) / (count - 1) }
        let start = coordinates == .halfPixel ? step / 2 - one / 2 : 0
        var axis = Resize.Axis(low: [], high: [], fraction: [])
        for index in 0..<count {
            let place = min(max(index * step + start, 0), (size - 1) * one)
            axis.low.append(Int32(place / one))
            axis.high.append(Int32(min((place + one - 1) / one, size - 1)))
            axis.fraction.append(Float(place % one) / Float(one))
        }
        return axis
    }
}
