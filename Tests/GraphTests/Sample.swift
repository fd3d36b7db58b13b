import Checksum
import Graph

/// Small plans, and the surgery on their bytes that tests do.
enum Sample {
    static let features = Quantization(scale: 0.5, zeroPoint: 1)
    static let score = Quantization(scale: 2, zeroPoint: 3)

    static func builder() throws -> PlanBuilder {
        var builder = PlanBuilder(contract: "tflite")
        let input = builder.input(name: "features", shape: [1, 3], quantization: features)
        let hidden = try builder.fullyConnected(
            input, .init(elements: [1, -2, 3, 4, 5, -6], scales: [0.25, 0.5], bias: [10, -20]),
            output: .init(scale: 0.25, zeroPoint: -10), clamp: -10...127, name: "hidden")
        let output = try builder.fullyConnected(
            hidden, .init(elements: [127, -128], scales: [0.125], bias: [7]), output: score, name: "score")
        builder.output(output)
        return builder
    }

    static func plan() throws -> [UInt8] {
        var builder = try builder()
        builder.attach(card: Array(#"{"name":"sample"}"#.utf8))
        builder.attach(receipt: try builder.receipt(goldenInputs: [[0, 0, 0], [0x80, 127, 5]]))
        return try builder.encode()
    }

    static func refusal(_ bytes: [UInt8]) -> PlanError? {
        let outcome = bytes.withUnsafeBytes { file in Result { () throws(PlanError) in _ = try Plan(bytes: file) } }
        guard case .failure(let error) = outcome else { return nil }
        return error
    }
}

extension [UInt8] {
    func uint32(at offset: Int) -> UInt32 {
        withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }

    func uint64(at offset: Int) -> UInt64 {
        withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }

    mutating func put(_ value: some FixedWidthInteger, at offset: Int) {
        Swift.withUnsafeBytes(of: value.littleEndian) { replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    /// Where the sections lie, as far as the table says so and the file has them.
    var sections: [Range<Int>] {
        guard count >= 24 else { return [] }
        return (0..<Int(Swift.min(uint32(at: 12), 8))).compactMap { index in
            let entry = 24 + index * 24
            guard entry + 24 <= count else { return nil }
            let (offset, length) = (uint64(at: entry + 8), uint64(at: entry + 16))
            guard offset <= UInt64(count), length <= UInt64(count) - offset else { return nil }
            return Int(offset)..<Int(offset) + Int(length)
        }
    }

    /// Makes every checksum true again, so that what lies behind the checksums is reached.
    mutating func seal() {
        for (index, range) in sections.enumerated() {
            put(CRC32C.checksum(Array(self[range])), at: 24 + index * 24 + 4)
        }
        let end = 24 + Int(Swift.min(uint32(at: 12), 8)) * 24
        if end + 4 <= count { put(CRC32C.checksum(Array(self[..<end])), at: end) }
    }
}
