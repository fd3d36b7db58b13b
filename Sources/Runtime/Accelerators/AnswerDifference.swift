package import Graph

/// How an accelerator's answer to a golden input differs from the plan's.
package struct AnswerDifference: Hashable, Sendable, CustomStringConvertible {
    package var elements = 0
    /// In steps of the output's scale; more than any int8 output can have where other numbers differ.
    package var largestSteps = 0
    package var first: First?

    /// The first that differs, counted over all outputs, and the two numbers.
    package struct First: Hashable, Sendable {
        package var element: Int
        package var expected: String
        package var found: String
    }

    package init() {}

    /// - Parameter expected: bytes of all outputs, one after the other, and so is `found`; as long as the outputs.
    package init(_ outputs: [Tensor], expected: [UInt8], found: UnsafeRawBufferPointer) {
        expected.withUnsafeBytes { expected in
            var offset = 0
            var number = 0
            for tensor in outputs {
                for index in 0..<tensor.elementCount {
                    let at = offset + index * tensor.type.size
                    compare(tensor, expected, found, at: at, number: number + index)
                }
                offset += tensor.byteCount
                number += tensor.elementCount
            }
        }
    }

    // SAFETY: `at` lies within outputs of the plan's size, which both buffers have.
    private mutating func compare(
        _ tensor: Tensor, _ expected: UnsafeRawBufferPointer, _ found: UnsafeRawBufferPointer, at: Int, number: Int
    ) {
        func note(_ steps: Int, _ left: some CustomStringConvertible, _ right: some CustomStringConvertible) {
            elements += 1
            largestSteps = max(largestSteps, steps)
            if first == nil { first = First(element: number, expected: "\(left)", found: "\(right)") }
        }
        switch tensor.type {
        case .int8 where tensor.isPresentedUnsigned:
            if expected[at] != found[at] { note(abs(Int(expected[at]) - Int(found[at])), expected[at], found[at]) }
        case .int8:
            let (left, right) = (Int8(bitPattern: expected[at]), Int8(bitPattern: found[at]))
            if left != right { note(abs(Int(left) - Int(right)), left, right) }
        case .int32:
            let (left, right) = (
                expected.loadUnaligned(fromByteOffset: at, as: Int32.self),
                found.loadUnaligned(fromByteOffset: at, as: Int32.self)
            )
            if left != right { note(Self.beyond, left, right) }
        case .float32:
            let (left, right) = (
                expected.loadUnaligned(fromByteOffset: at, as: Float.self),
                found.loadUnaligned(fromByteOffset: at, as: Float.self)
            )
            if left != right { note(Self.beyond, left, right) }
        }
    }

    private static let beyond = 256

    package var description: String {
        guard let first else { return "no element differs" }
        return
            "\(elements) \(elements == 1 ? "element differs" : "elements differ"), by \(largestSteps) steps at most; "
            + "first is element \(first.element): expected \(first.expected), found \(first.found)"
    }
}

/// How far an accelerator's answer to a golden input may be from the plan's.
package struct AnswerAllowance: Hashable, Sendable, CustomStringConvertible {
    /// Of all outputs of one case.
    package var elements: Int
    /// In steps of the output's scale.
    package var steps: Int

    /// Equal to the bit.
    package static let none = AnswerAllowance(elements: 0, steps: 0)

    package init(elements: Int, steps: Int) {
        self.elements = elements
        self.steps = steps
    }

    /// As far as the vendor's own simulator was, when the model was made.
    package init(_ agreement: VendorModel.Agreement) {
        self.init(elements: agreement.mostDifferingElements, steps: agreement.largestDifference)
    }

    /// The most that is allowed because a vendor's simulator differed as much, without anybody having looked at it: 1 %
    /// of the outputs of a case, and always one, by one step. That is three times what a chip is known to round
    /// otherwise than its vendor's simulator (0.3 % by one step, bench/profiles); beyond it another model was compiled.
    package static func ceiling(_ outputs: [Tensor]) -> AnswerAllowance {
        let elements = outputs.reduce(0) { $0 + $1.elementCount }
        return AnswerAllowance(elements: max(1, elements / 100), steps: 1)
    }

    package func covers(_ other: AnswerAllowance) -> Bool { other.elements <= elements && other.steps <= steps }

    package func allows(_ difference: AnswerDifference) -> Bool {
        difference.elements <= elements && difference.largestSteps <= steps
    }

    package var description: String { elements == 0 ? "none may" : "\(elements) may, by \(steps) at most" }
}
