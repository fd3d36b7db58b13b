import AssemblyLine
import FoundationEssentials
import Glibc
import Host
import Plant
import Rig
import Store

/// Kills the registry and the daemon in turn while scores go up, and looks at the sequence numbers afterwards.
struct SyncDrill {
    let kills: Int
    let pack: String
    let seed: UInt64
    let directory: String

    struct Outcome: CustomStringConvertible {
        var registryKills: Int
        var daemonKills: Int
        var windows: Int
        /// Highest sequence number that the daemon's outbox ever gave.
        var sequences: Int
        var rows: Int
        var missing: Int
        var doubled: Int
        var seconds: Double

        /// A window that was not judged (no speed yet after a start) has no number; every number given must have arrived.
        var holds: Bool { missing == 0 && doubled == 0 && rows == sequences && sequences > 0 }

        var description: String {
            "\(registryKills) kills of the registry and \(daemonKills) of the daemon in \(Format.fixed(seconds, 0)) s: \(windows) "
                + "windows, \(sequences) sequence numbers given, \(rows) rows at the registry, \(missing) missing, "
                + "\(doubled) twice: " + (holds ? "the promise holds" : "THE PROMISE IS BROKEN")
        }
    }

    private static let windowInterval = Duration.milliseconds(40)
    private static let timeToLive = 0.1...1.2

    func run(progress: (String) -> Void) async throws -> Outcome {
        let clock = SystemClock()
        let start = clock.monotonic()
        var stage = try await DemoStage.build(
            pack: pack,
            description: try RotatingMachinePack.parse(
                try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml"),
            directory: directory, sendEvery: "100ms", say: { progress($0.english) })
        do {
            let sensor = Task { [stage] in try await play(on: stage) }
            var random = SeededRandom(seed: seed)
            var (registryKills, daemonKills) = (0, 0)
            for kill in 1...max(1, kills) {
                try await Task.sleep(for: .seconds(Double.random(in: Self.timeToLive, using: &random)))
                if kill.isMultiple(of: 2) {
                    stage.daemon.kill()
                    _ = await stage.daemon.waitForExit()
                    stage.daemon = try stage.process.start()
                    daemonKills += 1
                } else {
                    stage.registry.kill()
                    _ = await stage.registry.waitForExit()
                    stage.registry = try stage.registryProcess.serve()
                    registryKills += 1
                }
                if kill % max(1, kills / 10) == 0 { progress("\(kill) of \(kills) kills") }
            }
            sensor.cancel()
            let windows = try await sensor.value
            _ = try await stage.settle(within: .seconds(120))
            let given = try await stage.reader.outboxSequence()
            let exported = try await stage.registryProcess.command(["export", "--directory", "\(directory)/registry"])
            await stage.end()
            let numbers = try Self.sequences(in: exported)
            let distinct = Set(numbers)
            return Outcome(
                registryKills: registryKills, daemonKills: daemonKills, windows: windows, sequences: Int(given),
                rows: numbers.count, missing: (1...max(1, given)).count { !distinct.contains($0) },
                doubled: numbers.count - distinct.count, seconds: (clock.monotonic() - start).inSeconds)
        } catch {
            await stage.end()
            throw error
        }
    }

    /// Publishes the recording's windows over and over until cancelled.
    ///
    /// - Returns: how many.
    private func play(on stage: DemoStage) async throws -> Int {
        let path = "\(pack)/replay/recording.yaml"
        let script = try RecordingScript.parse(try TextFile.read(path), file: path)
        let description = try RotatingMachinePack.parse(
            try TextFile.read("\(pack)/pack.yaml"), file: "\(pack)/pack.yaml")
        var published = 0
        while !Task.isCancelled {
            for moment in RecordingPlayer(script: script, pack: description) {
                if Task.isCancelled { break }
                stage.show(speedRPM: moment.speedRPM, loadPercent: moment.loadPercent)
                try stage.publish(window: moment.window)
                published += 1
                try? await Task.sleep(for: Self.windowInterval)
            }
        }
        return published
    }

    /// The sequence number of each exported line.
    private static func sequences(in export: String) throws -> [Int64] {
        struct Line: Decodable { var sequence: Int64 }
        return try export.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).sequence
        }
    }
}
