import Pictures
import Plant
import YAML

/// What a camera at this box needs to know.
struct CameraSettings: LinkSettings {
    var path: String
    var stream: String
    var format: VideoFormat
    /// Of `y16`.
    var significantBits: Int
    var framesPerSecond: Double?
    var exposure: Int?
    var gain: Int?
    /// A camera that gives nothing for so long is opened anew; nil for one that waits for a trigger.
    var frameWithin: Duration?

    var tags: [TagDefinition] { [] }
    var pictures: [String] { [stream] }

    /// Reads the keys of a camera.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let path = reader.required("path", .string)
        let stream = reader.pictures(&claims)
        let pixels = reader.required("format", .choice(VideoFormat.Pixels.self))
        let width = reader.required("width", .integer(1...PictureLimits.sidePixels))
        let height = reader.required("height", .integer(1...PictureLimits.sidePixels))
        significantBits = reader.optional("significant_bits", .integer(9...16), default: 16)
        framesPerSecond = reader.optional("rate", .number(0.1...1_000))
        exposure = reader.optional("exposure", .integer(0...10_000_000))
        gain = reader.optional("gain", .integer(0...1_000_000))
        let spans: Kind<Duration?> = Kind.duration(.milliseconds(100)...(.seconds(86_400))).map { .some(.some($0)) }
        frameWithin = reader.optional("frame_within", spans.or(["never": nil]), default: .seconds(10))
        if let path {
            claims.take(.camera(path), at: reader.node["path"]?.mark ?? reader.node.mark, path: reader.path("path"))
        }
        guard let path, let stream, let pixels, let width, let height else { return nil }
        self.path = path
        self.stream = stream
        format = VideoFormat(pixels: pixels, width: width, height: height)
        do throws(PictureError) {
            if let shape = shape(of: format), try shape.byteCount() > PictureForm.maxBytes {
                reader.diagnostics.report(
                    at: reader.node, path: reader.path("width"),
                    expected: "pictures of at most \(PictureForm.maxBytes) bytes", found: "\(width) x \(height)")
                return nil
            }
        } catch {
            reader.diagnostics.report(
                at: reader.node, path: reader.path("width"), expected: "pictures that can be read", found: "\(error)")
            return nil
        }
    }

    /// How the pixels of a format lie; nil for JPEG, which says it itself.
    func shape(of format: VideoFormat) -> RawShape? {
        let layout: RawShape.Layout
        switch format.pixels {
        case .mjpeg, nil: return nil
        case .yuyv: layout = .yuyv
        case .grey: layout = .grey8
        case .nv12: layout = .nv12
        case .y16: layout = .grey16le
        }
        var shape = RawShape(width: format.width, height: format.height, layout: layout)
        shape.rowBytes = format.rowBytes > 0 ? format.rowBytes : nil
        shape.significantBits = significantBits
        shape.range = format.isFullRange ? .full : .limited
        return shape
    }
}
