/// How a picture came.
package enum PictureFormat: String, Sendable, Hashable, CaseIterable {
    case png, jpeg, bmp

    /// By the first bytes; nil for all others.
    package init?(_ file: [UInt8]) {
        if file.starts(with: PNGFile.signature) {
            self = .png
        } else if file.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if file.starts(with: [0x42, 0x4D]) {
            self = .bmp
        } else {
            return nil
        }
    }
}

/// What a user may want to know of a picture that was read.
package enum PictureNote: Sendable, Hashable, CustomStringConvertible {
    /// An animated PNG: what was read is the picture that it shows where nothing moves.
    case firstOfSeveral(count: Int)
    case transparencyOnBlack
    case turned(Orientation)
    case bytesBehindEnd(Int)
    /// A JPEG has some bytes before its end that belong to nothing, as USB cameras leave them.
    case padding

    package var description: String {
        switch self {
        case .firstOfSeveral(let count): "animated, \(count) frames: its still picture was read"
        case .transparencyOnBlack: "transparent parts were laid on black"
        case .turned(let orientation): "turned upright, it was stored \(orientation)"
        case .bytesBehindEnd(let count): "\(count) bytes behind the picture were passed over"
        case .padding: "a few bytes before the end were passed over"
        }
    }
}

/// A picture and how it came.
package struct DecodedPicture: Sendable, Hashable {
    package var picture: Picture
    package var format: PictureFormat
    package var notes: [PictureNote]
}

/// Reads pictures that anybody may have made: all of one, or a typed error; never a part of one.
///
/// Gamma and colour profiles are not applied: values are those that the camera or program stored. 16 bits become 8 by rounding,
/// transparent parts are laid on black, and the picture is turned as its EXIF notes say.
package enum PictureDecoder {
    /// The channels that are wanted.
    package enum Channels: Sendable, CaseIterable {
        /// Grey where the file holds greys only, else colour.
        case asStored
        /// Luma of ITU-R BT.601; of a JPEG the brightness that it stores, without a detour.
        case grey
        case colour

        fileprivate func count(isGrey: Bool) -> Int {
            switch self {
            case .asStored: isGrey ? 1 : 3
            case .grey: 1
            case .colour: 3
            }
        }
    }

    /// Reads a PNG, JPEG or BMP; its first bytes say which.
    ///
    /// The time is looked at before every row, and in a JPEG of several scans at every row of blocks of each.
    /// - Throws: `.late` where `clock` says that `limits.time` has gone by; else what was expected, what came, and where.
    package static func decode(
        _ bytes: [UInt8], as channels: Channels = .asStored, limits: PictureLimits = PictureLimits(),
        clock: some Clock<Duration> = ContinuousClock()
    ) throws(PictureError) -> DecodedPicture {
        let start = clock.now
        let isLate = { start.duration(to: clock.now) >= limits.time }
        guard bytes.count <= limits.fileBytes else {
            throw .tooLarge(
                .fileBytes, limit: limits.fileBytes, found: bytes.count, at: PicturePlace("file", limits.fileBytes))
        }
        let file = FileBytes(bytes: bytes)
        switch PictureFormat(bytes) {
        case .png: return try png(file, channels, limits, isLate)
        case .jpeg: return try jpeg(file, channels, limits, isLate)
        case .bmp: return try bmp(file, channels, limits, isLate)
        case nil:
            throw .unknownFormat(
                found: bytes.isEmpty
                    ? "nothing" : "a file of \(bytes.count) bytes that begins with \(hexadecimal(bytes.prefix(8)))")
        }
    }

    private static func png(
        _ file: FileBytes, _ channels: Channels, _ limits: PictureLimits, _ isLate: @escaping () -> Bool
    ) throws(PictureError) -> DecodedPicture {
        let png = try PNGFile(file, limits)
        let job = LibraryJob(
            width: png.width, height: png.height, channels: channels.count(isGrey: png.isGrey), places: png.places,
            limits: limits, isLate: isLate)
        try limits.checkMemory(
            pixelBytes: job.pixelBytes, workBytes: png.workBytes, isTurned: png.orientation != .upright,
            at: job.firstPlace)
        return finished(try job.png(file, png.pieces), .png, png.orientation, png.notes)
    }

    private static func jpeg(
        _ file: FileBytes, _ channels: Channels, _ limits: PictureLimits, _ isLate: @escaping () -> Bool
    ) throws(PictureError) -> DecodedPicture {
        let jpeg = try JPEGFile(file, limits)
        let job = LibraryJob(
            width: jpeg.width, height: jpeg.height, channels: channels.count(isGrey: jpeg.isGrey), places: jpeg.places,
            limits: limits, isLate: isLate)
        try limits.checkMemory(
            pixelBytes: job.pixelBytes, workBytes: jpeg.workBytes, isTurned: jpeg.orientation != .upright,
            at: job.firstPlace)
        let (picture, hasPadding) = try job.jpeg(file)
        return finished(
            picture, .jpeg, jpeg.orientation, jpeg.notes + (hasPadding ? [.padding] : []))
    }

    private static func bmp(
        _ file: FileBytes, _ channels: Channels, _ limits: PictureLimits, _ isLate: () -> Bool
    ) throws(PictureError) -> DecodedPicture {
        let bmp = try BMPFile(file, limits)
        let count = channels.count(isGrey: bmp.isGrey)
        try limits.checkMemory(
            pixelBytes: bmp.width * bmp.height * count, workBytes: 0, isTurned: false,
            at: PicturePlace("BMP header", 14))
        let pixels = try bmp.pixels(file, channels: count, limits: limits, isLate: isLate)
        return finished(
            Picture(width: bmp.width, height: bmp.height, channels: count, pixels: pixels), .bmp, .upright, [])
    }

    private static func finished(
        _ picture: Picture, _ format: PictureFormat, _ orientation: Orientation, _ notes: [PictureNote]
    ) -> DecodedPicture {
        guard orientation != .upright else { return DecodedPicture(picture: picture, format: format, notes: notes) }
        return DecodedPicture(
            picture: picture.oriented(orientation), format: format, notes: notes + [.turned(orientation)])
    }
}
