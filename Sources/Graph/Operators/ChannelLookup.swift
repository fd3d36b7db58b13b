/// `output[..., c] = tables[c][input[..., c] + 128]`: a function of one int8 number that differs from channel to channel, as
/// a rectifier with learned slopes does.
///
/// - Shapes: `[..., channels]`, output as input.
/// - Quantization: whatever the tables were made for; see ``Contract/table(_:input:output:)``.
package struct ChannelLookup: Operator {
    package static let code: UInt32 = 22
    package static let name = "channel_lookup"

    package let wiring: Wiring
    package let channels: Int
    /// `[channels, 256]`, each for -128 first.
    package let tables: Constant<Int8>

    package var constantBytes: Int { tables.bytes.count }
    package var reuse: Reuse { .inPlace([0]) }

    package init(from decoder: inout OperatorDecoder) throws(PlanError) {
        try decoder.expect(inputs: 1, of: Self.name)
        let (input, output) = (try decoder.input(0, of: Self.name), try decoder.output(of: Self.name))
        wiring = decoder.wiring
        channels = input.shape.last ?? 1
        try decoder.expect(
            input.shape == output.shape, "shape of \(Self.name)", expected: "\(input.shape)", found: "\(output.shape)")
        tables = try decoder.constant("tables of \(Self.name)", count: channels * 256, of: Int8.self)
    }

    package func reference(_ inputs: [TensorValue]) -> [TensorValue] {
        let x = inputs[0].int8s
        return [.int8(x.indices.map { tables[$0 % channels * 256 + Int(x[$0]) + 128] })]
    }
}

extension PlanBuilder {
    /// Adds one table a channel.
    /// - Parameter tables: 256 entries each, for -128 first; those for the tail are not used.
    package mutating func channelLookup(
        _ input: TensorID, tables: [FunctionTable], output: Quantization, name: String? = nil
    ) throws(PlanError) -> TensorID {
        let shape = try shape(of: input)
        try expect(tables.count, shape.last ?? 1, "tables of \(ChannelLookup.name)")
        for table in tables { try expect(table.entries.count, 256, "table") }
        let result = tensor(name: name, shape: shape, quantization: output)
        append(ChannelLookup.self, [input], [result]) { $0.constant(tables.flatMap(\.entries)) }
        return result
    }
}
