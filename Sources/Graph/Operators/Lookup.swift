/// `output[i] = table[input[i] + 128]`: any function of one int8 number, a change of quantization included.
///
/// - Shapes: output as input.
/// - Quantization: whatever the table was made for; see ``Contract/table(_:input:output:)``.
package struct Lookup: Operator {
    package static let code: UInt32 = 8
    package static let name = "lookup"

    package let wiring: Wiring
    /// 256 entries, for -128 first.
    package let table: Constant<Int8>
    /// The entries for the elements from ``bodyCount`` on, where a contract has others for them.
    package let tail: Constant<Int8>?
    /// Elements to which ``table`` applies.
    package let bodyCount: Int

    package var reuse: Reuse { .inPlace([0]) }
    package var constantBytes: Int { table.bytes.count + (tail?.bytes.count ?? 0) }
    package var summary: String { Self.name + (tail == nil ? "" : ", another from element \(bodyCount)") }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
        table = try decoder.constant("table of \(Self.name)", count: 256, of: Int8.self)
        if try decoder.flag("presence of a table for the tail") {
            bodyCount = try decoder.integer("elements before the tail", in: 0...input.elementCount)
            tail = try decoder.constant("tail's table of \(Self.name)", count: 256, of: Int8.self)
        } else {
            bodyCount = input.elementCount
            tail = nil
        }
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        return [
            .int8(
                x.indices.map { index in
                    let place = Int(x[index]) + 128
                    guard let tail, index >= bodyCount else { return table[place] }
                    return tail[place]
                })
        ]
    }
}

extension PlanBuilder {
    /// Adds a table.
    /// - Parameter table: 256 entries, for -128 first.
    package mutating func lookup(_ input: TensorID, table: [Int8], output: Quantization, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        try lookup(input, table: FunctionTable(table), output: output, name: name)
    }

    /// Adds a table as a contract makes it.
    package mutating func lookup(_ input: TensorID, table: FunctionTable, output: Quantization, name: String? = nil)
        throws(PlanError) -> TensorID
    {
        let shape = try shape(of: input)
        for entries in [table.entries, table.tail ?? table.entries] { try expect(entries.count, 256, "table") }
        let count = shape.reduce(1, *)
        let bodyCount = count / table.block * table.block
        let tail = bodyCount < count ? table.tail : nil
        let result = tensor(name: name, shape: shape, quantization: output)
        append(Lookup.self, [input], [result]) { encoder in
            encoder.constant(table.entries)
            encoder.flag(tail != nil)
            guard let tail else { return }
            encoder.integer(bodyCount)
            encoder.constant(tail)
        }
        return result
    }
}
