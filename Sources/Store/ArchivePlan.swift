internal import Plant

/// One transaction of the archiver, worked out beside the store's thread: what to write and what it replaces.
struct ArchivePlan: Sendable {
    /// The first number in chunks when it was worked out, and how far the archive had come: whatever is packed, rolled up
    /// or dropped meanwhile changes one of them.
    var first: Int64
    var before: ArchiveState
    /// How far the archive has come with it; see ``ArchiveState``.
    var number: Int64
    var tag: Int32
    var removed: [BlockHead] = []
    /// Without their numbers in `blocks`.
    var added: [(block: BlockHead, data: [UInt8])] = []
    var rollups: [(row: RollupRow, data: [UInt8])] = []

    var samples: Int64 { added.reduce(0) { $0 + $1.block.samples } - removed.reduce(0) { $0 + $1.samples } }
}

/// What the archiver found to do.
enum ArchiveStep: Sendable {
    case plan(ArchivePlan)
    /// To be put aside first: what is packed is sound.
    case damage(Set<DamagedPlace>)
    /// Chunks up to the archive's number hold nothing that is not in blocks.
    case removeChunks
    case nothing
}

/// When and how to pack.
struct ArchiveRule: Sendable {
    /// Samples that may stay unpacked.
    var hotSamples: Int64
    /// Numbers above are still to be read by somebody.
    var lowWater: Int64
    /// Samples that arrived before go by their age now, whoever has not read them: their rollups stay, so they are packed first.
    var expired: WallTime?
    /// Samples that arrived before are packed however few they are; nil while the clock is not to be believed.
    var before: WallTime?
    var span: Int64
    var tagsPerPlan: Int
    var samplesPerBlock: Int
}
