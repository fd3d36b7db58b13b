@testable import Compiler

/// An ONNX file in the making.
struct ONNXDraft: Sendable {
    enum Attribute: Sendable {
        case float(Float)
        case int(Int64)
        case string(String)
        case tensor(TensorData)
        case floats([Float])
        case ints([Int64])
        case strings([String])
        indirect case graph(ONNXDraft)
    }

    struct Node: Sendable {
        var type: String
        var domain = ""
        var name = ""
        var inputs: [String]
        var outputs: [String]
        var attributes: [String: Attribute] = [:]
    }

    /// A graph's input; a dimension below zero is written as a name.
    struct Input: Sendable {
        var name: String
        var type = ElementType.float32
        var shape: [Int]
    }

    var version = 13
    var domains: [String] = []
    var inputs: [Input] = []
    var initializers: [(name: String, data: TensorData)] = []
    var nodes: [Node] = []
    var outputs: [String] = []

    /// One operator: inputs `x0`, `x1` and so on, outputs `y0` and so on.
    static func single(
        _ type: String, version: Int = 13, domain: String = "", _ attributes: [String: Attribute] = [:],
        inputs: [TensorData?], known: Set<Int> = [], outputs: Int = 1
    ) -> ONNXDraft {
        var draft = ONNXDraft(version: version, domains: domain.isEmpty ? [] : [domain])
        let names = inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" }
        for (index, data) in inputs.enumerated() {
            guard let data else { continue }
            if known.contains(index) {
                draft.initializers.append((names[index], data))
            } else {
                draft.inputs.append(Input(name: names[index], type: data.type, shape: data.shape))
            }
        }
        draft.outputs = (0..<outputs).map { "y\($0)" }
        draft.nodes = [
            Node(
                type: type, domain: domain, name: "subject", inputs: names, outputs: draft.outputs,
                attributes: attributes)
        ]
        return draft
    }

    func model(_ options: ONNXFormat.Options = .init()) throws(ModelError) -> Model {
        try ONNXFormat.model(from: bytes, name: "draft", options: options)
    }

    var bytes: [UInt8] {
        var file = ProtobufWriter()
        file.integer(1, 8)
        file.text(2, "tests")
        file.message(7) { write(to: &$0) }
        for (domain, version) in [("", version)] + domains.map({ ($0, 1) }) {
            file.message(8) { id in
                id.text(1, domain)
                id.integer(2, Int64(version))
            }
        }
        return file.bytes
    }

    private func write(to graph: inout ProtobufWriter) {
        for node in nodes { graph.message(1) { Self.write(node, to: &$0) } }
        graph.text(2, "graph")
        for (name, data) in initializers { graph.message(5) { Self.write(data, name: name, to: &$0) } }
        for input in inputs { graph.message(11) { Self.write(input, to: &$0) } }
        for output in outputs { graph.message(12) { $0.text(1, output) } }
    }

    private static func write(_ node: Node, to message: inout ProtobufWriter) {
        for input in node.inputs { message.text(1, input) }
        for output in node.outputs { message.text(2, output) }
        message.text(3, node.name)
        message.text(4, node.type)
        for (name, attribute) in node.attributes.sorted(by: { $0.key < $1.key }) {
            message.message(5) { message in
                message.text(1, name)
                write(attribute, to: &message)
            }
        }
        if !node.domain.isEmpty { message.text(7, node.domain) }
    }

    private static func write(_ attribute: Attribute, to message: inout ProtobufWriter) {
        switch attribute {
        case .float(let number): message.float(2, number)
        case .int(let number): message.integer(3, number)
        case .string(let text): message.text(4, text)
        case .tensor(let data): message.message(5) { write(data, name: "", to: &$0) }
        case .graph(let graph): message.message(6) { graph.write(to: &$0) }
        case .floats(let numbers): for number in numbers { message.float(7, number) }
        case .ints(let numbers): for number in numbers { message.integer(8, number) }
        case .strings(let texts): for text in texts { message.text(9, text) }
        }
        let kind: Int64 =
            switch attribute {
            case .float: 1
            case .int: 2
            case .string: 3
            case .tensor: 4
            case .graph: 5
            case .floats: 6
            case .ints: 7
            case .strings: 8
            }
        message.integer(20, kind)
    }

    private static func write(_ input: Input, to message: inout ProtobufWriter) {
        message.text(1, input.name)
        message.message(2) { type in
            type.message(1) { tensor in
                tensor.integer(1, code(of: input.type))
                tensor.message(2) { shape in
                    for extent in input.shape {
                        shape.message(1) { extent < 0 ? $0.text(2, "open") : $0.integer(1, Int64(extent)) }
                    }
                }
            }
        }
    }

    static func write(_ data: TensorData, name: String, to message: inout ProtobufWriter) {
        for extent in data.shape { message.integer(1, Int64(extent)) }
        message.integer(2, code(of: data.type))
        message.text(8, name)
        message.data(9, raw(data.elements))
    }

    static func raw(_ elements: Elements) -> [UInt8] {
        func bytes<Number: FixedWidthInteger>(_ numbers: [Number]) -> [UInt8] {
            numbers.flatMap { ProtobufWriter.bytes(of: $0) }
        }
        return switch elements {
        case .float32(let numbers): bytes(numbers.map(\.bitPattern))
        case .int8(let numbers): bytes(numbers)
        case .uint8(let numbers): numbers
        case .int16(let numbers): bytes(numbers)
        case .uint16(let numbers): bytes(numbers)
        case .int32(let numbers): bytes(numbers)
        case .int64(let numbers): bytes(numbers)
        case .bool(let truths): truths.map { $0 ? 1 : 0 }
        }
    }

    static func code(of type: ElementType) -> Int64 {
        switch type {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bool: 9
        }
    }
}
