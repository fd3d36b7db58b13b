package import Plant
import Synchronization

/// A clock that stands still until a test winds it.
package final class ManualClock: PlantClock {
    private struct Reading {
        var wall: WallTime
        var monotonic: MonotonicTime
    }
    private let reading: Mutex<Reading>

    /// A clock that shows the given wall time and one second after the start of the machine.
    package init(wall: WallTime = WallTime(nanoseconds: 1_700_000_000_000_000_000)) {
        reading = Mutex(Reading(wall: wall, monotonic: MonotonicTime(nanoseconds: 1_000_000_000)))
    }

    package func wall() -> WallTime { reading.withLock { $0.wall } }
    package func monotonic() -> MonotonicTime { reading.withLock { $0.monotonic } }

    /// Lets time pass on both clocks.
    package func advance(by span: Duration) {
        reading.withLock {
            $0.wall = $0.wall + span
            $0.monotonic = $0.monotonic + span
        }
    }

    /// Steps the wall clock alone, as a time server or a dead battery does.
    package func step(wallTo wall: WallTime) { reading.withLock { $0.wall = wall } }
}
