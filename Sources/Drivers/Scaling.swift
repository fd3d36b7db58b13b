import Plant
import YAML

/// What a raw number is worth, and which values can be right: `raw * scale + offset`, then the limits.
struct Scaling: Hashable, Sendable {
    var scale = 1.0
    var offset = 0.0
    /// Outside of it, the value is bad.
    @Seldom var range: ClosedRange<Double>?
    /// Outside of it, the value is set to the nearer limit and uncertain.
    @Seldom var clamp: ClosedRange<Double>?

    /// Whether it takes every number as it is.
    var isPlain: Bool { self == Scaling() }

    func value(of raw: Double) -> (Sample.Value, Quality) { judge(raw * scale + offset) }

    /// Holds a value that has its scale already against the limits.
    func judge(_ value: Double) -> (Sample.Value, Quality) {
        guard value.isFinite else { return (.none, .bad(.notFinite)) }
        if let range, !range.contains(value) { return (.number(value), .bad(.outOfRange)) }
        if let clamp, !clamp.contains(value) {
            return (.number(min(max(value, clamp.lowerBound), clamp.upperBound)), .uncertain(.clamped))
        }
        return (.number(value), .good)
    }

    /// Judges a window as a whole: one sample outside of the limits makes all of it doubtful.
    ///
    /// - Parameter samples: scaled already.
    func judge(_ samples: inout [Float]) -> Quality {
        guard range != nil || clamp != nil else { return .good }
        if let range, !samples.allSatisfy({ range.contains(Double($0)) }) { return .bad(.outOfRange) }
        guard let clamp, !samples.allSatisfy({ clamp.contains(Double($0)) }) else { return .good }
        for index in samples.indices {
            samples[index] = Float(min(max(Double(samples[index]), clamp.lowerBound), clamp.upperBound))
        }
        return .uncertain(.clamped)
    }
}

extension Scaling {
    /// Reads `scale`, `offset`, `min`, `max` and `clamp`.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader) {
        self.init()
        scale = reader.optional("scale", .number, default: 1)
        offset = reader.optional("offset", .number, default: 0)
        let lowest = reader.optional("min", .number, default: -.infinity)
        let highest = reader.optional("max", .number, default: .infinity)
        guard lowest <= highest else {
            reader.diagnostics.report(
                at: reader.node["min"] ?? reader.node, path: reader.path("min"), expected: "a min of at most max",
                found: "min \(lowest) and max \(highest)")
            return nil
        }
        if lowest > -.infinity || highest < .infinity { range = lowest...highest }
        guard reader.has("clamp") else { return }
        guard let limits = reader.optional("clamp", .sequence(of: .number, count: 2...2)) else { return nil }
        guard limits[0] <= limits[1] else {
            reader.diagnostics.report(
                at: reader.node["clamp"] ?? reader.node, path: reader.path("clamp"),
                expected: "the lower limit first", found: "\(limits[0]) and \(limits[1])")
            return nil
        }
        clamp = limits[0]...limits[1]
    }
}
