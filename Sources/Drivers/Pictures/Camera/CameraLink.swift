import Glibc
import Logging
import Pictures
import Plant
import Threads

/// One camera, kept open: takes its frames on a thread of its own, and has the newest judged.
actor CameraLink {
    /// What drivers give without asking for more; one is filled while another is read.
    private static let buffers = 4
    /// Frames in a row that could not be had: a cable that is loose now and then, or a device that is broken.
    private static let maxFaults = 10
    private static let stableAfter: Duration = .seconds(5)
    /// Nobody looks for signs of life more often.
    private static let look: Duration = .seconds(1)
    /// A frame that is older has a time stamp of another clock.
    private static let oldest: Int64 = 10_000_000_000

    private let link: LinkDefinition
    private let settings: CameraSettings
    private let clock: any PlantClock
    private let logger: Logger
    private let monitor: LinkMonitor
    private let open: CameraDriver.Opening
    private let stop: WakeSignal
    private var backOff: BackOff
    private var hasConnected = false

    private nonisolated let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        link: LinkDefinition, settings: CameraSettings, clock: any PlantClock, logger: Logger, monitor: LinkMonitor,
        open: @escaping CameraDriver.Opening
    ) throws(LinkFailure) {
        do { executor = try ThreadExecutor() } catch { throw .system(call: "pthread_create", code: error.code) }
        stop = try WakeSignal()
        self.link = link
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.monitor = monitor
        self.open = open
        backOff = BackOff(seed: UInt64.random(in: .min ... .max))
    }

    func run(_ desk: PictureDesk) async {
        // Of what comes while one is judged the newest counts: the part that it shows is still at the gate.
        let (pictures, arrived) = AsyncStream<FieldPicture>.makeStream(bufferingPolicy: .bufferingNewest(1))
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask { await self.judge(pictures, desk) }
                while !Task.isCancelled { watchOnce(arrived) }
                arrived.finish()
                group.cancelAll()
            }
            monitor.enter(.stopped)
        } onCancel: {
            stop.raise()
        }
    }

    private nonisolated func judge(_ pictures: AsyncStream<FieldPicture>, _ desk: PictureDesk) async {
        var backOff = BackOff(seed: UInt64.random(in: .min ... .max))
        for await picture in pictures {
            do throws(LinkFailure) {
                _ = try await desk.judge(picture)
                backOff.reset()
            } catch {
                if error == .stopped { return }
                // The part has gone on; the next frame is worth more than this one.
                monitor.count { $0.dropped += 1 }
                monitor.record(error: "\(error)")
                try? await Task.sleep(for: backOff.wait())
            }
        }
    }

    /// The camera from its opening until it gives nothing more, and the wait after it.
    private func watchOnce(_ arrived: AsyncStream<FieldPicture>.Continuation) {
        monitor.enter(.connecting)
        let start = clock.monotonic()
        do throws(VideoFault) {
            let device = try open(settings.path)
            let format = try prepare(device)
            try device.start(buffers: Self.buffers)
            monitor.enter(.connected)
            if hasConnected { monitor.count { $0.reconnects += 1 } }
            hasConnected = true
            logger.info("camera gives pictures", metadata: ["link": "\(link.name)", "device": "\(settings.path)"])
            try take(device, format, arrived)
        } catch {
            monitor.record(error: "\(error)")
            logger.warning("camera gives no pictures", metadata: ["link": "\(link.name)", "error": "\(error)"])
        }
        if Task.isCancelled { return }
        if clock.monotonic() - start >= Self.stableAfter { backOff.reset() }
        let wait = backOff.wait()
        monitor.enter(.waiting(until: clock.monotonic() + wait))
        stop.wait(timeout: wait)
    }

    private func prepare(_ device: any VideoDevice) throws(VideoFault) -> VideoFormat {
        let given = try device.set(settings.format)
        let wanted = settings.format
        guard given.pixels == wanted.pixels, given.width == wanted.width, given.height == wanted.height,
            !given.isInterlaced
        else {
            let kind = given.pixels?.rawValue ?? "pixels of another kind"
            throw VideoFault(
                call: "VIDIOC_S_FMT", code: EINVAL,
                reason:
                    "expected \(wanted.pixels?.rawValue ?? "") \(wanted.width) x \(wanted.height), the camera gives "
                    + "\(kind) \(given.width) x \(given.height)\(given.isInterlaced ? ", interlaced" : "")")
        }
        if let rate = settings.framesPerSecond { try device.set(framesPerSecond: rate) }
        if let exposure = settings.exposure { try device.set(exposure: exposure) }
        if let gain = settings.gain { try device.set(gain: gain) }
        return given
    }

    private func take(
        _ device: any VideoDevice, _ format: VideoFormat, _ arrived: AsyncStream<FieldPicture>.Continuation
    ) throws(VideoFault) {
        let shape = settings.shape(of: format)
        var lastFrame = clock.monotonic()
        var lastSequence: UInt32?
        var faults = 0
        while !Task.isCancelled {
            _ = Polling.wait(
                [(device.descriptor, Int16(POLLIN)), (stop.descriptor, Int16(POLLIN))],
                timeout: min(Self.look, settings.frameWithin ?? Self.look))
            if Task.isCancelled { return }
            do throws(VideoFault) {
                while let frame = try device.next() {
                    faults = 0
                    lastFrame = clock.monotonic()
                    // What the device had no buffer for. It counts from 0 again, and round, so that only a step forward says something.
                    let missed = lastSequence.map { Int(frame.sequence &- $0 &- 1) } ?? 0
                    lastSequence = frame.sequence
                    monitor.count {
                        $0.received += 1
                        if missed < 1_000_000 { $0.skipped += missed }
                    }
                    hand(frame, shape, arrived)
                }
            } catch {
                // A frame that was lost on the way (VIDIOC_DQBUF, EIO); anything else is the end of the device.
                faults += 1
                guard error.code == EIO, faults < Self.maxFaults else { throw error }
                monitor.count { $0.malformed["io", default: 0] += 1 }
            }
            if let limit = settings.frameWithin, clock.monotonic() - lastFrame >= limit {
                throw VideoFault(
                    call: settings.path, code: ETIMEDOUT, reason: "expected a frame within \(limit), found none")
            }
        }
    }

    private func hand(
        _ frame: VideoFrame, _ shape: RawShape?, _ arrived: AsyncStream<FieldPicture>.Continuation
    ) {
        var bytes = frame.bytes
        if frame.isDamaged { return reject(frame, "damaged_frame") }
        if let shape, let count = try? shape.byteCount() {
            guard bytes.count >= count else { return reject(frame, "short_frame") }
            // Drivers round the size of their buffers up.
            bytes.removeLast(bytes.count - count)
        } else if bytes.isEmpty {
            return reject(frame, "short_frame")
        } else if bytes.count > PictureForm.maxBytes {
            return reject(frame, "too_large")
        }
        let age = age(of: frame)
        let moment = clock.wall() + .nanoseconds(-age)
        let picture = FieldPicture(
            link: link.name, stream: settings.stream, bytes: bytes,
            encoding: shape.map { FieldPicture.Encoding.raw($0) } ?? .file, name: "frame-\(frame.sequence)",
            sourceTime: frame.taken == nil ? nil : moment, arrival: moment,
            monotonic: clock.monotonic() + .nanoseconds(-age))
        if case .dropped = arrived.yield(picture) { monitor.count { $0.skipped += 1 } }
    }

    /// How long ago it was taken, by the kernel's clock: ours counts the time of a suspended machine, the camera's does not.
    private func age(of frame: VideoFrame) -> Int64 {
        guard let taken = frame.taken else { return 0 }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - taken
        return 0...Self.oldest ~= age ? age : 0
    }

    private func reject(_ frame: VideoFrame, _ cause: String) {
        let rejected = RejectedPayload(
            at: clock.wall(), picture: "frame-\(frame.sequence)", cause: cause, bytes: frame.bytes.count,
            start: Array(frame.bytes.prefix(64)))
        monitor.update { status in
            status.counters.malformed[cause, default: 0] += 1
            status.rejected = (status.rejected + [rejected]).suffix(RejectedPayload.kept)
        }
    }
}
