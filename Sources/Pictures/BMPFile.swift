/// A bitmap of Windows or OS/2: plain rows of 1, 4, 8, 16, 24 or 32 bits a pixel.
///
/// Compressed rows (RLE, JPEG, PNG inside) are refused: no camera makes them. A fourth channel is passed over, because many
/// programs leave it 0; so is the head's own word for the file's size, which is often wrong.
/// - Source: Microsoft, Bitmap Storage and the BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER structures.
struct BMPFile {
    /// A colour's bits in a pixel of 16 or 32.
    private struct Mask {
        var shift: Int
        var most: Int

        init?(_ mask: Int) {
            guard mask > 0 else { return nil }
            shift = mask.trailingZeroBitCount
            most = mask >> shift
            guard most & (most + 1) == 0 else { return nil }
        }

        /// To 8 bits, rounded.
        func value(_ pixel: Int) -> UInt8 {
            let value = (pixel >> shift) & most
            return UInt8((value * 255 + most / 2) / most)
        }
    }

    let width: Int
    let height: Int
    let isGrey: Bool
    private let isTopDown: Bool
    private let bits: Int
    /// Red, green, blue.
    private let palette: [(UInt8, UInt8, UInt8)]
    private let masks: [Mask]
    private let pixelsAt: Int
    private let rowBytes: Int

    private static let headBytes = 14
    private static let uncompressed = 0
    private static let bitFields = [3, 6]
    /// OS/2's second header, where the same number means another compression.
    private static let secondOS2Bytes = 64

    init(_ file: FileBytes, _ limits: PictureLimits) throws(PictureError) {
        let place = PicturePlace("BMP header", Self.headBytes)
        guard file.has(Self.headBytes + 4, at: 0) else {
            throw .truncated(
                expected: "\(Self.headBytes + 4) bytes", found: "\(file.count)", at: PicturePlace("BMP", 0))
        }
        let size = file.littleEndian(4, at: Self.headBytes)
        guard [12, 40, 52, 56, 64, 108, 124].contains(size) else {
            throw .unsupported(
                expected: "a header of 12, 40, 52, 56, 64, 108 or 124 bytes", found: "\(size) bytes", at: place)
        }
        guard file.has(size, at: Self.headBytes) else {
            throw .truncated(expected: "\(size) bytes", found: "\(file.count - Self.headBytes)", at: place)
        }
        let isOld = size == 12
        width = isOld ? file.littleEndian(2, at: 18) : file.signed32(at: 18)
        let rows = isOld ? file.littleEndian(2, at: 20) : file.signed32(at: 22)
        isTopDown = rows < 0
        height = abs(rows)
        try limits.check(width: width, height: height, at: place)
        bits = file.littleEndian(2, at: isOld ? 24 : 28)
        let compression = isOld ? 0 : file.littleEndian(4, at: 30)
        guard [1, 4, 8, 16, 24, 32].contains(bits),
            compression == Self.uncompressed
                || (Self.bitFields.contains(compression) && [16, 32].contains(bits) && size != Self.secondOS2Bytes)
        else {
            let names = [1: "RLE8", 2: "RLE4", 4: "JPEG", 5: "PNG"]
            throw .unsupported(
                expected: "plain rows of 1, 4, 8, 16, 24 or 32 bits a pixel",
                found: "\(bits) bits, \(names[compression] ?? "compression \(compression)")", at: place)
        }
        var end = Self.headBytes + size
        masks = try Self.masks(file, bits, isGiven: compression != Self.uncompressed, headerBytes: size, end: &end)
        palette = try Self.palette(file, bits, isOld: isOld, at: end)
        end += palette.count * (isOld ? 3 : 4)
        isGrey = !palette.isEmpty && palette.allSatisfy { $0.0 == $0.1 && $0.1 == $0.2 }
        pixelsAt = file.littleEndian(4, at: 10)
        rowBytes = (width * bits + 31) / 32 * 4
        guard pixelsAt >= end else {
            throw .damaged(expected: "rows behind the \(end) bytes of the head", found: "at \(pixelsAt)", at: place)
        }
        guard file.has(rowBytes * height, at: pixelsAt) else {
            throw .truncated(
                expected: "\(height) rows of \(rowBytes) bytes", found: "\(max(file.count - pixelsAt, 0)) bytes",
                at: PicturePlace("BMP rows", pixelsAt))
        }
    }

    private static func masks(
        _ file: FileBytes, _ bits: Int, isGiven: Bool, headerBytes: Int, end: inout Int
    ) throws(PictureError) -> [Mask] {
        guard bits == 16 || bits == 32 else { return [] }
        var values = bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF_0000, 0xFF00, 0xFF]
        if isGiven {
            // They follow a short header, and are part of a longer one at the same place.
            let start = headBytes + 40
            if headerBytes == 40 { end += 12 }
            guard file.has(12, at: start), headerBytes >= 40 else {
                throw .truncated(
                    expected: "masks of three colours", found: "\(file.count - start) bytes",
                    at: PicturePlace("BMP masks", start))
            }
            values = (0..<3).map { file.littleEndian(4, at: start + 4 * $0) }
        }
        let masks = values.compactMap(Mask.init)
        guard masks.count == 3, (values[0] | values[1] | values[2]) >> bits == 0 else {
            throw .damaged(
                expected: "masks of bits that lie together in \(bits)",
                found: values.map { "0x" + String($0, radix: 16) }.joined(separator: ", "),
                at: PicturePlace("BMP masks", headBytes + 40))
        }
        return masks
    }

    private static func palette(
        _ file: FileBytes, _ bits: Int, isOld: Bool, at start: Int
    ) throws(PictureError) -> [(UInt8, UInt8, UInt8)] {
        guard bits <= 8 else { return [] }
        let used = isOld ? 0 : file.littleEndian(4, at: 46)
        let count = used == 0 ? 1 << bits : used
        let place = PicturePlace("BMP palette", start)
        guard count <= 1 << bits else {
            throw .damaged(expected: "at most \(1 << bits) colours", found: "\(count)", at: place)
        }
        let entry = isOld ? 3 : 4
        guard file.has(count * entry, at: start) else {
            throw .truncated(expected: "\(count) colours", found: "\(max(file.count - start, 0)) bytes", at: place)
        }
        return (0..<count).map {
            let at = start + $0 * entry
            return (file.bytes[at + 2], file.bytes[at + 1], file.bytes[at])
        }
    }

    /// - Parameter isLate: asked at every row.
    func pixels(
        _ file: FileBytes, channels: Int, limits: PictureLimits, isLate: () -> Bool
    ) throws(PictureError) -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * channels)
        for row in 0..<height {
            let start = pixelsAt + (isTopDown ? row : height - 1 - row) * rowBytes
            let place = PicturePlace("BMP row \(row)", start)
            guard !isLate() else { throw .late(limit: limits.time, at: place) }
            for column in 0..<width {
                let (red, green, blue) = try colour(file, start, column, place)
                if channels == 3 {
                    pixels.append(red)
                    pixels.append(green)
                    pixels.append(blue)
                } else {
                    pixels.append(Picture.luma(red, green, blue))
                }
            }
        }
        return pixels
    }

    private func colour(
        _ file: FileBytes, _ start: Int, _ column: Int, _ place: PicturePlace
    ) throws(PictureError) -> (UInt8, UInt8, UInt8) {
        switch bits {
        case 24:
            let at = start + 3 * column
            return (file.bytes[at + 2], file.bytes[at + 1], file.bytes[at])
        case 16, 32:
            let pixel = file.littleEndian(bits / 8, at: start + column * bits / 8)
            return (masks[0].value(pixel), masks[1].value(pixel), masks[2].value(pixel))
        default:
            let bit = column * bits
            let index = Int(file.bytes[start + bit / 8] >> UInt8(8 - bits - bit % 8)) & ((1 << bits) - 1)
            guard index < palette.count else {
                throw .damaged(expected: "one of \(palette.count) colours", found: "colour \(index)", at: place)
            }
            return palette[index]
        }
    }
}
