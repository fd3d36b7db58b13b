import FoundationEssentials
import Graph

/// One file of `Vectors/`: what an engine computed of an operator.
struct VectorFile: Decodable, Sendable {
    var `operator`: String
    var contract: String
    /// The engine, its version and the machine.
    var source: String
    var cases: [Vector]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).filter { $0.hasSuffix(".json") }
        .sorted()

    init(named name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Self.folder.appending(path: name)))
    }
}

struct Vector: Decodable, Sendable {
    struct Parameters: Decodable, Sendable {
        var activation: String?
        var stride: Int?
        var dilation: Int?
        /// SAME or VALID.
        var padding: String?
        var depthMultiplier: Int?
        var kernel: Int?
        /// Top, left, bottom, right.
        var pads: [Int]?
        var axes: [Int]?
        var alpha: Float?
        var beta: Float?
        var size: [Int]?
        var alignCorners: Bool?
        var halfPixelCenters: Bool?
    }

    /// A tensor as the engine has it.
    struct Operand: Decodable, Sendable {
        var shape: [Int]
        /// `int8`, `uint8`, `int32` or `float32`.
        var type: String
        var scales: [Float]?
        var zeroPoint: Int32?
        /// Little-endian, in base 64; `all` are the 256 numbers of the type in ascending order.
        var elements: String?
        /// For int32.
        var numbers: [Int32]?
    }

    var parameters: Parameters
    var inputs: [Operand]
    var output: Operand
}

extension Vector.Operand {
    var isUnsigned: Bool { type == "uint8" }

    /// As a plan has it: uint8 moved by 128.
    var quantization: Quantization {
        .init(scale: scales?.first ?? 1, zeroPoint: (zeroPoint ?? 0) - (isUnsigned ? 128 : 0))
    }

    /// As a plan has them: uint8 moved by 128.
    var bytes: [UInt8] {
        let low: UInt8 = isUnsigned ? 0 : 0x80
        guard elements != "all" else { return (0...255).map { UInt8($0) &+ low ^ (isUnsigned ? 0x80 : 0) } }
        return (elements.flatMap { Data(base64Encoded: $0) } ?? Data()).map { isUnsigned ? $0 ^ 0x80 : $0 }
    }

    var int8s: [Int8] { bytes.map(Int8.init(bitPattern:)) }
}
