/// One kind of computation in a plan: its shape rule, its quantization rule and its reference arithmetic.
package protocol Operator: Sendable {
    /// What the plan file calls it; never used again for another.
    static var code: UInt32 { get }
    /// What a listing calls it: `fully_connected`.
    static var name: String { get }

    /// Reads one operator and checks everything about it.
    /// - Throws: where a shape, a quantization or a constant does not fit the others.
    init(from decoder: inout OperatorDecoder) throws(PlanError)

    var inputs: [TensorID] { get }
    var outputs: [TensorID] { get }
    /// Multiplications with a weight, for one inference.
    var multiplyAdds: Int { get }
    /// One line for people, without the tensors.
    var summary: String { get }

    /// The arithmetic as its formula reads; slow, and what every kernel must equal bit for bit.
    /// - Parameter inputs: one array a tensor of ``inputs``, row-major.
    /// - Returns: one array a tensor of ``outputs``.
    func reference(_ inputs: [[Int8]]) -> [[Int8]]
}

/// Every operator that a plan may hold.
package enum Operators {
    package static let all: [any Operator.Type] = [FullyConnected.self]

    static func type(code: UInt32, at offset: Int) throws(PlanError) -> any Operator.Type {
        for type in all where type.code == code { return type }
        let known = all.map { "\($0.code) (\($0.name))" }.joined(separator: ", ")
        throw .unknownOperator(.init("operator", expected: known, found: "\(code)", offset: offset))
    }
}

/// Hands an operator its fields, each checked against the plan.
package struct OperatorDecoder {
    package var reader: ByteReader
    package let tensors: [Tensor]
    package let contract: any Contract.Type
    /// The constants section, and where it begins in the file.
    // SAFETY: the bytes that Plan.init(bytes:) was given; every range is checked against their count before it is cut out.
    let constants: UnsafeRawBufferPointer
    let constantsOrigin: Int

    package mutating func tensor(_ what: @autoclosure () -> String) throws(PlanError) -> TensorID {
        TensorID(index: try reader.count(what(), in: 0...tensors.count - 1))
    }

    package func shape(of id: TensorID) -> [Int] { tensors[id.index].shape }
    package func quantization(of id: TensorID) -> Quantization { tensors[id.index].quantization }

    /// Exactly `count` numbers of the constants section.
    package mutating func constant<Element>(_ what: @autoclosure () -> String, count: Int, of _: Element.Type)
        throws(PlanError) -> Constant<Element>
    {
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
        let range = Int(offset)..<Int(offset) + wanted
        return Constant(bytes: UnsafeRawBufferPointer(rebasing: constants[range]))
    }
}
