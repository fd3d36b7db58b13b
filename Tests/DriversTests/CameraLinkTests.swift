import Glibc
import Logging
import Pictures
import Plant
import Synchronization
import TestBench
import Testing

@testable import Drivers

/// A camera that gives what a test lays out, from files or made up.
final class PlayedCamera: Sendable {
    enum Step: Sendable {
        case frame([UInt8], sequence: UInt32, isDamaged: Bool = false)
        /// VIDIOC_DQBUF is refused.
        case fault(Int32)
    }

    private struct State {
        var steps: [Step] = []
        var isThere = true
        var answers: (@Sendable (VideoFormat) -> VideoFormat) = { $0 }
        var opened = 0
        var set: [String] = []
        /// The signal of the device that is open.
        var signal: WakeSignal?
    }

    private let state = Mutex(State())
    let clock = MachineClock()

    var opened: Int { state.withLock { $0.opened } }
    var set: [String] { state.withLock { $0.set } }

    func note(_ setting: String) { state.withLock { $0.set.append(setting) } }

    func answer(_ change: @escaping @Sendable (VideoFormat) -> VideoFormat) { state.withLock { $0.answers = change } }
    func answer(to format: VideoFormat) -> VideoFormat { state.withLock { $0.answers }(format) }

    /// What comes next.
    func play(_ steps: Step...) {
        state.withLock { state in
            state.steps += steps
            state.signal?.raise()
        }
    }

    /// Pulls the plug, or puts it in again.
    func plug(_ isThere: Bool) {
        state.withLock { state in
            state.isThere = isThere
            state.signal?.raise()
        }
    }

    func open(_ path: String) throws(VideoFault) -> any VideoDevice {
        let signal: WakeSignal
        do throws(LinkFailure) { signal = try WakeSignal() } catch { throw VideoFault(call: path, code: EMFILE) }
        let isThere = state.withLock { state in
            state.opened += 1
            state.signal = signal
            if !state.steps.isEmpty { signal.raise() }
            return state.isThere
        }
        guard isThere else { throw VideoFault(call: path, code: ENOENT) }
        return PlayedDevice(camera: self, signal: signal)
    }

    /// - Returns: nil when there is nothing more.
    func next(_ signal: WakeSignal) throws(VideoFault) -> Step? {
        let (isThere, step) = state.withLock { state in
            if state.steps.count <= 1 { signal.clear() }
            return (state.isThere, state.steps.isEmpty ? nil : state.steps.removeFirst())
        }
        guard isThere else { throw VideoFault(call: "VIDIOC_DQBUF", code: ENODEV) }
        return step
    }
}

final class PlayedDevice: VideoDevice {
    private let camera: PlayedCamera
    private let signal: WakeSignal
    private var isStarted = false

    init(camera: PlayedCamera, signal: WakeSignal) {
        self.camera = camera
        self.signal = signal
    }

    var descriptor: Int32 { signal.descriptor }
    func set(_ format: VideoFormat) -> VideoFormat { camera.answer(to: format) }
    func set(framesPerSecond: Double) { camera.note("rate \(framesPerSecond)") }
    func set(exposure: Int) { camera.note("exposure \(exposure)") }
    func set(gain: Int) throws(VideoFault) { throw VideoFault(call: "VIDIOC_S_CTRL gain", code: EINVAL) }
    func start(buffers: Int) { isStarted = true }

    func next() throws(VideoFault) -> VideoFrame? {
        guard isStarted else { throw VideoFault(call: "VIDIOC_DQBUF", code: EINVAL) }
        switch try camera.next(signal) {
        case nil: return nil
        case .fault(let code): throw VideoFault(call: "VIDIOC_DQBUF", code: code)
        case .frame(let bytes, let sequence, let isDamaged):
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            // A quarter of a second ago.
            let taken = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - 250_000_000
            return VideoFrame(bytes: bytes, sequence: sequence, isDamaged: isDamaged, taken: taken)
        }
    }
}

@Suite(.timeLimit(.minutes(3)))
struct CameraLinkTests {
    let camera = PlayedCamera()

    private func bench(
        _ more: String = "format: grey, width: 2, height: 2", mode: PictureJudge.Mode = .accept
    ) throws -> PictureBench {
        let definition = try link("- { name: eye, driver: camera, path: /dev/video9, pictures: line.camera, \(more) }")
        let camera = camera
        let driver = CameraDriver(
            link: definition, clock: MachineClock(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { path throws(VideoFault) in try camera.open(path) }
        return PictureBench(driver, store: MemorySink(), mode: mode, tags: TagRegister())
    }

    @Test func aFrameIsJudgedWithItsTimeAndShape() async throws {
        let bench = try bench("format: grey, width: 2, height: 2, rate: 12.5, exposure: 200")
        #expect(await bench.isConnected())
        #expect(camera.set == ["rate 12.5", "exposure 200"])
        // Rounded up, as drivers do with their buffers.
        camera.play(.frame([1, 2, 3, 4, 0, 0], sequence: 7))
        #expect(await bench.hasTaken(["frame-7"]))
        let picture = try #require(await bench.judge.taken.first)
        #expect(
            picture.bytes == [1, 2, 3, 4] && picture.encoding == .raw(RawShape(width: 2, height: 2, layout: .grey8)))
        let age = MachineClock().monotonic() - picture.monotonic
        #expect(age >= .milliseconds(250))
        #expect(picture.sourceTime == picture.arrival && picture.receipt == nil)
        await bench.stop()
        #expect(bench.status.state == .stopped)
    }

    /// The judge is slower than the camera: what it sees next is the newest frame, and the others are counted.
    @Test func onlyTheNewestFrameWaits() async throws {
        let bench = try bench(mode: .hold)
        #expect(await bench.isConnected())
        camera.play(.frame([1, 1, 1, 1], sequence: 0))
        #expect(await eventually { await bench.judge.offers == 1 })
        for number in UInt32(1)...5 { camera.play(.frame([1, 1, 1, 1], sequence: number)) }
        #expect(await eventually { bench.counters.received == 6 })
        #expect(bench.counters.skipped == 4)
        await bench.judge.set(.accept)
        #expect(await bench.hasTaken(["frame-0", "frame-5"]))
        // Numbers that the device has left out are frames that nobody got.
        camera.play(.frame([1, 1, 1, 1], sequence: 9))
        #expect(await bench.hasTaken(["frame-0", "frame-5", "frame-9"]))
        #expect(bench.counters.skipped == 7)
        await bench.stop()
    }

    @Test func aFrameThatIsNoneIsRejected() async throws {
        let bench = try bench()
        #expect(await bench.isConnected())
        camera.play(
            .frame([1, 2, 3], sequence: 0), .frame([1, 2, 3, 4], sequence: 1, isDamaged: true), .fault(EIO),
            .frame([1, 2, 3, 4], sequence: 2))
        #expect(await bench.hasTaken(["frame-2"]))
        #expect(bench.counters.malformed == ["short_frame": 1, "damaged_frame": 1, "io": 1])
        #expect(bench.counters.reconnects == 0)
        await bench.stop()
    }

    @Test func aCameraThatHasGoneIsFoundAgain() async throws {
        let bench = try bench()
        #expect(await bench.isConnected())
        camera.plug(false)
        #expect(await eventually { bench.status.lastError?.contains("No such file") == true })
        camera.plug(true)
        #expect(await bench.isConnected())
        camera.play(.frame([1, 2, 3, 4], sequence: 0))
        #expect(await bench.hasTaken(["frame-0"]))
        #expect(bench.counters.reconnects == 1)
        await bench.stop()
    }

    @Test func aDeviceThatOnlyFailsIsOpenedAnew() async throws {
        let bench = try bench()
        #expect(await bench.isConnected())
        for _ in 0..<10 { camera.play(.fault(EIO)) }
        #expect(await eventually { camera.opened >= 2 })
        #expect(bench.status.lastError?.contains("VIDIOC_DQBUF") == true)
        await bench.stop()
    }

    @Test func aCameraThatGivesNothingIsOpenedAnew() async throws {
        let bench = try bench("format: grey, width: 2, height: 2, frame_within: 100ms")
        #expect(await eventually { camera.opened >= 2 })
        #expect(await eventually { bench.status.lastError?.contains("expected a frame within") == true })
        await bench.stop()
    }

    @Test func anotherFormatThanWasAskedForIsSaid() async throws {
        camera.answer { format in
            var other = format
            (other.pixels, other.width) = (.yuyv, 640)
            return other
        }
        let bench = try bench()
        #expect(
            await eventually {
                bench.status.lastError?.contains("expected grey 2 x 2, the camera gives yuyv 640 x 2") == true
            })
        camera.answer { format in
            var padded = format
            padded.rowBytes = 4
            return padded
        }
        #expect(await bench.isConnected())
        camera.play(.frame([1, 2, 0, 0, 3, 4, 0, 0], sequence: 0))
        #expect(await bench.hasTaken(["frame-0"]))
        var shape = RawShape(width: 2, height: 2, layout: .grey8)
        shape.rowBytes = 4
        #expect(await bench.judge.taken.first?.encoding == .raw(shape))
        await bench.stop()
    }

    @Test func aSettingThatTheCameraRefusesIsSaid() async throws {
        let bench = try bench("format: grey, width: 2, height: 2, gain: 3")
        #expect(await eventually { bench.status.lastError?.contains("VIDIOC_S_CTRL gain") == true })
        await bench.stop()
    }

    @Test func aJudgeThatRefusesGetsTheNextFrame() async throws {
        let bench = try bench(mode: .refuse)
        #expect(await bench.isConnected())
        camera.play(.frame([1, 2, 3, 4], sequence: 0))
        #expect(await eventually { bench.counters.dropped == 1 })
        await bench.judge.set(.accept)
        camera.play(.frame([1, 2, 3, 4], sequence: 1))
        #expect(await bench.hasTaken(["frame-1"]))
        await bench.stop()
    }

    /// A file that is no camera, and no file at all, at the kernel's own door.
    @Test func whatIsNoCameraIsSaid() throws {
        #expect(throws: VideoFault.self) { try KernelVideo("/dev/null") }
        do {
            _ = try KernelVideo("/dev/null")
        } catch {
            #expect("\(error)".contains("expected a camera"))
        }
        do {
            _ = try KernelVideo("/dev/there-is-no-such-camera")
        } catch {
            #expect(error.code == ENOENT)
        }
    }

    /// Source: linux/videodev2.h, v4l2_fourcc.
    @Test func lettersOfFormatsAreThoseOfTheKernel() {
        #expect(VideoFormat.Pixels.mjpeg.fourcc == 0x4750_4A4D)
        #expect(VideoFormat.Pixels.y16.fourcc == 0x2036_3159)
    }
}
