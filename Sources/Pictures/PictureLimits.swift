/// What a picture may ask for. Everything is compared before memory is taken; time and scans also while decoding.
package struct PictureLimits: Sendable, Hashable {
    /// Bytes of the file: a 21-megapixel picture in colour that nothing compresses.
    package var fileBytes = 64 << 20
    /// Pixels: what inspection cameras of today have.
    package var pixels = 24_000_000
    /// Bytes of pixels and of what decoding takes beside them: 24 megapixels of a progressive JPEG in colour.
    package var memoryBytes = 256 << 20
    /// From the first byte to the last pixel. Lines have a shorter budget a part; this ends what was made to be slow.
    package var time: Duration = .seconds(5)
    /// Scans of a JPEG: encoders make 1 to 16, and each goes over all pixels.
    package var scans = 64

    /// Pixels a side: what 15 bits hold, so that sums over an axis stay within 32.
    package static let sidePixels = 32_767
    /// Chunks of a PNG, markers of a JPEG: encoders make some hundred, 64 MiB in pieces of 8 KiB are half as many, and each
    /// costs a record.
    static let parts = 16_384

    package init() {}

    func check(width: Int, height: Int, at place: PicturePlace) throws(PictureError) {
        guard width > 0, height > 0 else {
            throw .damaged(expected: "at least one pixel", found: "\(width) x \(height)", at: place)
        }
        let side = max(width, height)
        guard side <= Self.sidePixels else {
            throw .tooLarge(.sidePixels, limit: Self.sidePixels, found: side, at: place)
        }
        guard width * height <= pixels else {
            throw .tooLarge(.pixels, limit: pixels, found: width * height, at: place)
        }
    }

    /// - Parameters:
    ///   - pixelBytes: bytes of the picture.
    ///   - workBytes: what decoding takes beside them, and gives back.
    ///   - isTurned: whether the picture is then copied.
    func checkMemory(pixelBytes: Int, workBytes: Int, isTurned: Bool, at place: PicturePlace) throws(PictureError) {
        let needed = pixelBytes + max(workBytes, isTurned ? pixelBytes : 0)
        guard needed <= memoryBytes else {
            throw .tooLarge(.memoryBytes, limit: memoryBytes, found: needed, at: place)
        }
    }
}
