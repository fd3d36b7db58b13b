import AssemblyLine
import Glibc
import Host
import Plant
import Rig
import Store

/// Fills the disk of the store while a machine wears out: the alert must come all the same, and everything go on by
/// itself when there is room again. Needs root, for a small file system of its own.
struct FullDiskDrill {
    let pack: String
    let directory: String

    struct Outcome: CustomStringConvertible {
        var windows: Int
        var alerts: Int
        var deliveries: Int
        /// What the status said meanwhile.
        var trouble: String
        /// Samples that gave way, as the gaps say.
        var dropped: Int
        /// Numbers ever given to samples, and how many of them are neither there nor in a gap.
        var numbered: Int
        var unexplained: Int
        var secondsToRecover: Double

        var holds: Bool { alerts > 0 && deliveries > 0 && !trouble.isEmpty && dropped > 0 && unexplained == 0 }

        var description: String {
            "disk full while \(windows) windows came: \(alerts) alerts stored, \(deliveries) messages about them delivered; of "
                + "\(numbered) samples \(dropped) gave way and stand in gaps, \(unexplained) are missing without one; all as "
                + "before \(Format.fixed(secondsToRecover, 1)) s after room came back: "
                + (holds ? "the promise holds" : "THE PROMISE IS BROKEN") + "\nstatus said: \(trouble)"
        }
    }

    /// Holds the reserve twice and the recording's windows not at all.
    private static let diskBytes = 24 << 20
    private static let windowInterval = Duration.milliseconds(8)
    /// Recordings played before it is given up.
    private static let longestPlay = 5

    func run(progress: (String) -> Void) async throws -> Outcome {
        let store = "\(directory)/store"
        guard mkdir(store, 0o755) == 0, mount("tmpfs", store, "tmpfs", 0, "size=\(Self.diskBytes)") == 0 else {
            throw DrillError.folder(store, "no file system of its own: \(String(cString: strerror(errno)))")
        }
        defer { umount2(store, Int32(MNT_DETACH)) }
        var stage = try await DemoStage.build(
            pack: pack,
            description: try RotatingMachinePack.parse(
                try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml"),
            directory: directory, sendEvery: "100ms", say: { progress($0.english) })
        do {
            let outcome = try await run(on: &stage, filler: "\(store)/other", progress)
            await stage.end()
            return outcome
        } catch {
            await stage.end()
            throw error
        }
    }

    private func run(
        on stage: inout DemoStage, filler: String, _ progress: (String) -> Void
    ) async throws -> Outcome {
        try fill(filler)
        progress("the disk is full")
        var windows = try await play(on: stage) { !(try await stage.reader.alerts().isEmpty) }
        let webhook = stage.webhook
        _ = try await stage.process.wait(stage.daemon, for: "the message about the alert") { _ in
            !webhook.bodies.isEmpty
        }
        progress("the alert has come; the daemon is killed and started again on the full disk")
        stage.daemon.kill()
        _ = await stage.daemon.waitForExit()
        stage.daemon = try stage.process.start()
        _ = try await stage.process.wait(stage.daemon, for: "the daemon on a full disk") {
            $0.storeTrouble != nil && $0.links.allSatisfy { $0.state == "connected" }
        }
        let process = stage.process
        windows += try await play(on: stage) { process.status()?.store["dropped_for_room", default: 0] ?? 0 > 0 }
        let report = try stage.report()
        for alert in try await stage.reader.alerts() {
            _ = try await stage.reader.acknowledge(alert.id, by: "drill")
        }
        unlink(filler)
        let clock = SystemClock()
        let start = clock.monotonic()
        _ = try await stage.process.wait(stage.daemon, for: "the end of the shortage") { $0.storeTrouble == nil }
        let recovered = clock.monotonic() - start
        let before = try await stage.reader.lastSample()
        windows += try await play(on: stage) { try await stage.reader.lastSample() > before + 10 }
        try await stage.publisher.flush()
        await stage.daemon.stop()
        return try await outcome(stage, windows, report.storeTrouble ?? "", recovered)
    }

    private func outcome(
        _ stage: DemoStage, _ windows: Int, _ trouble: String, _ recovered: Duration
    ) async throws -> Outcome {
        var present = 0
        var last: Int64 = 0
        while true {
            let page = try await stage.reader.samples(after: last, limit: 10_000)
            present += page.samples.count
            last = page.through
            if page.isEnd { break }
        }
        let numbered = Int(try await stage.reader.lastSample())
        let dropped = try await stage.reader.gaps().filter { $0.reason == .diskFullOldest }.reduce(0) { $0 + $1.count }
        return Outcome(
            windows: windows, alerts: try await stage.reader.alerts().count { $0.acknowledgedBy == "drill" },
            deliveries: stage.webhook.bodies.count, trouble: trouble, dropped: Int(dropped), numbered: numbered,
            unexplained: numbered - present - Int(dropped), secondsToRecover: recovered.inSeconds)
    }

    /// Takes every byte that is left.
    private func fill(_ path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DrillError.folder(path, String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 1, count: 65_536)
        while write(descriptor, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw DrillError.folder(path, String(cString: strerror(errno))) }
    }

    /// Publishes the recording's windows until something has happened.
    ///
    /// - Returns: how many.
    private func play(on stage: DemoStage, until condition: () async throws -> Bool) async throws -> Int {
        let path = "\(pack)/replay/recording.yaml"
        let script = try RecordingScript.parse(try TextFile.read(path), file: path)
        let description = try RotatingMachinePack.parse(
            try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml")
        var published = 0
        for _ in 0..<Self.longestPlay {
            for moment in RecordingPlayer(script: script, pack: description) {
                if try await condition() { return published }
                stage.show(speedRPM: moment.speedRPM, loadPercent: moment.loadPercent)
                try stage.publish(window: moment.window)
                published += 1
                try await Task.sleep(for: Self.windowInterval)
            }
        }
        throw DrillError.timedOut("an alert, or new samples, after \(published) windows; \(stage.daemon.outputTail())")
    }
}
