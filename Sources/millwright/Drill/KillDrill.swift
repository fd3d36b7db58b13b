import Host
import Plant
import Rig
import Store

/// Kills the daemon at random moments while numbered messages come in, and counts what is in the store afterwards.
struct KillDrill {
    let kills: Int
    let messagesPerSecond: Int
    let seed: UInt64
    let directory: String

    struct Outcome: CustomStringConvertible {
        var kills: Int
        var published: Int
        var acknowledgedToPublisher: Int
        var rows: Int
        var missing: Int
        var doubled: Int
        var seconds: Double

        /// Every message that the broker took is in the store once.
        var holds: Bool { missing == 0 && doubled == 0 && published == acknowledgedToPublisher && rows == published }

        var description: String {
            "\(kills) kills in \(Format.fixed(seconds, 0)) s: \(published) published, \(acknowledgedToPublisher) acknowledged by "
                + "the broker, \(rows) rows stored, \(missing) missing, \(doubled) stored twice: "
                + (holds ? "the promise holds" : "THE PROMISE IS BROKEN")
        }
    }

    private static let timeToLive = 0.05...0.9

    func run(progress: (String) -> Void) async throws -> Outcome {
        let clock = SystemClock()
        let start = clock.monotonic()
        var loaded = try await LoadedDaemon.start(directory: directory, messagesPerSecond: messagesPerSecond)
        var random = SeededRandom(seed: seed)
        for kill in 1...max(1, kills) {
            try await Task.sleep(for: .seconds(Double.random(in: Self.timeToLive, using: &random)))
            _ = try await loaded.kill()
            try loaded.start()
            if kill % max(1, kills / 20) == 0 {
                progress("\(kill) of \(kills) kills, \(loaded.publisher.counters.published) published")
            }
        }
        let published = try await loaded.finish()
        let count = try await SequenceCount(store: "\(directory)/store", expected: published)
        return Outcome(
            kills: kills, published: published, acknowledgedToPublisher: loaded.publisher.counters.acknowledged,
            rows: count.rows, missing: count.missing, doubled: count.doubled + count.strangers,
            seconds: (clock.monotonic() - start).inSeconds)
    }
}
