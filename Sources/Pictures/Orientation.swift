/// How a camera was held: what to do with the stored rows to see the picture upright.
///
/// - Source: Exif 2.32 (CIPA DC-008), tag 0x0112; the raw value is the tag's.
package enum Orientation: UInt8, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    /// Mirrored top to bottom.
    case flipped = 4
    /// Rows become columns.
    case transposed = 5
    case quarterTurnRight = 6
    /// Rows become columns, from the right and from below.
    case transversed = 7
    case quarterTurnLeft = 8

    /// Whether width and height change places.
    package var isSideways: Bool { rawValue >= 5 }
}

extension Picture {
    /// The picture as it is upright.
    package func oriented(_ orientation: Orientation) -> Picture {
        guard orientation != .upright else { return self }
        let (wide, high) = orientation.isSideways ? (height, width) : (width, height)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                // SAFETY: row and column lie in the picture for every place of the result, whose count is the same.
                var index = 0
                for row in 0..<high {
                    for column in 0..<wide {
                        let from = self.source(of: (row, column), orientation)
                        let start = (from.row * width + from.column) * channels
                        for channel in 0..<channels { target[index + channel] = source[start + channel] }
                        index += channels
                    }
                }
            }
            count = pixels.count
        }
        return Picture(width: wide, height: high, channels: channels, pixels: turned)
    }

    private func source(of place: (row: Int, column: Int), _ orientation: Orientation) -> (row: Int, column: Int) {
        let (row, column) = place
        return switch orientation {
        case .upright: (row, column)
        case .mirrored: (row, width - 1 - column)
        case .upsideDown: (height - 1 - row, width - 1 - column)
        case .flipped: (height - 1 - row, column)
        case .transposed: (column, row)
        case .quarterTurnRight: (height - 1 - column, row)
        case .transversed: (height - 1 - column, width - 1 - row)
        case .quarterTurnLeft: (column, width - 1 - row)
        }
    }
}
