extension Plan {
    /// Runs the plan by the operators' reference arithmetic: slow, and what Runtime must equal bit for bit.
    ///
    /// - Parameter input: the bytes of all inputs, one after the other, as the world outside sees them.
    /// - Returns: the bytes of all outputs, one after the other.
    /// - Throws: when the input has the wrong size.
    package func reference(_ input: [UInt8]) throws(PlanError) -> [UInt8] {
        var values = try values(of: input)
        for node in operators {
            // The plan was checked when it was read: each operand is written before it is read.
            let results = node.reference(node.inputs.compactMap { values[$0.index] })
            for (id, result) in zip(node.outputs, results) { values[id.index] = result }
        }
        return output(of: values)
    }

    /// What is known of each tensor before anything is computed: constants, and the inputs as plans store them.
    ///
    /// - Throws: when the input has the wrong size.
    package func values(of input: [UInt8]) throws(PlanError) -> [TensorValue?] {
        guard input.count == inputBytes else {
            throw .malformed(.init("input", expected: "\(inputBytes) bytes", found: "\(input.count)"))
        }
        var values = tensors.map { tensor in tensor.constant.map { TensorValue(tensor.type, bytes: $0.bytes) } }
        input.withUnsafeBytes { bytes in
            var start = 0
            for id in inputIDs {
                let tensor = tensors[id.index]
                let flip: UInt8 = tensor.isPresentedUnsigned ? 0x80 : 0
                values[id.index] = bytes[start..<start + tensor.byteCount].map { $0 ^ flip }
                    .withUnsafeBytes { TensorValue(tensor.type, bytes: $0) }
                start += tensor.byteCount
            }
        }
        return values
    }

    /// The bytes of all outputs as the world outside sees them.
    /// - Parameter values: one a tensor; all of them computed.
    package func output(of values: [TensorValue?]) -> [UInt8] {
        outputIDs.flatMap { id in
            let flip: UInt8 = tensors[id.index].isPresentedUnsigned ? 0x80 : 0
            return (values[id.index]?.bytes ?? []).map { $0 ^ flip }
        }
    }
}
