/// Why a model was refused, when read, changed or lowered.
package enum ModelError: Error, Hashable, Sendable {
    /// The file is not what its name says, or breaks its format.
    case malformed(Fault)
    /// A size is beyond what is plausible for the file or for an edge box.
    case tooLarge(Fault)
    /// Well-formed, and nothing here computes it.
    case unsupported(Fault)
    /// Operands do not fit each other.
    case mismatch(Fault)

    package struct Fault: Hashable, Sendable {
        package var what: String
        package var expected: String
        package var found: String
        /// Where: "byte 1234", "node conv_3 (CONV_2D)", "tensor 17".
        package var place: String?
        /// What the reader can do about it.
        package var advice: String?

        package init(
            _ what: String, expected: String, found: String, place: String? = nil, advice: String? = nil
        ) {
            self.what = what
            self.expected = expected
            self.found = found
            self.place = place
            self.advice = advice
        }
    }

    package var fault: Fault {
        switch self {
        case .malformed(let fault), .tooLarge(let fault), .unsupported(let fault), .mismatch(let fault): fault
        }
    }

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .malformed: "model.malformed"
        case .tooLarge: "model.too_large"
        case .unsupported: "model.unsupported"
        case .mismatch: "model.mismatch"
        }
    }

    /// The same error, said to be at `place` unless it knows better.
    package func at(_ place: String) -> ModelError {
        var fault = fault
        fault.place = fault.place ?? place
        switch self {
        case .malformed: return .malformed(fault)
        case .tooLarge: return .tooLarge(fault)
        case .unsupported: return .unsupported(fault)
        case .mismatch: return .mismatch(fault)
        }
    }
}

extension ModelError: CustomStringConvertible {
    package var description: String {
        let place = fault.place.map { " at \($0)" } ?? ""
        let advice = fault.advice.map { "; \($0)" } ?? ""
        return "\(code): \(fault.what)\(place): expected \(fault.expected), found \(fault.found)\(advice)"
    }
}
