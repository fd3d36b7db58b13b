/// A picture of 8 bits a channel, grey or in colour.
///
/// - Shapes: `pixels` [height, width, channel], rows from the top, channels red, green, blue.
package struct Picture: Sendable, Hashable {
    /// Pixels; at least 1.
    package let width: Int
    package let height: Int
    /// 1 (grey) or 3 (red, green, blue).
    package let channels: Int
    package let pixels: [UInt8]

    package init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && (channels == 1 || channels == 3))
        precondition(pixels.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// - Returns: the value of a channel, row and column counted from the top left corner.
    package subscript(row: Int, column: Int, channel: Int = 0) -> UInt8 {
        precondition(0..<width ~= column && 0..<channels ~= channel)
        return pixels[(row * width + column) * channels + channel]
    }

    /// Luma of ITU-R BT.601 in integers: `(19595 R + 38470 G + 7471 B + 32768) >> 16`; grey pictures are as they were.
    package var grey: Picture {
        guard channels == 3 else { return self }
        let grey = [UInt8](unsafeUninitializedCapacity: width * height) { target, count in
            pixels.withUnsafeBufferPointer { source in
                // SAFETY: `source` has three bytes for each byte of `target`, as the initialiser has checked.
                for index in 0..<width * height {
                    target[index] = Self.luma(source[3 * index], source[3 * index + 1], source[3 * index + 2])
                }
            }
            count = width * height
        }
        return Picture(width: width, height: height, channels: 1, pixels: grey)
    }

    /// Grey as three equal channels; pictures in colour are as they were.
    package var colour: Picture {
        guard channels == 1 else { return self }
        let colour = [UInt8](unsafeUninitializedCapacity: 3 * pixels.count) { target, count in
            for index in 0..<3 * pixels.count { target[index] = pixels[index / 3] }
            count = 3 * pixels.count
        }
        return Picture(width: width, height: height, channels: 3, pixels: colour)
    }

    static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
        UInt8(truncatingIfNeeded: (19_595 * UInt32(red) + 38_470 * UInt32(green) + 7_471 * UInt32(blue) + 32_768) >> 16)
    }

    /// The part of it from the column and row given, counted from the top left corner.
    ///
    /// - Throws: `.outside` where the picture has not all of it, as after a change of the camera.
    package func cropped(column: Int, row: Int, width: Int, height: Int) throws(PictureError) -> Picture {
        // Compared without sums, which large numbers would overflow.
        guard column >= 0, row >= 0, width > 0, height > 0, column <= self.width, row <= self.height,
            width <= self.width - column, height <= self.height - row
        else {
            throw .outside(
                expected: "a part of \(self.width) x \(self.height) pixels",
                found: "\(width) x \(height) from column \(column), row \(row)")
        }
        var part: [UInt8] = []
        part.reserveCapacity(width * height * channels)
        for line in row..<row + height {
            let start = (line * self.width + column) * channels
            part += pixels[start..<start + width * channels]
        }
        return Picture(width: width, height: height, channels: channels, pixels: part)
    }
}
