import CFieldIO
import Glibc

/// A camera of the kernel: `/dev/video*`.
// SAFETY: buffers are mapped for as long as this object lives, and read only between their dequeueing and their queueing, when
// the device leaves them alone.
final class KernelVideo: VideoDevice {
    let descriptor: Int32
    private var buffers: [UnsafeRawBufferPointer] = []

    init(_ path: String) throws(VideoFault) {
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw VideoFault(call: path, code: errno) }
        var identity = mw_video_identity()
        guard mw_video_identify(descriptor, &identity) == 0 else {
            let code = errno
            // An initializer that throws runs no deinit.
            close(descriptor)
            throw VideoFault(
                call: path, code: code, reason: code == ENOTTY ? "expected a camera, found another device" : nil)
        }
        guard identity.captures != 0, identity.streams != 0 else {
            close(descriptor)
            throw VideoFault(
                call: path, code: ENOTSUP,
                reason: "expected a camera that streams pictures of one plane, found a device that does not")
        }
    }

    deinit {
        if !buffers.isEmpty { mw_video_stream(descriptor, 0) }
        for buffer in buffers { munmap(UnsafeMutableRawPointer(mutating: buffer.baseAddress), buffer.count) }
        close(descriptor)
    }

    func set(_ format: VideoFormat) throws(VideoFault) -> VideoFormat {
        var wanted = mw_video_format()
        wanted.width = UInt32(clamping: format.width)
        wanted.height = UInt32(clamping: format.height)
        wanted.fourcc = format.pixels?.fourcc ?? 0
        try check(mw_video_set_format(descriptor, &wanted), "VIDIOC_S_FMT")
        return VideoFormat(
            pixels: VideoFormat.Pixels.allCases.first { $0.fourcc == wanted.fourcc }, width: Int(wanted.width),
            height: Int(wanted.height), rowBytes: Int(wanted.row_bytes), isInterlaced: wanted.is_interlaced != 0,
            isFullRange: wanted.is_full_range != 0)
    }

    func set(framesPerSecond: Double) throws(VideoFault) {
        // Thousandths of a frame, which says 29.97 as well as 0.1.
        try check(mw_video_set_rate(descriptor, UInt32(framesPerSecond * 1_000), 1_000), "VIDIOC_S_PARM")
    }

    func set(exposure: Int) throws(VideoFault) {
        try check(mw_video_set_exposure(descriptor, Int32(clamping: exposure)), "VIDIOC_S_CTRL exposure")
    }

    func set(gain: Int) throws(VideoFault) {
        try check(mw_video_set_gain(descriptor, Int32(clamping: gain)), "VIDIOC_S_CTRL gain")
    }

    func start(buffers count: Int) throws(VideoFault) {
        let given = mw_video_request_buffers(descriptor, UInt32(count))
        try check(given, "VIDIOC_REQBUFS")
        for index in 0..<UInt32(given) {
            var length = 0
            guard let start = mw_video_map(descriptor, index, &length) else {
                throw VideoFault(call: "mmap", code: errno)
            }
            buffers.append(UnsafeRawBufferPointer(start: start, count: length))
            try check(mw_video_queue(descriptor, index), "VIDIOC_QBUF")
        }
        try check(mw_video_stream(descriptor, 1), "VIDIOC_STREAMON")
    }

    func next() throws(VideoFault) -> VideoFrame? {
        var frame = mw_video_frame()
        guard mw_video_dequeue(descriptor, &frame) == 0 else {
            if errno == EAGAIN { return nil }
            throw VideoFault(call: "VIDIOC_DQBUF", code: errno)
        }
        guard Int(frame.index) < buffers.count else { throw VideoFault(call: "VIDIOC_DQBUF", code: EPROTO) }
        let buffer = buffers[Int(frame.index)]
        let bytes = Array(buffer.prefix(Int(frame.bytes)))
        try check(mw_video_queue(descriptor, frame.index), "VIDIOC_QBUF")
        return VideoFrame(
            bytes: bytes, sequence: frame.sequence, isDamaged: frame.is_damaged != 0,
            taken: frame.is_monotonic != 0 ? frame.nanoseconds : nil)
    }

    private func check(_ result: Int32, _ call: String) throws(VideoFault) {
        guard result >= 0 else { throw VideoFault(call: call, code: errno) }
    }
}
