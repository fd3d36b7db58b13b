package import Graph

extension Receipt {
    /// What a session makes of inputs; of one with the scalar kernels, which are the truth, the receipt of its plan.
    ///
    /// The scalar kernels and not the reference arithmetic: of a network of hundreds of millions of multiplications that
    /// takes minutes, and the two are held equal by the kernels' own tests.
    ///
    /// - Parameter inputs: all inputs of the plan, one after the other, a case each.
    package init(of session: Session, inputs: [[UInt8]]) throws(RuntimeError) {
        var cases: [Case] = []
        for input in inputs {
            var output = [UInt8](repeating: 0, count: session.outputBytes)
            // A closure would lose the typed throw.
            try input.withUnsafeBytes { from in
                output.withUnsafeMutableBytes { to in
                    Result { () throws(RuntimeError) in try session.run(bytes: from, output: to) }
                }
            }.get()
            cases.append(Case(input: input, output: output))
        }
        self.init(cases: cases)
    }
}
