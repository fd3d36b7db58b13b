import Graph
import Testing

@Suite("plan file: what was written is read, anything else is refused")
struct PlanTests {
    @Test("what was written is read back")
    func roundTrip() throws {
        let bytes = try Sample.plan()
        try bytes.withUnsafeBytes { file in
            let plan = try Plan(bytes: file)
            #expect(plan.contract.name == "tflite")
            let (input, output) = (try #require(plan.inputs.first), try #require(plan.outputs.first))
            #expect(input.name == "features" && input.shape == [1, 3] && input.quantization == Sample.features)
            #expect(output.name == "score" && output.shape == [1, 1] && output.quantization == Sample.score)
            #expect(plan.card == Array(#"{"name":"sample"}"#.utf8))
            #expect(plan.receipt?.cases.map(\.input) == [[0, 0, 0], [0x80, 127, 5]])
            let first = try #require(plan.operators.first as? FullyConnected)
            let weights = (0..<6).map { first.weights.weight($0 / 3, segment: 0, $0 % 3) }
            #expect(weights == [1, -2, 3, 4, 5, -6])
            #expect((0..<2).map { first.weights.bias[$0] } == [10, -20])
            #expect(first.clamp == -10...127)
        }
    }

    @Test("the same calls give the same bytes, and weights begin on a page")
    func layout() throws {
        let bytes = try Sample.plan()
        #expect(try Sample.plan() == bytes)
        #expect(bytes.sections.count == 4)
        #expect(bytes.sections[1].lowerBound % 4_096 == 0)
        #expect(bytes.sections.last?.upperBound == bytes.count)
    }

    @Test("constants are used where they lie")
    func inPlace() throws {
        let bytes = try Sample.plan()
        try bytes.withUnsafeBytes { file in
            let first = try #require(try Plan(bytes: file).operators.first as? FullyConnected)
            let base = try #require(file.baseAddress)
            #expect(first.weights.packed.bytes.baseAddress == base + bytes.sections[1].lowerBound)
        }
    }

    @Test("reference arithmetic, worked out by hand")
    func reference() throws {
        let bytes = try Sample.plan()
        try bytes.withUnsafeBytes { file in
            let plan = try Plan(bytes: file)
            // features [0, 0, 0] less zero point 1: [-1, -1, -1].
            // row 0: -1 + 2 - 3 + 10 = 8, times 0.5 * 0.25 / 0.25 = 0.5: 4, less 10: -6.
            // row 1: -4 - 5 + 6 - 20 = -23, times 0.5 * 0.5 / 0.25 = 1: -23, less 10: -33; ReLU: -10.
            // score: 127 * (-6 + 10) - 128 * 0 + 7 = 515, times 0.25 * 0.125 / 2 = 2^-6: 8.05 -> 8, plus 3: 11.
            #expect(try plan.reference([0, 0, 0]) == [11])
            #expect(plan.receipt?.cases[0].output == [11])
            // [-129, 126, 4]: row 0: -129 - 252 + 12 + 10 = -359 -> ReLU: -10. row 1: -516 + 630 - 24 - 20 = 70 -> 60.
            // score: 127 * 0 - 128 * 70 + 7 = -8953, / 64 = -139.9 -> -140, plus 3 -> -128.
            #expect(try plan.reference([0x80, 127, 5]) == [0x80])
            #expect(throws: PlanError.self) { try plan.reference([1, 2]) }
        }
    }

    @Test("a listing tells a person what the plan does")
    func listing() throws {
        let bytes = try Sample.plan()
        let listing = try bytes.withUnsafeBytes { try Plan(bytes: $0).listing }
        #expect(
            listing == """
                plan version 2, 4,468 bytes
                contract tflite: TensorFlow Lite's built-in kernels: fixed-point scales, rounded twice
                input  features: int8 1x3, scale 0.5, zero 1

                step  operator                      shapes      MAC   share  weights  scale  zero  output
                   1  fully_connected in -10...127  1x3 -> 1x2    6  75.0 %       80  0.25    -10  hidden
                   2  fully_connected               1x2 -> 1x1    2  25.0 %       72  2.0       3  score

                output score: int8 1x1, scale 2.0, zero 3
                total  2 operators, 8 MAC, 324 bytes of constants, card 17 bytes, receipt 2 cases
                float  none: integers from end to end

                """)
    }

    @Test("any byte changed in any way is refused")
    func everyFlip() throws {
        var bytes = try Sample.plan()
        var accepted: [Int] = []
        for index in bytes.indices {
            // A single bit, the sign, all bits; the padding, which is most of the file, with one of them.
            let masks: [UInt8] = index % 5 == 0 || bytes[index] != 0 ? [0x01, 0x80, 0xFF] : [1 << UInt8(index % 8)]
            for mask in masks {
                bytes[index] ^= mask
                if Sample.refusal(bytes) == nil { accepted.append(index) }
                bytes[index] ^= mask
            }
        }
        #expect(accepted == [])
        #expect(Sample.refusal(bytes) == nil)
    }

    @Test("a plan cut anywhere is refused")
    func everyCut() throws {
        let bytes = try Sample.plan()
        var accepted: [Int] = []
        for length in 0..<bytes.count where Sample.refusal(Array(bytes[..<length])) == nil { accepted.append(length) }
        #expect(accepted == [])
        #expect(Sample.refusal(Array(bytes[..<(bytes.count - 1)]))?.code == "plan.cut_short")
        #expect(Sample.refusal(bytes + [0])?.code == "plan.malformed")
    }

    @Test("an error says what was expected, what came and where")
    func errors() throws {
        var bytes = try Sample.plan()
        bytes[8] = 9
        #expect(
            Sample.refusal(bytes)?.description
                == "plan.unsupported_version: version at byte 8: expected 2, found 9")
        bytes[0] = 0x7F
        #expect(Sample.refusal(bytes)?.code == "plan.not_a_plan")
        #expect(Sample.refusal([]) == .cutShort(.init("magic", expected: "8 bytes", found: "0 bytes", offset: 0)))
        bytes = try Sample.plan()
        bytes[bytes.sections[1].lowerBound] ^= 1
        let error = try #require(Sample.refusal(bytes))
        #expect(error.code == "plan.checksum")
        #expect(error.fault.offset == bytes.sections[1].lowerBound)
    }
}
