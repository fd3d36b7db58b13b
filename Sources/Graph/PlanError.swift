/// Why a plan was refused, when read or when built.
package enum PlanError: Error, Hashable, Sendable {
    /// It does not begin like a plan.
    case notAPlan(Fault)
    case unsupportedVersion(Fault)
    /// It ends before it should.
    case cutShort(Fault)
    /// Bits have changed since it was written.
    case checksum(Fault)
    /// A field has a value that it cannot have.
    case malformed(Fault)
    /// A size is beyond what ``PlanFormat`` allows.
    case tooLarge(Fault)
    case unknownContract(Fault)
    case unknownOperator(Fault)
    /// Weights and bias for which a sum could leave 32 bits.
    case overflow(Fault)

    package struct Fault: Hashable, Sendable {
        package var what: String
        package var expected: String
        package var found: String
        /// Bytes from the start of the file; nil while a plan is being built.
        package var offset: Int?

        package init(_ what: String, expected: String, found: String, offset: Int? = nil) {
            self.what = what
            self.expected = expected
            self.found = found
            self.offset = offset
        }
    }

    package var fault: Fault {
        switch self {
        case .notAPlan(let fault), .unsupportedVersion(let fault), .cutShort(let fault), .checksum(let fault),
            .malformed(let fault), .tooLarge(let fault), .unknownContract(let fault), .unknownOperator(let fault),
            .overflow(let fault):
            fault
        }
    }

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .notAPlan: "plan.not_a_plan"
        case .unsupportedVersion: "plan.unsupported_version"
        case .cutShort: "plan.cut_short"
        case .checksum: "plan.checksum"
        case .malformed: "plan.malformed"
        case .tooLarge: "plan.too_large"
        case .unknownContract: "plan.unknown_contract"
        case .unknownOperator: "plan.unknown_operator"
        case .overflow: "plan.overflow"
        }
    }
}

extension PlanError: CustomStringConvertible {
    package var description: String {
        let place = fault.offset.map { " at byte \($0)" } ?? ""
        return "\(code): \(fault.what)\(place): expected \(fault.expected), found \(fault.found)"
    }
}
