internal import CKernels

/// What no convolution on an instruction set can pass on this CPU: its int8 multiply-adds alone, operands in registers.
package struct MultiplyAddLimit: Sendable {
    /// `avx2`, `avx512_vnni`, `neon_dotprod`...
    package let isa: String
    /// Place in the C table, which holds functions that Swift does not take for Sendable.
    private let index: Int

    /// One for each instruction set that this CPU has, worst first; scalar has none.
    package static let supported: [MultiplyAddLimit] = {
        var count = 0
        guard let table = mw_multiply_add_limit_kernels(&count) else { return [] }
        return (0..<count).filter { table[$0].is_supported() }
            .map { MultiplyAddLimit(isa: String(cString: table[$0].isa), index: $0) }
    }()

    /// Does nothing else for a while.
    /// - Parameter rounds: of some hundred multiply-adds each.
    /// - Returns: how many multiply-adds there were.
    package func run(rounds: Int) -> Int {
        var count = 0
        guard let table = mw_multiply_add_limit_kernels(&count) else { return 0 }
        return table[index].run(rounds)
    }
}
