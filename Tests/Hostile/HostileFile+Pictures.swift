import Pictures

extension HostileFile {
    /// Bytes that all of `picture` may ask for, one after the other: three readings, a writing, a reading again, copies.
    package static let pictureBytes = 64 << 20

    /// Reads a picture; what is read is of the same size whatever the channels, and is written and read again as itself.
    package static func picture(_ bytes: [UInt8]) throws(Finding) {
        var limits = PictureLimits()
        limits.pixels = 1 << 18
        limits.memoryBytes = 16 << 20
        let result = Result { () throws(PictureError) in try PictureDecoder.decode(bytes, limits: limits) }
        guard case .success(let decoded) = result else {
            if case .failure(let error) = result, !error.description.contains("expected") {
                throw Finding(description: "an error that does not say what was expected: \(error)")
            }
            return
        }
        let picture = decoded.picture
        for channels in [PictureDecoder.Channels.grey, .colour] {
            guard let other = try? PictureDecoder.decode(bytes, as: channels, limits: limits).picture,
                other.width == picture.width, other.height == picture.height,
                other.channels == (channels == .grey ? 1 : 3)
            else {
                throw Finding(description: "read as it is stored, and not as \(channels)")
            }
        }
        guard (try? PictureDecoder.decode(PNGEncoder.encode(picture)))?.picture == picture else {
            throw Finding(description: "\(picture.width) x \(picture.height) pixels are not read as they were written")
        }
    }
}
