import FoundationEssentials
import Testing

@testable import Compiler

/// One operator with attributes, operands and the results that another implementation gives; kept in `Vectors/`.
struct ONNXVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Tensor: Decodable, Sendable {
        var type: String
        var shape: [Int]
        var elements: [Double]
        var known: Bool?

        var data: TensorData {
            get throws {
                let type = try #require(ElementType(rawValue: type))
                if type == .float32 { return TensorData(shape: shape, .float32(elements.map { Float($0) })) }
                return TensorData(shape: shape, Elements(type, wrapping: elements.map { Int64($0) }))
            }
        }
    }

    struct Attribute: Decodable, Sendable {
        var float: Float?
        var int: Int64?
        var string: String?
        var tensor: Tensor?
        var floats: [Float]?
        var ints: [Int64]?
        var strings: [String]?

        var draft: ONNXDraft.Attribute {
            get throws {
                if let float { return .float(float) }
                if let int { return .int(int) }
                if let string { return .string(string) }
                if let tensor { return .tensor(try tensor.data) }
                if let floats { return .floats(floats) }
                if let strings { return .strings(strings) }
                return .ints(ints ?? [])
            }
        }
    }

    var name: String
    var `operator`: String
    var domain: String
    var opset: Int
    var source: String
    var attributes: [String: Attribute]
    var inputs: [Tensor?]
    var outputs: [Tensor]

    var testDescription: String { "\(self.operator)-\(opset) \(name)" }

    static let groups = [
        "activation", "constant", "convolution", "elementwise", "matrix", "microsoft", "movement", "normalization",
        "pooling", "quantization", "recurrent", "reduction", "resize", "shape",
    ]

    static func group(_ name: String) throws -> [ONNXVector] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/\(name).json")
        return try JSONDecoder().decode([ONNXVector].self, from: Data(contentsOf: file))
    }

    var draft: ONNXDraft {
        get throws {
            .single(
                self.operator, version: opset, domain: domain, try attributes.mapValues { try $0.draft },
                inputs: try inputs.map { try $0?.data },
                known: Set(inputs.indices.filter { inputs[$0]?.known ?? false }), outputs: outputs.count)
        }
    }
}
