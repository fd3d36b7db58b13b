internal import CPictures
internal import CZlib

/// A PNG as its chunks say it, checked before a byte is inflated.
///
/// Every chunk's place, length and checksum is looked at; libpng is then given only those that make the pixels. What else a
/// file may carry (gamma, colour profiles, texts, further frames) is passed over, but for how the camera was held.
/// - Source: PNG (Third Edition), W3C, 5 and 11.
struct PNGFile {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    enum Kind: Int {
        case grey = 0
        case colour = 2
        case palette = 3
        case greyAlpha = 4
        case colourAlpha = 6

        var depths: [Int] {
            switch self {
            case .grey: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            case .colour, .greyAlpha, .colourAlpha: [8, 16]
            }
        }
    }

    private struct Chunk {
        var name: String
        var data: Range<Int>
        var place: PicturePlace
    }

    private(set) var width = 0
    private(set) var height = 0
    private(set) var kind = Kind.grey
    private(set) var orientation = Orientation.upright
    private(set) var notes: [PictureNote] = []
    /// What libpng is to see.
    private(set) var pieces = [mw_picture_piece(offset: 0, length: signature.count)]
    private(set) var places: [PicturePlace] = []
    private var depth = 0
    private var isInterlaced = false
    private var hasTransparency = false
    private var paletteColours = 0
    private var isPaletteGrey = true

    var isGrey: Bool { kind == .grey || kind == .greyAlpha || (kind == .palette && isPaletteGrey) }

    /// Bytes that decoding takes beside the pixels.
    var workBytes: Int {
        // libpng expands a row to at most four channels of 16 bits and keeps three such rows; its own records and zlib's take
        // less than 128 KiB. An interlaced picture is put together with its transparency before it is converted.
        let row = 4 * width
        return (isInterlaced ? row * height : row) + 6 * row + (128 << 10)
    }

    init(_ file: FileBytes, _ limits: PictureLimits) throws(PictureError) {
        var at = Self.signature.count
        var previous = ""
        var hasPixels = false
        while previous != "IEND" {
            let chunk = try Self.chunk(file, at)
            guard places.count < PictureLimits.parts else {
                throw .tooLarge(.parts, limit: PictureLimits.parts, found: places.count + 1, at: chunk.place)
            }
            guard places.isEmpty == (chunk.name == "IHDR") else {
                let expected = places.isEmpty ? "IHDR as the first chunk" : "one IHDR"
                throw .damaged(expected: expected, found: chunk.name, at: chunk.place)
            }
            if chunk.name == "IDAT" {
                guard !hasPixels || previous == "IDAT" else {
                    throw .damaged(expected: "IDAT chunks in one run", found: "\(previous) between", at: chunk.place)
                }
                hasPixels = true
            }
            try read(chunk, file, limits, hasPixels: hasPixels)
            places.append(chunk.place)
            previous = chunk.name
            at = chunk.data.upperBound + 4
        }
        guard hasPixels, let last = places.last else {
            throw .damaged(
                expected: "pixels in IDAT before IEND", found: "none", at: places.last ?? PicturePlace("PNG", at))
        }
        guard kind != .palette || paletteColours > 0 else {
            throw .damaged(expected: "a palette in PLTE before IDAT", found: "none", at: last)
        }
        if hasTransparency || kind == .greyAlpha || kind == .colourAlpha { notes.append(.transparencyOnBlack) }
        if at < file.count { notes.append(.bytesBehindEnd(file.count - at)) }
    }

    private static func chunk(_ file: FileBytes, _ at: Int) throws(PictureError) -> Chunk {
        guard file.has(12, at: at) else {
            throw .truncated(
                expected: "a chunk up to IEND", found: "\(file.count - at) bytes", at: PicturePlace("PNG", at))
        }
        let name = file.name(at: at + 4)
        let place = PicturePlace("PNG chunk \(name)", at)
        guard file.bytes[at + 4..<at + 8].allSatisfy({ 0x41...0x5A ~= $0 & 0xDF }) else {
            throw .damaged(
                expected: "a chunk's name of four letters", found: hexadecimal(file.bytes[at + 4..<at + 8]),
                at: PicturePlace("PNG", at))
        }
        let length = file.bigEndian(4, at: at)
        guard file.has(length + 12, at: at) else {
            throw .truncated(
                expected: "\(length) bytes of data and a checksum", found: "\(file.count - at - 8) bytes", at: place)
        }
        let data = at + 8..<at + 8 + length
        let expected = file.bigEndian(4, at: data.upperBound)
        let found = crc32(file.bytes, data.lowerBound - 4..<data.upperBound)
        guard found == expected else {
            throw .damaged(expected: "checksum \(expected)", found: "\(found)", at: place)
        }
        return Chunk(name: name, data: data, place: place)
    }

    /// - SAFETY: the range lies in the bytes: the caller has compared, and slicing compares again.
    private static func crc32(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        bytes[range].withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) }
    }

    private mutating func read(
        _ chunk: Chunk, _ file: FileBytes, _ limits: PictureLimits, hasPixels: Bool
    ) throws(PictureError) {
        switch chunk.name {
        case "IHDR": try readHead(file, chunk, limits)
        case "PLTE":
            // Beside colours it is a proposal for poor displays, which says nothing of the picture.
            guard kind == .palette else { return }
            try readPalette(file, chunk, hasPixels)
        case "tRNS": try readTransparency(chunk, hasPixels)
        case "IDAT": break
        case "IEND":
            guard chunk.data.isEmpty else {
                throw .damaged(expected: "no data", found: "\(chunk.data.count) bytes", at: chunk.place)
            }
        case "acTL":
            guard chunk.data.count == 8 else {
                throw .damaged(expected: "8 bytes", found: "\(chunk.data.count)", at: chunk.place)
            }
            notes.append(.firstOfSeveral(count: file.bigEndian(4, at: chunk.data.lowerBound)))
            return
        case "eXIf":
            orientation = EXIF.orientation(Array(file.bytes[chunk.data])) ?? .upright
            return
        default:
            // A capital first letter: without it the picture cannot be read.
            guard file.bytes[chunk.place.offset + 4] & 0x20 != 0 else {
                throw .unsupported(expected: "IHDR, PLTE, IDAT or IEND", found: chunk.name, at: chunk.place)
            }
            return
        }
        pieces.append(mw_picture_piece(offset: chunk.place.offset, length: chunk.data.count + 12))
    }

    private mutating func readHead(
        _ file: FileBytes, _ chunk: Chunk, _ limits: PictureLimits
    ) throws(PictureError) {
        guard chunk.data.count == 13 else {
            throw .damaged(expected: "13 bytes", found: "\(chunk.data.count)", at: chunk.place)
        }
        let start = chunk.data.lowerBound
        width = file.bigEndian(4, at: start)
        height = file.bigEndian(4, at: start + 4)
        try limits.check(width: width, height: height, at: chunk.place)
        depth = Int(file.bytes[start + 8])
        guard let kind = Kind(rawValue: Int(file.bytes[start + 9])), kind.depths.contains(depth) else {
            throw .damaged(
                expected: "a kind of colours and a depth that go together",
                found: "kind \(file.bytes[start + 9]), \(depth) bits", at: chunk.place)
        }
        self.kind = kind
        let methods = Array(file.bytes[start + 10..<start + 13])
        guard methods[0] == 0, methods[1] == 0, methods[2] <= 1 else {
            throw .damaged(
                expected: "compression 0, filter 0, interlace 0 or 1",
                found: methods.map { "\($0)" }.joined(separator: ", "), at: chunk.place)
        }
        isInterlaced = methods[2] == 1
    }

    private mutating func readPalette(
        _ file: FileBytes, _ chunk: Chunk, _ hasPixels: Bool
    ) throws(PictureError) {
        let most = 3 << depth
        guard !hasPixels, paletteColours == 0, !chunk.data.isEmpty, chunk.data.count % 3 == 0, chunk.data.count <= most
        else {
            throw .damaged(
                expected: "one palette before IDAT, of 3 to \(most) bytes by three",
                found: "\(chunk.data.count) bytes", at: chunk.place)
        }
        paletteColours = chunk.data.count / 3
        for at in stride(from: chunk.data.lowerBound, to: chunk.data.upperBound, by: 3)
        where file.bytes[at] != file.bytes[at + 1] || file.bytes[at] != file.bytes[at + 2] {
            isPaletteGrey = false
        }
    }

    private mutating func readTransparency(_ chunk: Chunk, _ hasPixels: Bool) throws(PictureError) {
        let lengths: ClosedRange<Int> =
            switch kind {
            case .grey: 2...2
            case .colour: 6...6
            case .palette: 1...max(paletteColours, 1)
            case .greyAlpha, .colourAlpha: 0...0
            }
        let isAllowed = kind != .greyAlpha && kind != .colourAlpha && (kind != .palette || paletteColours > 0)
        guard isAllowed, !hasPixels, !hasTransparency, lengths.contains(chunk.data.count) else {
            throw .damaged(
                expected: "one tRNS between palette and IDAT, of \(lengths.lowerBound) to \(lengths.upperBound) bytes",
                found: "\(chunk.data.count) bytes", at: chunk.place)
        }
        hasTransparency = true
    }
}
