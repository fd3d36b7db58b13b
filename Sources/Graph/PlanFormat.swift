/// The layout of a `.mwplan` file, version 2. Everything is little-endian.
///
/// ```
///   0  magic, 8 bytes
///   8  u32 version          12  u32 sections
///  16  u64 bytes of the whole file
///  24  one entry a section: u32 kind, u32 CRC-32C of its bytes, u64 offset, u64 length
///      u32 CRC-32C of everything before
///      the sections in order of kind, each at the next multiple of its alignment; what is skipped is zero
/// ```
/// There is one way only to lay a given content out, so every byte of a file is either checked by a checksum or
/// known to be zero.
package enum PlanFormat {
    /// As in PNG: a byte that is not text, then line ends that a transfer in text mode would change.
    package static let magic: [UInt8] = [0x8D, 0x4D, 0x57, 0x50, 0x0D, 0x0A, 0x1A, 0x0A]
    package static let version: UInt32 = 2
    package static let entriesOffset = 24
    package static let entryBytes = 24

    package enum Section: UInt32, CaseIterable, Sendable {
        /// Contract, tensors, operators, inputs, outputs.
        case graph = 1
        /// Weights, biases, weight scales.
        case constants = 2
        /// Opaque here: what the model is, JSON.
        case card = 3
        /// Golden inputs and outputs.
        case receipt = 4
        /// What vendors' compilers made of the same network.
        case vendorModels = 5
        /// Opaque here: what was fitted on site to what the network computes; alone where no network is needed.
        case fitted = 6

        /// Weights begin on a page, so that they are used where `mmap` puts them.
        package var alignment: Int {
            switch self {
            case .constants: 4_096
            case .vendorModels: VendorModel.alignment
            case .fitted: constantAlignment
            case .graph, .card, .receipt: 8
            }
        }
        /// Of a plan.
        var isRequired: Bool { self == .graph || self == .constants }
        /// Largest length that is believed: above any model that fits an edge box, below what could exhaust one.
        package var maximumBytes: Int {
            switch self {
            case .graph: 16 << 20
            case .constants, .vendorModels: 1 << 30
            case .card: 1 << 20
            case .receipt: 16 << 20
            case .fitted: 64 << 20
            }
        }
    }

    /// Each constant begins on a cache line of the section.
    package static let constantAlignment = 64
    package static let maximumTensors = 65_536
    package static let maximumOperators = 65_536
    package static let maximumRank = 8
    /// All tensors of a plan together.
    package static let maximumElements = 1 << 26
    /// Operators may share constants, and each checks its own, so a small file could ask for endless checking.
    /// Twice a ResNet-50.
    package static let maximumMultiplyAdds = 1 << 33
    package static let maximumNameBytes = 256
    package static let maximumCases = 4_096

    static func aligned(_ offset: Int, to alignment: Int) -> Int {
        (offset + alignment - 1) / alignment * alignment
    }
}
