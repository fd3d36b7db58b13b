/// `output[i] = table[input[i] + 128]`: any function of one int8 number, a change of quantization included.
///
/// - Shapes: output as input.
/// - Quantization: whatever the table was made for; see ``Contract``.
package struct Lookup: Operator {
    package static let code: UInt32 = 8
    package static let name = "lookup"

    package let wiring: Wiring
    /// 256 entries, for -128 first.
    package let table: Constant<Int8>

    package var reuse: Reuse { .inPlace([0]) }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
        table = try decoder.constant("table of \(Self.name)", count: 256, of: Int8.self)
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        [.int8(inputs[0].int8s.map { table[Int($0) + 128] })]
    }
}

extension PlanBuilder {
    /// Adds a table.
    /// - Parameter table: 256 entries, for -128 first.
    package mutating func lookup(_ input: TensorID, table: [Int8], output: Quantization, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        try expect(table.count, 256, "table")
        let result = tensor(name: name, shape: try shape(of: input), quantization: output)
        append(Lookup.self, [input], [result]) { $0.constant(table) }
        return result
    }
}
