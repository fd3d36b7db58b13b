import Plant
import Store

/// Compares rollups with what their samples give.
struct HistoryCheck {
    /// A sample that retention has removed; its rollups stay.
    struct Retired {
        /// Nil where the sample itself says which.
        var tag: String?
        var sample: Sample
    }

    private let samples: [StoredSample]
    private let retired: [Retired]
    /// Whether every sample came into the store that has been taken.
    private let isWhole: Bool

    init(before samples: [StoredSample], retired: [Retired], isWhole: Bool) {
        self.samples = samples
        self.retired = retired
        self.isWhole = isWhole
    }

    /// - Parameter left: what is there of the samples now.
    /// - Returns: what is wrong, empty when nothing is.
    func run(_ store: Store, left: [StoredSample]) async throws -> [String] {
        let left = Set(left.map(\.id))
        var faults: [String] = []
        for (name, tag) in try await store.tags() where tag.definition.kind == .number {
            let gone = retired.filter { $0.tag.map { $0 == name } ?? ($0.sample.tag == tag.id) }.map(\.sample)
            let all = gone + samples.filter { $0.sample.tag == tag.id }.map(\.sample)
            for width in RollupWidth.allCases {
                let expected = Self.rollups(of: all, width)
                let incomplete = isWhole ? [] : Set(Self.rollups(of: gone, width).keys)
                let sinceGone = samples.filter { $0.sample.tag == tag.id && !left.contains($0.id) }.map(\.sample)
                let retired = Set(Self.rollups(of: gone + sinceGone, width).keys)
                var found: [Int64: Rollup] = [:]
                // From 1970 on is what was stored to see whether the store goes on.
                for bucket in try await store.rollups(
                    tag.id, width, from: Script.start + .seconds(-86_400), to: .latest)
                {
                    found[bucket.start.nanoseconds] = bucket.rollup
                }
                for start in Set(expected.keys).union(found.keys).subtracting(incomplete).sorted()
                where !Self.isSame(expected[start], found[start]) {
                    // Minutes with few samples do not outlive them; the hours do.
                    if width == .minute, retired.contains(start), Self.isPart(found[start], of: expected[start]) {
                        continue
                    }
                    faults.append(
                        "\(width)s of \(name) from \(start): \(found[start].map { "\($0)" } ?? "none"), of the samples "
                            + (expected[start].map { "\($0)" } ?? "none"))
                }
            }
        }
        return faults
    }

    /// What was merged in parts has a sum that is rounded at other places.
    private static func isSame(_ a: Rollup?, _ b: Rollup?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.good == b.good && a.notGood == b.notGood && a.minimum == b.minimum && a.maximum == b.maximum
            && a.first == b.first && a.last == b.last && abs(a.sum - b.sum) <= 1e-12 * abs(a.sum)
    }

    private static func isPart(_ part: Rollup?, of whole: Rollup?) -> Bool {
        guard let part, let whole else { return part == nil }
        return part.good <= whole.good && part.notGood <= whole.notGood
            && (part.good == 0 || (part.minimum >= whole.minimum && part.maximum <= whole.maximum))
    }

    /// Recomputed, one sample after the other in the order of storing.
    private static func rollups(of samples: [Sample], _ width: RollupWidth) -> [Int64: Rollup] {
        var buckets: [Int64: Rollup] = [:]
        for sample in samples {
            let time = sample.time.nanoseconds
            var value: Double?
            if sample.quality.isGood, case .number(let number) = sample.value { value = number }
            buckets[Rollup.start(of: time, width: width.nanoseconds), default: Rollup()].add(value, at: time)
        }
        return buckets
    }
}
