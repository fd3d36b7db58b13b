import Glibc

/// What a camera does for a link: the kernel's V4L2, or the imitation of a test. One thread uses it.
protocol VideoDevice: AnyObject {
    /// Readable, for poll(2), when a frame is there or the device has gone.
    var descriptor: Int32 { get }

    /// Asks for pictures of one kind.
    ///
    /// - Returns: what will come, which may be something else.
    func set(_ format: VideoFormat) throws(VideoFault) -> VideoFormat
    func set(framesPerSecond: Double) throws(VideoFault)
    /// In units of 100 us.
    func set(exposure: Int) throws(VideoFault)
    func set(gain: Int) throws(VideoFault)

    /// Gives the device its buffers and lets frames come.
    func start(buffers: Int) throws(VideoFault)

    /// The oldest frame that is there, with its bytes; its buffer goes back to the device.
    ///
    /// - Returns: nil when none is there.
    func next() throws(VideoFault) -> VideoFrame?
}

/// What the kernel refused.
struct VideoFault: Error, Hashable, CustomStringConvertible {
    /// VIDIOC_DQBUF
    var call: String
    var code: Int32
    /// What is known beyond the number.
    var reason: String?

    var description: String { "\(call): \(reason ?? String(cString: strerror(code)))" }
}

/// Pictures of a camera.
struct VideoFormat: Hashable, Sendable {
    /// Kinds of pixels that can be judged. Source: Video for Linux API, part I, "Image Formats".
    enum Pixels: String, CaseIterable, Sendable {
        case mjpeg, yuyv, grey, nv12, y16

        /// Four letters, the first in the lowest byte.
        var fourcc: UInt32 {
            let letters: StaticString =
                switch self {
                case .mjpeg: "MJPG"
                case .yuyv: "YUYV"
                case .grey: "GREY"
                case .nv12: "NV12"
                case .y16: "Y16 "
                }
            return letters.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        }
    }

    /// Nil for a kind that nobody asks for.
    var pixels: Pixels?
    var width: Int
    var height: Int
    /// From row to row; 0 where the device does not say.
    var rowBytes = 0
    var isInterlaced = false
    var isFullRange = false
}

/// One frame as it came.
struct VideoFrame: Sendable {
    var bytes: [UInt8]
    /// Counts every frame of the device, also those that nobody got.
    var sequence: UInt32
    /// The driver says that something of it is missing.
    var isDamaged = false
    /// When it was taken, by CLOCK_MONOTONIC; nil where the device has another clock.
    var taken: Int64?
}
