/// Golden inputs and what must come out of them: proof that a box computes a model as its maker did.
///
/// The outputs are stored outright and not as a digest: they are small, a failed proof can name the element that
/// differs, and nothing rests on the strength of a hash.
package struct Receipt: Hashable, Sendable {
    package struct Case: Hashable, Sendable {
        /// All inputs of the plan, one after the other, bytes.
        package var input: [UInt8]
        /// All outputs of the plan, one after the other, bytes.
        package var output: [UInt8]

        package init(input: [UInt8], output: [UInt8]) {
            self.input = input
            self.output = output
        }
    }

    /// 1...4096 cases.
    package var cases: [Case]
    package init(cases: [Case]) { self.cases = cases }
}
