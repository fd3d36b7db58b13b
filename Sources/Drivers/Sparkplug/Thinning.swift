import Plant

/// Leaves out values that say nothing new, by the rules of the configuration. What waited for the host is not thinned.
package struct Thinning: Sendable {
    /// For one tag.
    package struct Rule: Hashable, Sendable {
        /// A number that has moved by no more is left out; nil lets every one pass.
        package var deadband: Double?
        /// At most one in so long.
        package var interval: Duration?

        package init(deadband: Double? = nil, interval: Duration? = nil) {
            self.deadband = deadband
            self.interval = interval
        }
    }

    var rules: [TagID: Rule] = [:]
    private var last: [TagID: Sample] = [:]

    /// The host has been told these by a birth.
    mutating func begin(with latest: [TagID: Sample]) { last = latest }

    /// Whether a sample is to be sent; a change of the quality always is.
    mutating func passes(_ sample: Sample) -> Bool {
        guard let rule = rules[sample.tag] else { return true }
        guard let before = last[sample.tag], before.quality == sample.quality else {
            last[sample.tag] = sample
            return true
        }
        if let interval = rule.interval, sample.time - before.time < interval { return false }
        if let deadband = rule.deadband, case .number(let old) = before.value, case .number(let new) = sample.value,
            abs(new - old) <= deadband
        {
            return false
        }
        last[sample.tag] = sample
        return true
    }
}
