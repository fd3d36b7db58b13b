/// Why a kernel that was asked for by name is not to be had.
package enum KernelError: Error, Hashable, Sendable {
    /// No kernel of that name is built for this architecture.
    case unknownISA(String, known: [String])
    /// It is built, but this CPU lacks the instructions.
    case notSupported(String, supported: [String])

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .unknownISA: "kernels.unknown_isa"
        case .notSupported: "kernels.not_supported"
        }
    }
}

extension KernelError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownISA(let name, let known):
            "\(code): expected one of \(known.joined(separator: ", ")), found \(name)"
        case .notSupported(let name, let supported):
            "\(code): this CPU has \(supported.joined(separator: ", ")), not \(name)"
        }
    }
}
