/// Where in a file: the chunk, marker or header, and the bytes before it.
package struct PicturePlace: Sendable, Hashable, CustomStringConvertible {
    package var part: String
    package var offset: Int

    init(_ part: String, _ offset: Int) {
        self.part = part
        self.offset = offset
    }

    package var description: String { "\(part) at byte \(offset)" }
}

/// Why a picture is not to be judged.
package enum PictureError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What `PictureLimits` limit.
    package enum Quantity: String, Sendable, CaseIterable {
        case fileBytes = "file_bytes"
        case sidePixels = "side"
        case pixels
        case memoryBytes = "memory"
        case scans
        case parts

        fileprivate var unit: String {
            switch self {
            case .fileBytes: "bytes of the file"
            case .sidePixels: "pixels a side"
            case .pixels: "pixels"
            case .memoryBytes: "bytes of memory"
            case .scans: "scans"
            case .parts: "chunks or markers"
            }
        }
    }

    /// None of the formats.
    case unknownFormat(found: String)
    /// The file ends too early.
    case truncated(expected: String, found: String, at: PicturePlace)
    /// The file contradicts itself or its format.
    case damaged(expected: String, found: String, at: PicturePlace)
    /// A sound file of a kind that is not read.
    case unsupported(expected: String, found: String, at: PicturePlace)
    case tooLarge(Quantity, limit: Int, found: Int, at: PicturePlace)
    /// Decoding took longer than `PictureLimits.time`.
    case late(limit: Duration, at: PicturePlace)
    /// Raw bytes that are not of the shape declared.
    case shape(expected: String, found: String)
    /// A part that the picture has not.
    case outside(expected: String, found: String)

    /// Stable; for reports and rules.
    package var code: String {
        switch self {
        case .unknownFormat: "picture.unknown_format"
        case .truncated: "picture.truncated"
        case .damaged: "picture.damaged"
        case .unsupported: "picture.unsupported"
        case .tooLarge(let quantity, _, _, _): "picture.too_large.\(quantity.rawValue)"
        case .late: "picture.late"
        case .shape: "picture.shape"
        case .outside: "picture.outside"
        }
    }

    package var description: String {
        switch self {
        case .unknownFormat(let found): "expected a PNG, JPEG or BMP picture, found \(found)"
        case .truncated(let expected, let found, let place), .damaged(let expected, let found, let place),
            .unsupported(let expected, let found, let place):
            "\(place): expected \(expected), found \(found)"
        case .tooLarge(let quantity, let limit, let found, let place):
            "\(place): expected at most \(limit) \(quantity.unit), found \(found)"
        case .late(let limit, let place): "\(place): expected the picture within \(limit), found it unfinished"
        case .shape(let expected, let found), .outside(let expected, let found): "expected \(expected), found \(found)"
        }
    }
}
