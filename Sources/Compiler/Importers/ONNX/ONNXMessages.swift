import Protobuf

/// The messages of an ONNX file, as far as a network's arithmetic needs them; unknown fields are skipped.
///
/// - Source: onnx.proto3 of ONNX 1.16, whose numbers stand beside the fields.
struct ONNXModel {
    /// Version of the operators of each domain; the standard's own is "".
    var versions: [String: Int] = [:]
    var graph: ONNXGraph?
    /// Operators that the file defines itself.
    var hasFunctions = false

    init(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        while let field = try reader.next() {
            switch field.number {
            case 7: graph = try ONNXGraph(try reader.message(field))
            case 8: try addVersion(try reader.message(field))
            case 25: hasFunctions = true
            default: break
            }
        }
    }

    private mutating func addVersion(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        var (domain, version): (String, Int64) = ("", 0)
        while let field = try reader.next() {
            switch field.number {
            case 1: domain = try reader.string(field)
            case 2: version = try reader.integer(field)
            default: break
            }
        }
        versions[domain == "ai.onnx" ? "" : domain] = Int(clamping: version)
    }
}

struct ONNXGraph {
    var name = ""
    var nodes: [ONNXNode] = []
    var initializers: [ONNXTensor] = []
    var inputs: [ONNXValueInfo] = []
    var outputs: [ONNXValueInfo] = []

    init(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        while let field = try reader.next() {
            switch field.number {
            case 1:
                guard nodes.count < ModelBuilder.maximumNodes else {
                    throw .tooLarge(
                        .init("nodes of the file", expected: "at most \(ModelBuilder.maximumNodes)", found: "more"))
                }
                nodes.append(try ONNXNode(try reader.message(field)))
            case 2: name = try reader.string(field)
            case 5: initializers.append(try ONNXTensor(try reader.message(field)))
            case 11: inputs.append(try ONNXValueInfo(try reader.message(field)))
            case 12: outputs.append(try ONNXValueInfo(try reader.message(field)))
            case 15:
                throw .unsupported(
                    .init(
                        "sparse initializer", expected: "dense tensors", found: "a sparse one",
                        place: "byte \(field.offset)", advice: "export the weights dense"))
            default: break
            }
        }
    }
}

struct ONNXNode {
    /// "" where an optional operand is left out.
    var inputs: [String] = []
    var outputs: [String] = []
    var name = ""
    var type = ""
    var domain = ""
    var attributes: [String: ONNXAttribute] = [:]

    init(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        while let field = try reader.next() {
            switch field.number {
            case 1: inputs.append(try reader.string(field))
            case 2: outputs.append(try reader.string(field))
            case 3: name = try reader.string(field)
            case 4: type = try reader.string(field)
            case 5:
                let (name, attribute) = try ONNXAttribute.named(try reader.message(field))
                attributes[name] = attribute
            case 7: domain = try reader.string(field)
            default: break
            }
        }
        if domain == "ai.onnx" { domain = "" }
        if name.isEmpty { name = outputs.first { !$0.isEmpty } ?? "" }
    }

    /// How messages name it.
    var place: String { "node \(name) (\(domain.isEmpty ? "" : domain + ".")\(type))" }
}

enum ONNXAttribute {
    case float(Float)
    case integer(Int64)
    case string(String)
    case tensor(ONNXTensor)
    case graph(ONNXGraph)
    case floats([Float])
    case integers([Int64])
    case strings([String])
    /// What no operator here reads: its number in `AttributeType`.
    case other(Int64)

    // Fields of their own, because a file may hold them in any order and leaves out empty lists.
    private struct Parts {
        var name = ""
        var type: Int64 = 0
        var single: ONNXAttribute?
        var floats: [Float] = []
        var integers: [Int64] = []
        var strings: [String] = []
    }

    static func named(_ reader: ONNXReader) throws(ModelError) -> (String, ONNXAttribute) {
        var reader = reader
        var parts = Parts()
        while let field = try reader.next() {
            switch field.number {
            case 1: parts.name = try reader.string(field)
            case 2: parts.single = .float(try reader.float(field))
            case 3: parts.single = .integer(try reader.integer(field))
            // Longer than names: documentation hides here too.
            case 4: parts.single = (try? reader.string(field)).map { .string($0) } ?? .other(3)
            case 5: parts.single = .tensor(try ONNXTensor(try reader.message(field)))
            case 6: parts.single = .graph(try ONNXGraph(try reader.message(field)))
            case 7: try reader.append(field, to: &parts.floats)
            case 8: try reader.append(field, to: &parts.integers)
            case 9: parts.strings.append(try reader.string(field))
            case 20: parts.type = try reader.integer(field)
            default: break
            }
        }
        return (parts.name, attribute(parts))
    }

    private static func attribute(_ parts: Parts) -> ONNXAttribute {
        switch parts.type {
        case 6: .floats(parts.floats)
        case 7: .integers(parts.integers)
        case 8: .strings(parts.strings)
        // Proto3 writers leave out zeros.
        case 1: parts.single ?? .float(0)
        case 2: parts.single ?? .integer(0)
        case 3: parts.single ?? .string("")
        case 0 where parts.single == nil: parts.floats.isEmpty ? .integers(parts.integers) : .floats(parts.floats)
        default: parts.single ?? .other(parts.type)
        }
    }

    /// How messages name the kind.
    var kind: String {
        switch self {
        case .float: "a number"
        case .integer: "a whole number"
        case .string: "a text"
        case .tensor: "a tensor"
        case .graph: "a graph"
        case .floats: "numbers"
        case .integers: "whole numbers"
        case .strings: "texts"
        case .other(let type): "type \(type)"
        }
    }
}

/// Name, type and shape of a graph's input or output.
struct ONNXValueInfo {
    enum Dimension: Hashable {
        case known(Int)
        /// The name that the file gives it.
        case unknown(String)
    }

    var name = ""
    /// nil for a sequence, a map and the like.
    var type: ONNXElementType?
    /// nil where the file says nothing.
    var shape: [Dimension]?

    init(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        while let field = try reader.next() {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try readType(try reader.message(field))
            default: break
            }
        }
    }

    private mutating func readType(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        while let field = try reader.next() {
            guard field.number == 1 else { continue }
            var tensor = try reader.message(field)
            while let field = try tensor.next() {
                switch field.number {
                case 1: type = ONNXElementType(code: try tensor.integer(field))
                case 2: shape = try Self.shape(try tensor.message(field))
                default: break
                }
            }
        }
    }

    private static func shape(_ reader: ONNXReader) throws(ModelError) -> [Dimension] {
        var reader = reader
        var shape: [Dimension] = []
        while let field = try reader.next() {
            guard field.number == 1 else { continue }
            guard shape.count < ModelBuilder.maximumRank else {
                throw reader.malformed("dimensions", "at most \(ModelBuilder.maximumRank)", "more", field.offset)
            }
            var dimension = Dimension.unknown("?")
            var inner = try reader.message(field)
            while let field = try inner.next() {
                switch field.number {
                // Some exporters write -1 for what they do not know.
                case 1:
                    let extent = try inner.integer(field)
                    dimension = extent < 0 ? .unknown("\(extent)") : .known(Int(clamping: extent))
                case 2: dimension = .unknown(try inner.string(field))
                default: break
                }
            }
            shape.append(dimension)
        }
        return shape
    }
}
