extension Plan {
    /// Runs the plan by the operators' reference arithmetic: slow, and what Runtime must equal bit for bit.
    ///
    /// - Parameter input: all inputs, one after the other.
    /// - Returns: all outputs, one after the other.
    /// - Throws: when the input has the wrong size.
    package func reference(_ input: [Int8]) throws(PlanError) -> [Int8] {
        guard input.count == inputCount else {
            throw .malformed(.init("input", expected: "\(inputCount) elements", found: "\(input.count)"))
        }
        var values = [[Int8]](repeating: [], count: tensors.count)
        var start = 0
        for id in inputIDs {
            let end = start + tensors[id.index].elementCount
            values[id.index] = Array(input[start..<end])
            start = end
        }
        for node in operators {
            let results = node.reference(node.inputs.map { values[$0.index] })
            for (id, result) in zip(node.outputs, results) { values[id.index] = result }
        }
        return outputIDs.flatMap { values[$0.index] }
    }
}
