/// A numeric contract: how the 32-bit sums of a plan become int8, to the bit and the same on every machine.
package protocol Contract: Sendable {
    /// The word in the plan file: `tflite`.
    static var name: String { get }

    /// The arithmetic for one output channel whose sums have the scale `input * weight` and whose results have `output`.
    /// - Returns: nil when the ratio is beyond what the contract can do.
    static func requantization(input: Float, weight: Float, output: Float) -> Requantization?
}

/// Every contract that a plan may name.
package enum Contracts {
    package static let all: [any Contract.Type] = [TFLite.self]

    static func named(_ name: String, at offset: Int?) throws(PlanError) -> any Contract.Type {
        for contract in all where contract.name == name { return contract }
        let known = all.map { $0.name }.joined(separator: ", ")
        throw .unknownContract(.init("numeric contract", expected: known, found: name, offset: offset))
    }
}

/// The ways to scale a sum that kernels know; a contract chooses one and its constants.
package enum Requantization: Hashable, Sendable {
    case twoStep(FixedPointMultiplier)

    /// - Returns: the int8 result as a 32-bit number, zero point added and clamped to `range`.
    package func callAsFunction(_ sum: Int32, zeroPoint: Int32, range: ClosedRange<Int32>) -> Int32 {
        let scaled: Int32
        switch self {
        case .twoStep(let multiplier): scaled = multiplier.scale(sum)
        }
        let shifted = scaled.addingReportingOverflow(zeroPoint)
        let value = shifted.overflow ? (scaled < 0 ? Int32.min : .max) : shifted.partialValue
        return min(max(value, range.lowerBound), range.upperBound)
    }
}
