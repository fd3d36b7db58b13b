/// Sizes of a CPU's caches, by which products are cut into parts that stay there.
package struct CacheSizes: Hashable, Sendable {
    /// Of one core.
    package let level1DataBytes: Int
    /// Of one core, or of the cluster that shares it.
    package let level2Bytes: Int
    /// CPUs that share the second level.
    package let level2Sharers: Int

    /// Where the machine does not say: no CPU of the last ten years that kernels are built for has less.
    package static let usual = CacheSizes()

    /// What a first level, and a second one, can be; anything else is a mistake of whoever wrote it down.
    private static let plausible = (level1: 8 << 10...1 << 20, level2: 64 << 10...256 << 20, sharers: 1...1_024)

    /// - Parameters: nil, or a size that no CPU has, stands for what is usual: 32 KiB, and 256 KiB for one core.
    package init(level1DataBytes: Int? = nil, level2Bytes: Int? = nil, level2Sharers: Int? = nil) {
        func sound(_ value: Int?, _ range: ClosedRange<Int>) -> Int? { value.flatMap { range.contains($0) ? $0 : nil } }
        self.level1DataBytes = sound(level1DataBytes, Self.plausible.level1) ?? 32 << 10
        let second = sound(level2Bytes, Self.plausible.level2)
        self.level2Bytes = second ?? 256 << 10
        // Without its size, who shares it says nothing.
        self.level2Sharers = second == nil ? 1 : sound(level2Sharers, Self.plausible.sharers) ?? 1
    }

    /// What each of some threads has for itself, when as many as can share a second level do.
    package func share(threads: Int) -> CacheSizes {
        precondition(threads >= 1)
        let sharers = min(threads, level2Sharers)
        return CacheSizes(
            level1DataBytes: level1DataBytes, level2Bytes: max(level2Bytes / sharers, Self.plausible.level2.lowerBound))
    }

    /// Packed weights that tiles go through again and again without leaving the first level, beside their input.
    var panelBytes: Int { level1DataBytes / 2 }
}
