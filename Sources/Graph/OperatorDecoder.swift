/// Hands an operator its fields, each checked against the plan.
package struct OperatorDecoder {
    package var reader: ByteReader
    package let wiring: Wiring
    package let tensors: [Tensor]
    package let contract: any Contract.Type
    /// The constants section.
    // SAFETY: the bytes that Plan.init(bytes:) was given; every range is checked against their count before it is cut out.
    let constants: UnsafeRawBufferPointer

    package func tensor(_ id: TensorID) -> Tensor { tensors[id.index] }

    /// Operand `index`, which must be there and of the given type.
    package func input(_ index: Int, of name: String, type: TensorType = .int8) throws(PlanError) -> Tensor {
        try operand(wiring.inputs, index, "input", name, type)
    }

    /// Result `index`, which must be there and of the given type.
    package func output(_ index: Int = 0, of name: String, type: TensorType = .int8) throws(PlanError) -> Tensor {
        try operand(wiring.outputs, index, "output", name, type)
    }

    private func operand(_ ids: [TensorID], _ index: Int, _ kind: String, _ name: String, _ type: TensorType)
        throws(PlanError) -> Tensor
    {
        guard ids.indices.contains(index) else {
            throw malformed("\(kind)s of \(name)", expected: "at least \(index + 1)", found: "\(ids.count)")
        }
        let tensor = tensors[ids[index].index]
        guard tensor.type == type else {
            throw malformed("type of \(kind) \(index) of \(name)", expected: "\(type)", found: "\(tensor.type)")
        }
        return tensor
    }

    /// Refuses any other number of operands and results.
    package func expect(inputs: Int, outputs: Int = 1, of name: String) throws(PlanError) {
        guard wiring.inputs.count == inputs, wiring.outputs.count == outputs else {
            throw malformed(
                "operands of \(name)", expected: "\(inputs) in, \(outputs) out",
                found: "\(wiring.inputs.count) in, \(wiring.outputs.count) out")
        }
    }

    /// Refuses shapes that do not fit; `expected` says the rule.
    package func expect(
        _ fits: Bool, _ what: @autoclosure () -> String, expected: @autoclosure () -> String,
        found: @autoclosure () -> String
    ) throws(PlanError) {
        guard fits else { throw malformed(what(), expected: expected(), found: found()) }
    }

    package func malformed(_ what: String, expected: String, found: String) -> PlanError {
        .malformed(.init(what, expected: expected, found: found, offset: reader.offset))
    }

    // MARK: fields

    /// The int8 values that may come out: what a fused activation leaves.
    package mutating func clamp() throws(PlanError) -> ClosedRange<Int32> {
        let low = Int32(bitPattern: try reader.uint32("lowest output"))
        let high = Int32(bitPattern: try reader.uint32("highest output"))
        guard low >= -128, low <= high, high <= 127 else {
            throw malformed("range of the output", expected: "within -128...127", found: "\(low), \(high)")
        }
        return low...high
    }

    package mutating func flag(_ what: @autoclosure () -> String) throws(PlanError) -> Bool {
        try reader.count(what(), in: 0...1) == 1
    }

    /// A signed number that must lie in `range`.
    package mutating func integer(_ what: @autoclosure () -> String, in range: ClosedRange<Int>) throws(PlanError)
        -> Int
    {
        let value = Int(Int32(bitPattern: try reader.uint32(what())))
        guard range.contains(value) else { throw malformed(what(), expected: "\(range)", found: "\(value)") }
        return value
    }

    /// One signed number a dimension.
    package mutating func integers(_ what: @autoclosure () -> String, count: Int, in range: ClosedRange<Int>)
        throws(PlanError) -> [Int]
    {
        var list: [Int] = []
        for index in 0..<count { list.append(try integer("\(what()) \(index)", in: range)) }
        return list
    }

    package mutating func choice<Choice: RawRepresentable<UInt32> & CaseIterable>(
        _ what: @autoclosure () -> String, _: Choice.Type
    ) throws(PlanError) -> Choice {
        let raw = try reader.uint32(what())
        guard let choice = Choice(rawValue: raw) else {
            throw malformed(what(), expected: "one of \(Array(Choice.allCases))", found: "\(raw)")
        }
        return choice
    }

    /// Exactly `count` numbers of the constants section.
    package mutating func constant<Element>(_ what: @autoclosure () -> String, count: Int, of _: Element.Type)
        throws(PlanError) -> Constant<Element>
    {
        try Constant(&reader, constants, what(), count: count)
    }
}

extension Constant {
    /// Reads where a constant lies, and checks that it does.
    init(
        _ reader: inout ByteReader, _ constants: UnsafeRawBufferPointer, _ what: @autoclosure () -> String, count: Int
    ) throws(PlanError) {
        let start = reader.offset
        let offset = try reader.uint64("offset of \(what())")
        let length = try reader.uint64("length of \(what())")
        let (wanted, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, length == UInt64(wanted) else {
            throw .malformed(
                .init(
                    "length of \(what())", expected: "\(count) numbers of \(MemoryLayout<Element>.stride) bytes",
                    found: "\(length) bytes", offset: start + 8))
        }
        // Both are compared before they are added: a hostile offset may be near 2^64.
        let size = UInt64(constants.count)
        guard offset % UInt64(PlanFormat.constantAlignment) == 0, length <= size, offset <= size - length else {
            throw .malformed(
                .init(
                    "offset of \(what())",
                    expected: "a multiple of \(PlanFormat.constantAlignment) with \(length) bytes behind it in \(size)",
                    found: "\(offset)", offset: start))
        }
        self.init(bytes: UnsafeRawBufferPointer(rebasing: constants[Int(offset)..<Int(offset) + wanted]))
    }
}
