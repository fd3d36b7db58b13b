import Glibc
package import Plant

/// The machine's own clocks, for tests that talk to real servers.
package struct MachineClock: PlantClock {
    package init() {}

    package func wall() -> WallTime { WallTime(nanoseconds: Self.read(CLOCK_REALTIME)) }
    package func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: Self.read(CLOCK_MONOTONIC)) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
