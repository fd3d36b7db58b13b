/// What is known of one chip, each fact with its source.
package struct ChipProfile: Hashable, Sendable {
    /// The word for commands: `rk3588`; the name of its file.
    package var id: String
    /// Other words for the same profile: chips that share every fact.
    package var aliases: [String]
    package var vendor: String
    package var name: String
    package var reach: Reach
    /// Numeric contract by its name in `Graph.Contracts`.
    package var contract: Fact<String>?
    /// Products in a sum up to which the contract stands: beyond it the vendor's tool cuts a layer and rounds in between.
    package var contractDepth: Fact<Int>?
    /// What multiplies; nil where nobody says how it is built.
    package var engine: Engine?
    package var cores: Fact<Int>?
    package var clockHertz: Fact<Double>?
    /// Of all cores together; a multiplication and an addition are two operations.
    package var peakInt8OperationsPerSecond: Fact<Double>?
    /// Memory beside the multipliers, of one core.
    package var onChipBytes: Fact<Int>?
    /// Of all cores together.
    package var dramBytesPerSecond: Fact<Double>?
    /// What the vendor's compiler reckons with, a cycle of the NPU.
    package var dramBytesPerCycle: Fact<Double>?
    /// Typical, in the situation that the source names.
    package var watts: Fact<Double>?
    package var layout: Layout?
    package var quantization: QuantizationScheme?
    package var operators: OperatorSupport
    package var detection: Detection
    package var cpu: CPUFacts?
    /// What has no place of its own in this type.
    package var notes: [Fact<String>]
    /// Every fact in the order of the file, the unknown ones too.
    package var lines: [FactLine]
    /// The file it was read from, and the line where its name stands.
    package var file: String
    package var line: Int
}

/// How far a profile goes. It never says more than its facts.
package enum Reach: String, CaseIterable, Hashable, Sendable {
    /// What the vendor's simulator answers was reproduced to the bit.
    case bitExact = "bit-exact"
    /// The arithmetic is known; nothing of this very chip was compared.
    case contractKnown = "contract-known"
    /// Figures only: its arithmetic is not known.
    case factsOnly = "facts-only"
}

/// One fact as it stands in the file, for people.
package struct FactLine: Hashable, Sendable {
    /// Where it stands: `memory.dram_gb_per_s`.
    package var key: String
    /// The value in the words of the file; nil when it is unknown.
    package var value: String?
    /// nil when the value is unknown.
    package var status: FactStatus?
    /// Where the value comes from, or why it is unknown.
    package var source: String
    package var line: Int
}
