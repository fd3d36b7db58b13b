/// The CPU of a chip: what runs the operators that fall back, or everything.
package struct CPUFacts: Hashable, Sendable {
    /// Architecture and its extensions: `aarch64`, `asimddp`.
    package var instructionSet: Fact<[String]>?
    package var cores: Fact<Int>?
    /// Of one core.
    package var level1DataBytes: Fact<Int>?
    /// Of one core, or of the cluster that the source names.
    package var level2Bytes: Fact<Int>?
    package var level3Bytes: Fact<Int>?

    package init(
        instructionSet: Fact<[String]>? = nil, cores: Fact<Int>? = nil, level1DataBytes: Fact<Int>? = nil,
        level2Bytes: Fact<Int>? = nil, level3Bytes: Fact<Int>? = nil
    ) {
        self.instructionSet = instructionSet
        self.cores = cores
        self.level1DataBytes = level1DataBytes
        self.level2Bytes = level2Bytes
        self.level3Bytes = level3Bytes
    }
}
