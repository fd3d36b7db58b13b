import Plant

extension TagState {
    /// Values needed before anything learned is used.
    static let learnCount: UInt32 = 256
    /// Counts are halved here, so that what was long ago weighs less.
    static let memoryCount: UInt32 = 4_096
    /// Equal values that may stand for nothing but chance, whatever time they span.
    static let leastStill: UInt32 = 3
    static let learnedStill: UInt32 = 32
    static let learnedStillFactor: UInt32 = 8
    /// Values beyond the step that agree with one another are the process's own step.
    static let stepCount = 3
    /// The share of jumps is that of about the last so many values.
    static let noiseMemory: Float = 32
    static let noiseFactor: Float = 3

    /// Looks at a value that came in order.
    ///
    /// - Parameter steady: its steady time, nanoseconds.
    /// - Parameter source: its source time where there is one.
    mutating func judge(_ value: Double, steady: Int64, source: Int64?, _ limits: Limits) -> WatchFlag? {
        if isSourceTimed != (source != nil) {
            isSourceTimed = source != nil
            restartTimes()
        }
        let time = source ?? steady
        let isJump = jumps(value, time, limits)
        let isStill = standsStill(value, time, limits)
        let isScattered = scatters(value, limits)
        return isJump ? .jump : isStill ? .stuck : isScattered ? .noisy : nil
    }

    /// Waveforms of one value only come from a sensor that is dead, whatever the machine does.
    mutating func judge(_ waveform: borrowing [Float], _ limits: Limits) -> WatchFlag? {
        guard limits.watchesStillness, let first = waveform.first, waveform.count > 1 else { return nil }
        return waveform.allSatisfy { $0 == first } ? .stuck : nil
    }

    /// Times of before say nothing about those that follow.
    mutating func restartTimes() {
        reference = .nan
        candidateCount = 0
        anchor = .nan
        run = 0
    }

    private mutating func jumps(_ value: Double, _ time: Int64, _ limits: Limits) -> Bool {
        guard !reference.isNaN, limits.step < .infinity || limits.rate < .infinity else {
            (reference, referenceTime) = (value, time)
            return false
        }
        // Values that were held up come all at once: without a time of the source they are as far apart as usual.
        let span = max(Double(time - referenceTime), isSourceTimed ? 1 : Double(max(pause, 1)))
        let allowed = min(limits.step, limits.rate * span)
        guard abs(value - reference) > allowed else {
            (reference, referenceTime, candidateCount) = (value, time, 0)
            return false
        }
        candidateCount = candidateCount > 0 && abs(value - candidate) <= allowed ? candidateCount + 1 : 1
        candidate = value
        guard candidateCount >= Self.stepCount else { return true }
        (reference, referenceTime, candidateCount) = (value, time, 0)
        return false
    }

    private mutating func standsStill(_ value: Double, _ time: Int64, _ limits: Limits) -> Bool {
        if value == anchor || abs(value - anchor) < limits.resolution {
            run = run == .max ? run : run + 1
        } else {
            if !isStill(time, limits) { longestRun = max(longestRun, run) }
            (anchor, anchorTime, run) = (value, time, 1)
            moves += 1
        }
        return isStill(time, limits)
    }

    private func isStill(_ time: Int64, _ limits: Limits) -> Bool {
        if run >= limits.stillCount { return true }
        guard run >= Self.leastStill else { return false }
        if limits.stillTime < .max, time - anchorTime >= limits.stillTime { return true }
        // A machine at rest gives exactly nothing for as long as it rests.
        return limits.learnsStillness && anchor != 0 && movesNearlyAlways
            && run >= max(Self.learnedStill, longestRun.multipliedReportingOverflow(by: Self.learnedStillFactor).0)
    }

    private var movesNearlyAlways: Bool { seen >= Self.learnCount && moves >= seen / 2 }

    private mutating func scatters(_ value: Double, _ limits: Limits) -> Bool {
        defer { (beforePrevious, previous) = (previous, value) }
        guard !beforePrevious.isNaN, limits.learnsNoise || limits.noise < .infinity else { return false }
        let difference = Float(abs(value - 2 * previous + beforePrevious))
        var limit = Float(limits.noise)
        if limits.learnsNoise {
            // Digits that a 32-bit float does not have are the rounding of somebody's arithmetic.
            let rounding = Float(abs(value)) * 0x1p-20
            limit = movesNearlyAlways && usual > 0 ? max(Self.noiseFactor * usual, rounding) : .infinity
            if difference > rounding { learn(difference) }
        }
        share += ((difference > limit ? 1 : 0) - share) / Self.noiseMemory
        isNoisy = isNoisy ? share > 0.25 : share > 0.5
        return isNoisy
    }

    /// Follows what about 97 of 100 second differences are below: up in steps of 1/128, down in steps of 1/4096. While
    /// the tag counts as noisy it gets used to that slowly, so that a broken sensor stands out for thousands of values.
    private mutating func learn(_ difference: Float) {
        guard difference > 0, difference.isFinite else { return }
        if usual == 0 {
            usual = difference
        } else if difference > usual {
            usual *= isNoisy ? 1 + 1 / 2_048 : 1 + 1 / 128
        } else {
            usual *= 1 - 1 / 4_096
        }
    }
}
