package import Plant

/// A sample with its place in the store.
package struct StoredSample: Sendable {
    /// Numbers grow in the order of storing and are never given twice.
    package var id: Int64
    package var sample: Sample
    /// Whether `sample.monotonic` is of the machine's present run; else it compares with nothing.
    package var isThisBoot: Bool

    package init(id: Int64, sample: Sample, isThisBoot: Bool) {
        self.id = id
        self.sample = sample
        self.isThisBoot = isThisBoot
    }
}

/// Some samples in the order of their numbers.
package struct SamplePage: Sendable {
    package var samples: [StoredSample]
    /// Where to go on: every number up to here was looked at. Damaged rows are left out, so that this may be beyond the
    /// last of ``samples``.
    package var through: Int64
    /// Nothing more was stored when this was read.
    package var isEnd: Bool
}
