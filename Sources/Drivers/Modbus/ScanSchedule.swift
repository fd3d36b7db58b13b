import Plant

/// When a block is due: at whole multiples of its interval after the start, so that it never drifts.
struct ScanSchedule {
    let interval: Duration
    private(set) var due: MonotonicTime

    init(interval: Duration, start: MonotonicTime) {
        self.interval = interval
        due = start
    }

    func isDue(_ now: MonotonicTime) -> Bool { due <= now }

    /// To be called when the scan that was due is done.
    ///
    /// A scan that became due meanwhile follows at once, so that a device slower than its interval is asked as fast as it answers.
    /// - Returns: how many earlier ones were missed; they are left out, not made up for.
    mutating func advance(_ now: MonotonicTime) -> Int {
        due = due + interval
        guard due + interval <= now else { return 0 }
        let missed = (now - due).wholeNanoseconds / interval.wholeNanoseconds
        due = due + interval * Double(missed)
        return Int(missed)
    }
}
