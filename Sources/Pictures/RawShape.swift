/// What bytes without a head mean: cameras and programs that send pixels alone, and a configuration that says how.
package struct RawShape: Sendable, Hashable {
    /// How pixels lie in memory.
    package enum Layout: String, Sendable, CaseIterable {
        case grey8, rgb8, bgr8
        /// Two bytes a pixel, the low one first.
        case grey16le
        /// Two bytes a pixel, the high one first.
        case grey16be
        /// Brightness of two pixels around one pair of colours: Y0 Cb Y1 Cr.
        case yuyv
        /// All brightness, then pairs of colours (Cb, Cr), one for two by two pixels.
        case nv12

        /// Bytes that a row of pixels takes; of NV12 the brightness.
        fileprivate var bytesAPixel: Int {
            switch self {
            case .grey8, .nv12: 1
            case .rgb8, .bgr8: 3
            case .grey16le, .grey16be, .yuyv: 2
            }
        }

        fileprivate var isGrey: Bool { self == .grey8 || self == .grey16le || self == .grey16be }
    }

    /// What brightness and colours of `yuyv` and `nv12` may be.
    package enum Range: String, Sendable, CaseIterable {
        /// 16 to 235 and 16 to 240, as ITU-R BT.601 has it and V4L2 takes for granted.
        case limited
        /// 0 to 255, as in JPEG.
        case full
    }

    package var width: Int
    package var height: Int
    package var layout: Layout
    /// Bytes from one row to the next; nil where there is nothing between them.
    package var rowBytes: Int?
    /// Bits of a 16-bit value that the sensor fills: 9...16; 12 for the `Mono12` of cameras.
    package var significantBits = 16
    package var range = Range.limited

    package init(width: Int, height: Int, layout: Layout) {
        self.width = width
        self.height = height
        self.layout = layout
    }
}

extension PictureDecoder {
    /// Reads bytes of a shape that is declared.
    ///
    /// Values of more than 8 bits are rounded to 8: the largest that `significantBits` hold becomes 255.
    /// - Throws: `.shape` where the shape contradicts itself or the bytes are not as many as it says; `.tooLarge`.
    package static func decode(
        _ bytes: [UInt8], as shape: RawShape, channels: Channels = .asStored, limits: PictureLimits = PictureLimits()
    ) throws(PictureError) -> Picture {
        let place = PicturePlace("raw \(shape.layout.rawValue)", 0)
        guard bytes.count <= limits.fileBytes else {
            throw .tooLarge(.fileBytes, limit: limits.fileBytes, found: bytes.count, at: place)
        }
        try limits.check(width: shape.width, height: shape.height, at: place)
        let rowBytes = try shape.checkedRowBytes(bytes.count)
        let count = shape.width * shape.height * (shape.layout.isGrey ? 1 : 3)
        try limits.checkMemory(pixelBytes: count, workBytes: 0, isTurned: true, at: place)
        let picture: Picture =
            switch shape.layout {
            case .grey8, .rgb8, .bgr8: shape.plain(bytes, rowBytes)
            case .grey16le, .grey16be: try shape.wide(bytes, rowBytes)
            case .yuyv, .nv12: shape.brightnessAndColours(bytes, rowBytes, isGrey: channels == .grey)
            }
        return switch channels {
        case .asStored: picture
        case .grey: picture.grey
        case .colour: picture.colour
        }
    }
}

extension RawShape {
    /// How many bytes a picture of this shape has.
    ///
    /// - Throws: `.shape` where the shape contradicts itself.
    package func byteCount() throws(PictureError) -> Int { try checkedRowBytes() * rows }

    /// Rows of bytes: those of NV12's colours come after those of its brightness.
    private var rows: Int { layout == .nv12 ? height + height / 2 : height }

    fileprivate func checkedRowBytes(_ count: Int) throws(PictureError) -> Int {
        let row = try checkedRowBytes()
        guard count == row * rows else {
            throw .shape(
                expected: "\(row * rows) bytes for \(width) x \(height) \(layout.rawValue)", found: "\(count)")
        }
        return row
    }

    private func checkedRowBytes() throws(PictureError) -> Int {
        let pairs = layout == .yuyv || layout == .nv12
        guard !pairs || width % 2 == 0, layout != .nv12 || height % 2 == 0 else {
            throw .shape(
                expected: "\(layout.rawValue) of an even \(layout == .nv12 ? "width and height" : "width")",
                found: "\(width) x \(height)")
        }
        let least = width * layout.bytesAPixel
        let row = rowBytes ?? least
        guard row >= least, row <= Int(UInt32.max) else {
            throw .shape(expected: "at least \(least) bytes from row to row", found: "\(row)")
        }
        guard 9...16 ~= significantBits else {
            throw .shape(expected: "9 to 16 significant bits", found: "\(significantBits)")
        }
        return row
    }

    fileprivate func plain(_ bytes: [UInt8], _ rowBytes: Int) -> Picture {
        let channels = layout.bytesAPixel
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * channels)
        for row in 0..<height { pixels += bytes[row * rowBytes..<row * rowBytes + width * channels] }
        if layout == .bgr8 {
            for start in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(start, start + 2) }
        }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    fileprivate func wide(_ bytes: [UInt8], _ rowBytes: Int) throws(PictureError) -> Picture {
        let most = 1 << significantBits - 1
        let high = layout == .grey16be ? 0 : 1
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height)
        for row in 0..<height {
            for column in 0..<width {
                let at = row * rowBytes + 2 * column
                let value = Int(bytes[at + high]) << 8 | Int(bytes[at + 1 - high])
                guard value <= most else {
                    throw .shape(
                        expected: "at most \(most), as \(significantBits) bits hold", found: "\(value) at byte \(at)")
                }
                pixels.append(UInt8((value * 255 + most / 2) / most))
            }
        }
        return Picture(width: width, height: height, channels: 1, pixels: pixels)
    }

    fileprivate func brightnessAndColours(_ bytes: [UInt8], _ rowBytes: Int, isGrey: Bool) -> Picture {
        let conversion = range == .limited ? ColourConversion.limited : .full
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * (isGrey ? 1 : 3))
        for row in 0..<height {
            for column in 0..<width {
                let brightness: Int
                let colours: Int
                if layout == .yuyv {
                    brightness = row * rowBytes + 2 * column
                    colours = row * rowBytes + column / 2 * 4 + 1
                } else {
                    brightness = row * rowBytes + column
                    colours = (height + row / 2) * rowBytes + column / 2 * 2
                }
                if isGrey {
                    pixels.append(conversion.grey(bytes[brightness]))
                } else {
                    let second = colours + (layout == .yuyv ? 2 : 1)
                    pixels += conversion.colour(bytes[brightness], bytes[colours], bytes[second])
                }
            }
        }
        return Picture(width: width, height: height, channels: isGrey ? 1 : 3, pixels: pixels)
    }
}

/// Brightness and two differences of colour to red, green and blue, in 65,536ths, rounded.
///
/// - Source: ITU-R BT.601-7, 2.5; JFIF 1.02, conversion to and from RGB.
private struct ColourConversion {
    var black: Int
    var scale: Int
    var redByCr: Int
    var greenByCb: Int
    var greenByCr: Int
    var blueByCb: Int

    static let limited = ColourConversion(
        black: 16, scale: 76_309, redByCr: 104_597, greenByCb: 25_675, greenByCr: 53_279, blueByCb: 132_201)
    static let full = ColourConversion(
        black: 0, scale: 65_536, redByCr: 91_881, greenByCb: 22_554, greenByCr: 46_802, blueByCb: 116_130)

    func grey(_ brightness: UInt8) -> UInt8 { rounded(scale * (Int(brightness) - black)) }

    func colour(_ brightness: UInt8, _ cb: UInt8, _ cr: UInt8) -> [UInt8] {
        let (y, cb, cr) = (scale * (Int(brightness) - black), Int(cb) - 128, Int(cr) - 128)
        return [rounded(y + redByCr * cr), rounded(y - greenByCb * cb - greenByCr * cr), rounded(y + blueByCb * cb)]
    }

    private func rounded(_ value: Int) -> UInt8 { UInt8(clamping: (value + 32_768) >> 16) }
}
