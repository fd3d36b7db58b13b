import Glibc
package import Plant

/// The machine's own clocks.
package struct SystemClock: PlantClock {
    package init() {}

    package func wall() -> WallTime { WallTime(nanoseconds: Self.read(CLOCK_REALTIME)) }

    /// `CLOCK_BOOTTIME`, so that time spent suspended counts: a value from before a suspend is stale after it.
    package func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: Self.read(CLOCK_BOOTTIME)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// The earliest wall time that a running build can see: a clock before it is wrong, and says so in `status`.
/// Source: date of the first release of this code, 2026-11-01T00:00:00Z.
package let earliestPlausibleWallTime = WallTime(nanoseconds: 1_793_491_200_000_000_000)
