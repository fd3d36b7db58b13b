import Synchronization

/// A clock that goes on by a step whenever somebody looks at it.
final class SteppingClock: Clock {
    private let start = ContinuousClock.now
    private let step: Duration
    private let looks = Mutex(0)

    init(step: Duration) { self.step = step }

    var now: ContinuousClock.Instant {
        start + step
            * looks.withLock { looks in
                looks += 1
                return looks
            }
    }

    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) {}
}
