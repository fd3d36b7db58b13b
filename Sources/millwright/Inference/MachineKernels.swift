import ArgumentParser
import Kernels
import Profiles

extension KernelSet {
    /// The best of this CPU, cut for its caches, which are asked for once.
    static let ofThisMachine = best.sized(for: machineCaches)

    private static let machineCaches: CacheSizes = {
        let found = CPUCaches()
        return CacheSizes(
            level1DataBytes: found.level1DataBytes, level2Bytes: found.level2Bytes, level2Sharers: found.level2Sharers)
    }()
}

/// Which kernels compute, and for which cache they are cut.
struct KernelOptions: ParsableArguments {
    @Option(help: "Instruction set: \(KernelSet.supported.joined(separator: ", ")); the best unless given.")
    var isa: String?

    @Option(
        help: """
            Second-level cache of a core in KiB, for which products are cut; what the machine says unless given, and 256 \
            where it says nothing. The result is the same.
            """)
    var level2Cache: Int?

    func validate() throws {
        guard level2Cache.map({ (64...262_144).contains($0) }) ?? true else {
            throw ValidationError("--level2-cache: expected 64 to 262144, found \(level2Cache ?? 0)")
        }
    }

    func kernels() throws -> KernelSet { try Self.kernels(isa: isa, level2Cache: level2Cache) }

    static func kernels(isa: String?, level2Cache: Int?) throws -> KernelSet {
        let machine = KernelSet.ofThisMachine
        let set = try isa.map { name in try KernelSet(isa: name).sized(for: machine.caches) } ?? machine
        return level2Cache.map {
            set.sized(
                for: CacheSizes(level1DataBytes: machine.caches.level1DataBytes, level2Bytes: $0 << 10))
        } ?? set
    }
}
