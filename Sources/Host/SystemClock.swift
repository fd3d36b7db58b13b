import CHost
import Glibc
package import Plant
import Synchronization

/// The machine's own clocks.
package struct SystemClock: PlantClock {
    package init() {}

    package func wall() -> WallTime { WallTime(nanoseconds: Self.read(CLOCK_REALTIME)) }

    /// `CLOCK_BOOTTIME`, so that time spent suspended counts: a value from before a suspend is stale after it.
    package func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: Self.read(CLOCK_BOOTTIME)) }

    /// As ``ClockConfidence/init(wall:isSynchronized:error:)`` has it; the kernel is asked at most once a second.
    package func confidence() -> ClockConfidence {
        let now = monotonic()
        let kernel = Self.kernel.withLock { kernel in
            if let askedAt = kernel.askedAt, now - askedAt < .seconds(1) { return kernel }
            var isSynchronized = false
            let error = mw_clock_error(&isSynchronized)
            kernel = KernelClock(
                askedAt: now, isSynchronized: isSynchronized && error >= 0, error: .microseconds(max(0, error)))
            return kernel
        }
        return ClockConfidence(wall: wall(), isSynchronized: kernel.isSynchronized, error: kernel.error)
    }

    private struct KernelClock {
        var askedAt: MonotonicTime?
        var isSynchronized = false
        var error = Duration.zero
    }

    private static let kernel = Mutex(KernelClock())

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// The earliest wall time that a running build can see: a clock before it is wrong, and says so in `status`.
/// Source: date of the first release of this code, 2026-11-01T00:00:00Z.
package let earliestPlausibleWallTime = WallTime(nanoseconds: 1_793_491_200_000_000_000)

extension ClockConfidence {
    /// The kernel takes a clock for lost at an error of 16 s; one that is kept, however seldom, stays below a few.
    /// Source: systemd-timesyncd asks every 2,048 s at least and trusts servers up to 5 s from their own source; the error
    /// grows by 0.5 ms a second meanwhile (NTP_PHASE_LIMIT and MAXFREQ of the kernel's ntp.c).
    package static let largestError = Duration.seconds(7)

    /// - Parameter isSynchronized: whether the kernel says that a time server keeps the clock.
    /// - Parameter error: the largest that the clock may have, as the kernel says.
    package init(wall: WallTime, isSynchronized: Bool, error: Duration) {
        if wall < earliestPlausibleWallTime {
            self = .implausible
        } else {
            self = isSynchronized && error <= Self.largestError ? .synchronized : .free
        }
    }
}
