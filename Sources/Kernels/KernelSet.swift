/// The kernels that one session uses: for each operator the best that is allowed and that this CPU can run.
package struct KernelSet: Sendable {
    package let fullyConnected: FullyConnectedKernel

    /// Instruction sets that kernels are built for and this CPU has, worst first.
    package static var supported: [String] { FullyConnectedKernel.all.filter(\.isSupported).map(\.isa) }

    /// The best of this CPU.
    package static let best: KernelSet = {
        let last = FullyConnectedKernel.all.last(where: \.isSupported)
        // The table begins with scalar, which runs everywhere.
        guard let last else { preconditionFailure("no kernel is built in") }
        return KernelSet(fullyConnected: last)
    }()

    /// The kernels of one instruction set, for comparison and for working around a bad one.
    /// - Throws: when it is not built in or this CPU lacks it.
    package init(isa: String) throws(KernelError) {
        guard let kernel = FullyConnectedKernel.all.first(where: { $0.isa == isa }) else {
            throw .unknownISA(isa, known: FullyConnectedKernel.all.map(\.isa))
        }
        guard kernel.isSupported else { throw .notSupported(isa, supported: Self.supported) }
        fullyConnected = kernel
    }

    private init(fullyConnected: FullyConnectedKernel) { self.fullyConnected = fullyConnected }
}
