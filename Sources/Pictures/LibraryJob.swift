internal import CPictures

/// One call of libpng or libjpeg-turbo: what goes in, and what its failure means.
///
/// - SAFETY: both functions read the file's bytes and write the pixels of the shape given, during the call only, for which
///   both buffers live; pieces of a PNG lie in the file, as `PNGFile` has compared. The closure that tells the time lives in
///   this frame while C holds its address.
struct LibraryJob {
    let width: Int
    let height: Int
    let channels: Int
    /// Parts of the file in their order, to say where a failure lies.
    let places: [PicturePlace]
    let limits: PictureLimits
    let isLate: () -> Bool

    var pixelBytes: Int { width * height * channels }

    var firstPlace: PicturePlace { places.first ?? PicturePlace("file", 0) }

    func png(_ file: FileBytes, _ pieces: [mw_picture_piece]) throws(PictureError) -> Picture {
        try run(file) { bytes, shape, pixels, watch, failure in
            mw_png_decode(bytes.baseAddress, pieces, pieces.count, shape, pixels, watch, &failure)
        }
    }

    /// - Returns: the picture, and whether some bytes before its end belonged to nothing.
    func jpeg(_ file: FileBytes) throws(PictureError) -> (Picture, hasPadding: Bool) {
        var hasPadding = false
        let picture = try run(file) { bytes, shape, pixels, watch, failure in
            mw_jpeg_decode(
                bytes.baseAddress, bytes.count, shape, pixels, limits.memoryBytes - pixelBytes,
                CInt(clamping: limits.scans), watch, &failure, &hasPadding)
        }
        return (picture, hasPadding)
    }

    private typealias Call = (
        UnsafeBufferPointer<UInt8>, mw_picture_shape, UnsafeMutablePointer<UInt8>?, mw_picture_watch,
        inout mw_picture_failure
    ) -> mw_picture_status

    private func run(_ file: FileBytes, _ call: Call) throws(PictureError) -> Picture {
        let shape = mw_picture_shape(
            width: UInt32(width), height: UInt32(height), channels: UInt32(channels))
        var failure = mw_picture_failure()
        var status = MW_PICTURE_DECODED
        var isLate = isLate
        let pixels = [UInt8](unsafeUninitializedCapacity: pixelBytes) { target, count in
            withUnsafeMutablePointer(to: &isLate) { isLate in
                let watch = mw_picture_watch(
                    is_late: { $0?.assumingMemoryBound(to: (() -> Bool).self).pointee() ?? true }, context: isLate)
                status = file.bytes.withUnsafeBufferPointer { call($0, shape, target.baseAddress, watch, &failure) }
            }
            count = status == MW_PICTURE_DECODED ? pixelBytes : 0
        }
        guard status == MW_PICTURE_DECODED else { throw error(status, failure) }
        return Picture(width: width, height: height, channels: channels, pixels: pixels)
    }

    private func error(_ status: mw_picture_status, _ failure: mw_picture_failure) -> PictureError {
        let offset = failure.offset
        let part = places.last { $0.offset <= offset } ?? firstPlace
        let place = PicturePlace(part.part, offset)
        switch status {
        case MW_PICTURE_LATE: return .late(limit: limits.time, at: place)
        case MW_PICTURE_MEMORY:
            return .tooLarge(.memoryBytes, limit: limits.memoryBytes, found: limits.memoryBytes + 1, at: place)
        case MW_PICTURE_SCANS: return .tooLarge(.scans, limit: limits.scans, found: limits.scans + 1, at: place)
        default:
            let message = withUnsafeBytes(of: failure.message) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            return .damaged(expected: "a whole picture", found: message, at: place)
        }
    }
}
