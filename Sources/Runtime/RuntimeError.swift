/// Why a session could not be made, or an inference not be run.
package enum RuntimeError: Error, Hashable, Sendable {
    /// No kernel for an operator of the plan.
    case noKernel(operator: String)
    /// A buffer of another size than the plan's inputs or outputs together.
    case wrongSize(what: String, expected: Int, found: Int)
    /// An input value that is NaN or infinite; a bad value must not enter a model.
    case notFinite(element: Int)
    /// The plan carries no receipt, so nothing can be proven.
    case noReceipt
    /// This box computes something else than the plan's maker did.
    case receiptDiffers(case: Int, byte: Int, expected: UInt8, found: UInt8, isa: String)
    /// Beyond 1...64, or more than the system gives.
    case threads(Int)
    /// The system does not give as much.
    case noMemory(bytes: Int)

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .noKernel: "runtime.no_kernel"
        case .wrongSize: "runtime.wrong_size"
        case .notFinite: "runtime.not_finite"
        case .noReceipt: "runtime.no_receipt"
        case .receiptDiffers: "runtime.receipt_differs"
        case .threads: "runtime.threads"
        case .noMemory: "runtime.no_memory"
        }
    }
}

extension RuntimeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noKernel(let name): "\(code): no kernel for operator \(name)"
        case .wrongSize(let what, let expected, let found): "\(code): \(what): expected \(expected), found \(found)"
        case .notFinite(let element): "\(code): input element \(element): expected a finite number"
        case .noReceipt: "\(code): expected a receipt in the plan, found none"
        case .threads(let count): "\(code): expected 1...64 threads that the system can start, found \(count)"
        case .noMemory(let bytes): "\(code): expected \(bytes) bytes for tensors, the system gave none"
        case .receiptDiffers(let index, let byte, let expected, let found, let isa):
            "\(code): case \(index), output byte \(byte): expected \(expected), found \(found) (kernels \(isa))"
        }
    }
}
