import Compiler
import Testing

/// A file that must be refused, and how.
struct TFLiteRefusal: Sendable, CustomTestStringConvertible {
    var name: String
    var code: String
    /// What the message must say.
    var phrases: [String]
    var draft: TFLiteDraft

    var testDescription: String { name }

    /// - Parameter change: what is done to a sound model: input 0, weights 1, bias 2, output 3 of one `CONV_2D`.
    init(_ name: String, _ code: String, _ phrases: String..., change: (inout TFLiteDraft) -> Void) {
        self.name = name
        self.code = code
        self.phrases = phrases
        draft = Self.sound
        change(&draft)
    }

    static let sound: TFLiteDraft = {
        var draft = TFLiteDraft()
        let x = draft.input(.int8, [1, 3, 3, 2], scale: [0.1], zeroPoint: [-3])
        let w = draft.int8s(
            "weights", [2, 2, 2, 2], (0..<16).map { Int8($0 * 7) }, scale: [0.01, 0.02], zeroPoint: [0, 0])
        let b = draft.int32s("bias", [2], [1, 2], scale: [0.001, 0.002])
        let y = draft.output(.int8, [1, 2, 2, 2], scale: [0.5], zeroPoint: [1])
        draft.add("CONV_2D", [x, w, b], [y], options: (1, [0: .int8(1), 1: .int32(1), 2: .int32(1)]))
        return draft
    }()

    /// The quantization of a tensor, replaced.
    private static func quantize(
        _ draft: inout TFLiteDraft, _ tensor: Int, _ scales: [Float], _ zeroPoints: [Int64], axis: Int32 = 0
    ) {
        draft.tensors[tensor][4] = .table([2: .floats(scales), 3: .vector(zeroPoints), 6: .int32(axis)])
    }

    static let files: [TFLiteRefusal] = [
        Self("version 4", "model.unsupported", "version", "found 4") { $0.version = 4 },
        Self("two subgraphs", "model.unsupported", "subgraphs", "unroll=True") { $0.extraSubgraphs = [[:]] },
        Self("no operators", "model.malformed", "operators") { $0.operators = [] },
        Self("no outputs", "model.malformed", "outputs of the model") { $0.outputs = [] },
        Self("an output that is not there", "model.malformed", "tensor 9") { $0.outputs = [9] },
        Self("an input below zero", "model.malformed", "tensor -1") { $0.inputs = [-1] },
        Self("an input twice", "model.malformed", "twice") { $0.inputs = [0, 0] },
        Self("a constant as input", "model.malformed", "a constant", "weights") { $0.inputs = [1] },
        Self("an output that nothing writes", "model.malformed", "an earlier node writes") { draft in
            draft.outputs = [draft.tensor("lonely", .float32, [2])]
        },
        Self("elements behind the tables", "model.unsupported", "2 GiB") {
            $0.buffers[1] = [1: .uint64(3_000_000_000), 2: .uint64(16)]
        },
        Self("elements in another file", "model.unsupported", "external_buffer") { $0.tensors[1][10] = .uint32(1) },
        Self("a buffer that is not there", "model.malformed", "buffer", "found 77") { $0.tensors[1][2] = .uint32(77) },
        Self("an operator code that is not there", "model.malformed", "opcode_index") {
            $0.operators[0][0] = .uint32(0xFFFF_FFFF)
        },
    ]

    static let tensors: [TFLiteRefusal] = [
        Self("shape below zero", "model.malformed", "below zero") { $0.tensors[0][0] = .int32s([1, -3, 3, 2]) },
        Self("shape whose product overflows", "model.too_large", "elements") {
            $0.tensors[0][0] = .int32s([.max, .max, .max, .max])
        },
        Self("shape of nine dimensions", "model.too_large", "8 dimensions") {
            $0.tensors[0][0] = .int32s(Array(repeating: 1, count: 9))
        },
        Self("shape with nothing in it", "model.unsupported", "at least 1 element") {
            $0.tensors[0][0] = .int32s([1, 0, 3, 2])
        },
        Self("a signature of another rank", "model.malformed", "shape_signature") { $0.tensors[0][7] = .int32s([-1]) },
        Self("an open width", "model.unsupported", "dimension 2", "fixed input shape") {
            $0.tensors[0][7] = .int32s([-1, 3, -1, 2])
        },
        Self("a type of the future", "model.unsupported", "type") { $0.tensors[0][1] = .int8(99) },
        Self("a type below zero", "model.unsupported", "type") { $0.tensors[0][1] = .int8(-1) },
        Self("strings", "model.unsupported", "string", "input_0") { $0.tensors[0][1] = .int8(5) },
        Self("half floats as input", "model.unsupported", "float16") { $0.tensors[0][1] = .int8(1) },
        Self("a constant cut short", "model.malformed", "16", "15") {
            $0.buffers[1] = [0: .vector(bytes: Array(repeating: 0, count: 15), count: 15)]
        },
        Self("a constant too long", "model.malformed", "found 17") {
            $0.buffers[1] = [0: .vector(bytes: Array(repeating: 0, count: 17), count: 17)]
        },
        Self("sparse weights", "model.unsupported", "sparsity") { $0.tensors[1][6] = .table([:]) },
        Self("scale zero", "model.malformed", "scale", "found 0.0") { quantize(&$0, 0, [0], [0]) },
        Self("scale below zero", "model.malformed", "scale") { quantize(&$0, 0, [-1], [0]) },
        Self("scale that is no number", "model.malformed", "nan") { quantize(&$0, 1, [.nan, 1], [0, 0]) },
        Self("scale without end", "model.malformed", "inf") { quantize(&$0, 3, [.infinity], [0]) },
        Self("three scales for two slices", "model.malformed", "number of scales") {
            quantize(&$0, 1, [1, 1, 1], [0, 0, 0])
        },
        Self("scales along a dimension that is not there", "model.malformed", "no dimension 4") {
            quantize(&$0, 1, [1, 1], [0, 0], axis: 4)
        },
        Self("scales along dimension -1", "model.malformed", "no dimension -1") {
            quantize(&$0, 1, [1, 1], [0, 0], axis: -1)
        },
        Self("three zero points for two scales", "model.malformed", "zero points") {
            quantize(&$0, 1, [1, 1], [0, 0, 0])
        },
        Self("zero point beyond the type", "model.malformed", "found 128") { quantize(&$0, 0, [1], [128]) },
        Self("zero point of 64 bits", "model.malformed", "zero point") { quantize(&$0, 0, [1], [.max]) },
        Self("a quantization of its own", "model.unsupported", "block-wise") {
            $0.tensors[1][4] = .table([2: .floats([1]), 4: .int8(2)])
        },
        Self("int8 without a scale", "model.malformed", "without a scale", "input_0") { $0.tensors[0][4] = nil },
        Self("a result without a scale", "model.mismatch", "without a scale", "output_0") { $0.tensors[3][4] = nil },
    ]

    static let nodes: [TFLiteRefusal] = [
        Self("an operand that is not there", "model.malformed", "tensor 4") {
            $0.operators[0][1] = .int32s([4, 1, 2])
        },
        Self("an operand below -1", "model.malformed", "tensor -2") { $0.operators[0][1] = .int32s([0, 1, -2]) },
        Self("a required operand left out", "model.malformed", "weights", "node 0 (CONV_2D)") {
            $0.operators[0][1] = .int32s([0, -1, 2])
        },
        Self("an operand before it is written", "model.malformed", "an earlier node writes") {
            $0.operators[0][1] = .int32s([3, 1, 2])
        },
        Self("a node that writes an input", "model.malformed", "nothing has written yet") {
            $0.operators[0][2] = .int32s([0])
        },
        Self("a node that writes a constant", "model.malformed", "nothing has written yet") {
            $0.operators[0][2] = .int32s([1])
        },
        Self("a node that writes nothing", "model.malformed", "outputs") { $0.operators[0][2] = .int32s([]) },
        Self("a tensor written twice", "model.malformed", "node 1 (CONV_2D)") { $0.operators.append($0.operators[0]) },
        Self("a variable", "model.malformed", "variable") { draft in
            let state = draft.tensor("state", .int8, [1, 3, 3, 2], scale: [1])
            draft.tensors[Int(state)][5] = .uint8(1)
            draft.operators[0][1] = .int32s([state, 1, 2])
        },
        Self("options of another operator", "model.malformed", "options", "found 5") { $0.operators[0][3] = .uint8(5) },
        Self("no options, hence no stride", "model.malformed", "stride") { $0.operators[0][3] = .uint8(0) },
        Self("stride zero", "model.malformed", "stride_h") {
            $0.operators[0][4] = .table([0: .int8(1), 1: .int32(1)])
        },
        Self("stride below zero", "model.malformed", "stride_w") {
            $0.operators[0][4] = .table([0: .int8(1), 1: .int32(-1), 2: .int32(1)])
        },
        Self("padding 2", "model.malformed", "padding") {
            $0.operators[0][4] = .table([0: .int8(2), 1: .int32(1), 2: .int32(1)])
        },
        Self("fused TANH", "model.unsupported", "TANH") {
            $0.operators[0][4] = .table([0: .int8(1), 1: .int32(1), 2: .int32(1), 3: .int8(4)])
        },
        Self("a kernel larger than the image", "model.mismatch", "node 0 (CONV_2D)") {
            $0.operators[0][4] = .table([0: .int8(1), 1: .int32(1), 2: .int32(1), 5: .int32(60_000)])
        },
        Self("another result than the kernel leaves", "model.mismatch", "[1, 2, 2, 2]", "[1, 2, 3, 2]") {
            $0.tensors[3][0] = .int32s([1, 2, 3, 2])
        },
        Self("a bias of another length", "model.mismatch", "bias") { draft in
            draft.tensors[2] = [0: .int32s([1]), 1: .int8(2), 2: .uint32(3), 4: .table([2: .floats([1])])]
            draft.buffers.append([0: .vector(bytes: [0, 0, 0, 0], count: 4)])
        },
        Self("channels that do not divide", "model.malformed", "channels", "divisor") {
            $0.tensors[0][0] = .int32s([1, 3, 3, 3])
        },
        Self("rank 3 for an image", "model.malformed", "4 dimensions") { $0.tensors[0][0] = .int32s([3, 3, 2]) },
    ]

    static let operators: [TFLiteRefusal] = [
        unknown("TOPK_V2", "operator TOPK_V2", "node 0 (TOPK_V2)", "output_0", "[1, 2, 2, 2]", "open an issue"),
        unknown("WHILE", "control flow", "unroll=True"),
        unknown("VAR_HANDLE", "give the state to the model as an input"),
        unknown("LSTM", "unroll=True"),
        Self("CUSTOM", "model.unsupported", "CUSTOM \"Mel\"", "TFLITE_BUILTINS", "node 0 (Mel)") {
            $0.codes[0] = [0: .int8(32), 1: .string("Mel")]
        },
        Self("an operator of the future", "model.unsupported", "operator 9999") {
            $0.codes[0] = [0: .int8(127), 3: .int32(9_999)]
        },
        Self("an operator below zero", "model.unsupported", "operator -7") {
            $0.codes[0] = [0: .int8(-7), 3: .int32(-9)]
        },
        Self("UNIDIRECTIONAL_SEQUENCE_LSTM int8", "model.unsupported", "int8", "millwright model quantize") {
            $0.codes[0] = [0: .int8(44)]
        },
        Self("RESHAPE by what is computed", "model.unsupported", "computed while the model runs", "input_1") { draft in
            let shape = draft.input(.int32, [1])
            draft.codes[0] = [0: .int8(22)]
            draft.operators[0] = [1: .int32s([0, shape]), 2: .int32s([3])]
        },
        Self("CAST of quantized integers", "model.unsupported", "CAST", "float32") {
            $0.codes[0] = [0: .int8(53)]
            $0.operators[0][3] = .uint8(37)
        },
    ]

    private static func unknown(_ name: String, _ phrases: String...) -> TFLiteRefusal {
        var refusal = Self(name, "model.unsupported") { draft in
            draft.codes[0] = [0: .int8(127), 3: .int32(TFLiteDraft.codes[name] ?? 0)]
            if let code = TFLiteDraft.codes[name], code < 127 { draft.codes[0] = [0: .int8(Int8(code))] }
        }
        refusal.phrases = phrases
        return refusal
    }

    static let all = files + tensors + nodes + operators
}

@Suite struct TFLiteRefusalTests {
    @Test func theSoundModelIsSound() throws {
        let model = try TFLiteRefusal.sound.model()
        let operation = try #require(model.nodes.first?.operation as? Convolution)
        #expect(operation.padding == .none && operation.groups == 1)
        #expect(model[model.inputs[0]].quantization == ValueQuantization(scales: [0.1], zeroPoints: [-3]))
        let weights = try #require(model.nodes[0].inputs[1])
        #expect(model[weights].quantization?.axis == 0 && model[weights].shape == [2, 2, 2, 2])
    }

    @Test(arguments: TFLiteRefusal.all)
    func says(_ refusal: TFLiteRefusal) throws {
        let error = try #require(throws: ModelError.self) { try refusal.draft.model() }
        #expect(error.code == refusal.code, "\(error)")
        for phrase in refusal.phrases { #expect(error.description.contains(phrase), "\(error)") }
    }

    @Test func otherFilesAreNotRecognized() {
        let error = #expect(throws: ModelError.self) { try TensorFlowLite.model(from: [], name: "empty") }
        #expect(error?.code == "model.malformed")
        #expect(!TensorFlowLite.recognizes([]) && !TensorFlowLite.recognizes(Array("12345678".utf8)))
        #expect(TensorFlowLite.recognizes(TFLiteRefusal.sound.bytes))
        let other = #expect(throws: ModelError.self) {
            try TensorFlowLite.model(from: Array("1234TFL2".utf8), name: "")
        }
        #expect(other?.description.contains("TFL3") == true)
    }

    @Test func theCatalogueGoesByTheBytesFirst() throws {
        let bytes = TFLiteRefusal.sound.bytes
        #expect(try Importers.model(from: bytes, fileName: "models/kettle.v2.bin").name == "kettle.v2")
        let error = #expect(throws: ModelError.self) {
            try Importers.model(from: Array("hello, world".utf8), fileName: "notes.txt")
        }
        #expect(error?.code == "model.unsupported")
    }

    /// 2,000 constants around the same 64 KiB: 128 MiB from a file of 0.2.
    @Test func sharedElementsAreNotCopiedWithoutEnd() {
        var draft = TFLiteDraft()
        let first = draft.tensor("shared", .float32, [16_384], bytes: Array(repeating: 0, count: 65_536))
        var parts = [first]
        for _ in 0..<1_999 {
            draft.tensors.append(draft.tensors[0])
            parts.append(Int32(draft.tensors.count - 1))
        }
        draft.add("CONCATENATION", parts, [draft.output(.float32, [32_768_000])], options: (10, [:]))
        let error = #expect(throws: ModelError.self) { try draft.model() }
        #expect(error?.code == "model.too_large")
    }

    /// A sequence of any length takes no more bytes in the file than one of three.
    @Test(arguments: [1_500, 100_000_000])
    func longSequencesAreNotUnrolledWithoutEnd(_ steps: Int32) throws {
        var draft = try #require(TFLiteCases.networks.last).draft
        draft.tensors[0][0] = .int32s([1, steps, 2])
        draft.tensors[Int(draft.outputs[0])][0] = .int32s([1, steps, 2])
        let error = #expect(throws: ModelError.self) { try draft.model() }
        #expect(error?.code == "model.too_large")
    }

    @Test func anOpenBatchIsOne() throws {
        var draft = TFLiteRefusal.sound
        draft.tensors[0][7] = .int32s([-1, 3, 3, 2])
        draft.tensors[3][7] = .int32s([-1, 2, 2, 2])
        draft.tensors[3][0] = .int32s([-1, 2, 2, 2])
        let model = try draft.model()
        #expect(model[model.outputs[0]].shape == [1, 2, 2, 2])
    }
}
