/// The kernels that one session uses: for each operator the best that is allowed and that this CPU can run.
package struct KernelSet: Sendable {
    /// The instruction set that was asked for; where an operator has no kernel of it, the next lower one serves.
    package let isa: String
    package let convolution: ConvolutionKernel
    package let depthwise: DepthwiseKernel
    package let bytes: ByteKernels
    /// Of the machine, as far as whoever chose the kernels knows them.
    package private(set) var caches = CacheSizes.usual

    /// Instruction sets that kernels are built for and this CPU has, worst first.
    package static var supported: [String] { ConvolutionKernel.all.filter(\.isSupported).map(\.isa) }

    /// The best of this CPU.
    package static let best: KernelSet = {
        // The table begins with scalar, which runs everywhere.
        guard let isa = supported.last else { preconditionFailure("no kernel is built in") }
        return KernelSet(supported: isa)
    }()

    /// The kernels of one instruction set, for comparison and for working around a bad one.
    /// - Throws: when it is not built in or this CPU lacks it.
    package init(isa: String) throws(KernelError) {
        guard let kernel = ConvolutionKernel.all.first(where: { $0.isa == isa }) else {
            throw .unknownISA(isa, known: ConvolutionKernel.all.map(\.isa))
        }
        guard kernel.isSupported else { throw .notSupported(isa, supported: Self.supported) }
        self.init(supported: isa)
    }

    /// The same kernels, with work cut for these caches.
    package func sized(for caches: CacheSizes) -> KernelSet {
        var sized = self
        sized.caches = caches
        return sized
    }

    /// Instruction sets that only some operators gain from, and which one each goes with.
    private static let extensions = [(isa: "avx512_vbmi", base: "avx512_vnni")]

    private init(supported isa: String) {
        self.isa = isa
        let order = ConvolutionKernel.all.map(\.isa)
        // Tables are in ascending order and begin with scalar, so the last one that is not above `isa` is there.
        let named = Array(order.prefix { $0 != isa }) + [isa]
        let allowed = Set(named + Self.extensions.filter { named.contains($0.base) }.map(\.isa))
        convolution = Self.last(of: ConvolutionKernel.all) { allowed.contains($0.isa) && $0.isSupported }
        depthwise = Self.last(of: DepthwiseKernel.all) { allowed.contains($0.isa) && $0.isSupported }
        bytes = ByteKernels(allowed: allowed)
    }

    private static func last<Kernel>(of table: [Kernel], where isAllowed: (Kernel) -> Bool) -> Kernel {
        guard let kernel = table.last(where: isAllowed) ?? table.first else {
            preconditionFailure("a table of kernels without scalar")
        }
        return kernel
    }
}
