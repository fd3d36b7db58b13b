import Graph
import Testing

@Suite("hostile plans: checksums true, content absurd")
struct HostilePlanTests {
    /// Builds a plan around one thing that is wrong.
    static func refusal(_ build: (inout PlanBuilder) throws(PlanError) -> Void) -> PlanError? {
        var builder = PlanBuilder(contract: "tflite")
        do {
            try build(&builder)
            _ = try builder.encode()
            return nil
        } catch {
            return error
        }
    }

    static let unit = Quantization(scale: 1, zeroPoint: 0)

    static func dense(
        _ builder: inout PlanBuilder, shape: [Int], inputs: Int, input: Quantization = unit, scale: Float = 1,
        bias: Int32 = 0, weight: Int8 = 1, output: Quantization = unit
    ) throws(PlanError) {
        let x = builder.input(name: "x", shape: shape, quantization: input)
        let y = try builder.fullyConnected(
            x, weights: Array(repeating: weight, count: inputs), outputs: 1, weightScales: [scale], bias: [bias],
            output: output, activation: .none)
        builder.output(y)
    }

    @Test(
        "shapes that overflow, are empty or negative",
        arguments: [
            [1 << 40, 3], [Int(UInt32.max), 3], [1 << 26, 1 << 26, 3], [1 << 13, 1 << 14, 3], [0, 3], [-1, 3],
            [1, 1, 1, 1, 1, 1, 1, 1, 3], [2, 3],
        ])
    func shapes(shape: [Int]) {
        let error = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: shape, inputs: 3)
        }
        #expect(error?.code == "plan.malformed" || error?.code == "plan.too_large", "\(String(describing: error))")
    }

    @Test("an empty shape")
    func noDimension() {
        let error = Self.refusal { (builder) throws(PlanError) in try Self.dense(&builder, shape: [], inputs: 0) }
        #expect(error?.code == "plan.malformed")
    }

    @Test("scales that are no scales", arguments: [0, -1, .nan, .infinity, -.infinity] as [Float])
    func scales(scale: Float) {
        for position in 0..<3 {
            let error = Self.refusal { (builder) throws(PlanError) in
                try Self.dense(
                    &builder, shape: [3], inputs: 3, input: .init(scale: position == 0 ? scale : 1, zeroPoint: 0),
                    scale: position == 1 ? scale : 1, output: .init(scale: position == 2 ? scale : 1, zeroPoint: 0))
            }
            #expect(error?.code == "plan.malformed", "\(scale) at \(position)")
        }
    }

    @Test("a ratio of scales that 32 bits cannot express")
    func ratio() {
        let error = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: [3], inputs: 3, output: .init(scale: 1e-30, zeroPoint: 0))
        }
        #expect(error?.code == "plan.malformed")
    }

    @Test("zero points beyond int8", arguments: [-129, 128, .min, .max] as [Int32])
    func zeroPoints(zeroPoint: Int32) {
        for isInput in [true, false] {
            let bad = Quantization(scale: 1, zeroPoint: zeroPoint)
            let error = Self.refusal { (builder) throws(PlanError) in
                try Self.dense(
                    &builder, shape: [3], inputs: 3, input: isInput ? bad : Self.unit, output: isInput ? Self.unit : bad
                )
            }
            #expect(error?.code == "plan.malformed")
        }
    }

    @Test("sums that could leave 32 bits, and their neighbours that cannot")
    func overflow() {
        // 3 * 1 * (127 - 0) = 381 at most, 3 * 1 * -128 = -384 at least.
        for (bias, fits) in [
            (Int32.max - 381, true), (.max - 380, false), (.min + 384, true), (.min + 383, false), (.max, false),
            (.min, false),
        ] {
            let error = Self.refusal { (builder) throws(PlanError) in
                try Self.dense(&builder, shape: [3], inputs: 3, bias: bias)
            }
            #expect(error?.code == (fits ? nil : "plan.overflow"), "bias \(bias)")
        }
    }

    @Test("counts that do not fit each other are refused when built")
    func counts() {
        for (weights, scales, bias) in [(5, 2, 2), (6, 1, 2), (6, 2, 3)] {
            let error = Self.refusal { (builder) throws(PlanError) in
                let x = builder.input(name: "x", shape: [3], quantization: Self.unit)
                _ = try builder.fullyConnected(
                    x, weights: Array(repeating: 1, count: weights), outputs: 2,
                    weightScales: Array(repeating: 1, count: scales), bias: Array(repeating: 0, count: bias),
                    output: Self.unit, activation: .none)
            }
            #expect(error?.code == "plan.malformed")
        }
    }

    @Test("tensors that nobody has written, nobody reads, or two write")
    func flow() {
        let unread = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: [3], inputs: 3)
            _ = builder.input(name: "idle", shape: [1 << 20], quantization: Self.unit)
        }
        #expect(unread?.fault.expected == "read by an operator or an output")
        let unwritten = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: [3], inputs: 3)
            builder.output(builder.tensor(name: "ghost", shape: [1], quantization: Self.unit))
        }
        #expect(unwritten?.fault.expected == "written before it is read")
        let twice = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: [3], inputs: 3)
            builder.output(TensorID(index: 1))
        }
        #expect(twice?.fault.expected == "each once")
        let foreign = Self.refusal { (builder) throws(PlanError) in
            _ = try builder.fullyConnected(
                TensorID(index: 7), weights: [], outputs: 1, weightScales: [], bias: [], output: Self.unit,
                activation: .none)
        }
        #expect(foreign?.code == "plan.malformed")
        #expect(Self.refusal { (_) throws(PlanError) in }?.fault.what == "number of tensors")
    }

    @Test("receipts that do not fit the plan")
    func receipts() throws {
        for cases in [
            [], [Receipt.Case(input: [1], output: [1])], [.init(input: [1, 2, 3], output: [])],
            [.init(input: [1, 2, 3], output: [1]), .init(input: [1, 2], output: [1])],
        ] {
            var builder = try Sample.builder()
            builder.attach(receipt: Receipt(cases: cases))
            #expect(throws: PlanError.self) { try builder.encode() }
        }
        #expect(throws: PlanError.self) { try Sample.builder().receipt(goldenInputs: [[1, 2]]) }
    }

    @Test("an unknown contract, an unknown operator, too large a card")
    func unknown() throws {
        var other = PlanBuilder(contract: "abacus")
        _ = other.input(name: "x", shape: [1], quantization: Self.unit)
        let error = #expect(throws: PlanError.self) { try other.encode() }
        #expect(error?.code == "plan.unknown_contract")
        let operation = Self.refusal { (builder) throws(PlanError) in
            try Self.dense(&builder, shape: [3], inputs: 3)
            builder.append(code: 77, body: ByteWriter())
        }
        #expect(operation?.code == "plan.unknown_operator")
        var heavy = try Sample.builder()
        heavy.attach(card: Array(repeating: 32, count: (1 << 20) + 1))
        let tooLarge = #expect(throws: PlanError.self) { try heavy.encode() }
        #expect(tooLarge?.code == "plan.too_large")
    }

    @Test("section tables that claim what is not there")
    func sectionTable() throws {
        let good = try Sample.plan()
        for entry in 0..<4 {
            for field in [8, 16] {
                for claim: UInt64 in [0, 1, 4_096, 1 << 32, 1 << 63, .max, .max - 4_095, UInt64(good.count)] {
                    var bytes = good
                    let place = 24 + entry * 24 + field
                    guard bytes.uint64(at: place) != claim else { continue }
                    bytes.put(claim, at: place)
                    bytes.seal()
                    #expect(Sample.refusal(bytes) != nil, "entry \(entry), field \(field), \(claim)")
                }
            }
            for kind: UInt32 in [0, 5, .max, 3 - UInt32(entry)] {
                var bytes = good
                bytes.put(kind, at: 24 + entry * 24)
                bytes.seal()
                #expect(Sample.refusal(bytes) != nil || kind == UInt32(entry + 1))
            }
        }
        for count: UInt32 in [0, 1, 3, 5, .max] {
            var bytes = good
            bytes.put(count, at: 12)
            bytes.seal()
            #expect(Sample.refusal(bytes) != nil, "\(count) sections")
        }
        for size: UInt64 in [0, 1 << 32, .max] {
            var bytes = good
            bytes.put(size, at: 16)
            bytes.seal()
            #expect(Sample.refusal(bytes) != nil, "\(size) bytes")
        }
    }

    @Test("mutated plans with true checksums never crash, and what is accepted runs", arguments: 0..<8)
    func mutation(seed: UInt64) throws {
        let good = try Sample.plan()
        let graph = good.sections[0]
        var random = SplitMix64(seed: seed)
        let telling: [UInt32] = [
            0, 1, 2, 3, 4, 63, 64, 127, 128, 255, 256, 257, 4_096, 65_535, 65_536, 65_537, 1 << 26, (1 << 26) + 1,
            1 << 31, .max, .max - 63, 0x7F80_0000, 0x7FC0_0000, 0x0000_0001, 0x3F80_0000,
        ]
        var accepted = 0
        for _ in 0..<2_500 {
            var bytes = good
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let section = Int.random(in: 0..<8, using: &random)
                let range = section < 5 ? graph : bytes.sections.count > 3 ? bytes.sections[section - 4] : graph
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    bytes[Int.random(in: range, using: &random)] = UInt8.random(in: 0...255, using: &random)
                case 1:
                    // Fields of the graph section lie at any offset: names have any length.
                    guard range.count > 4 else { continue }
                    let place = Int.random(in: range.lowerBound..<range.upperBound - 4, using: &random)
                    bytes.put(telling[Int.random(in: telling.indices, using: &random)], at: place)
                case 2:
                    let from = Int.random(in: graph, using: &random)
                    bytes[from] = bytes[Int.random(in: graph, using: &random)]
                default:
                    let place = Int.random(in: 12..<120, using: &random)
                    if Bool.random(using: &random) { bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random) }
                }
            }
            bytes.seal()
            bytes.withUnsafeBytes { file in
                guard let plan = try? Plan(bytes: file), plan.inputCount < 1_000 else { return }
                accepted += 1
                #expect(!plan.listing.isEmpty)
                let result = try? plan.reference([Int8](repeating: -128, count: plan.inputCount))
                #expect(result?.count == plan.outputCount, "seed \(seed)")
            }
        }
        #expect(accepted > 0, "the mutator reaches nothing behind the checks, seed \(seed)")
    }
}
