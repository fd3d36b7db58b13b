import Protobuf
import Testing

@testable import Compiler

/// Tensors in each form that the format allows.
@Suite struct ONNXTensorTests {
    private static func tensor(_ body: (inout ProtobufWriter) -> Void) throws(ModelError) -> TensorData {
        var writer = ProtobufWriter()
        body(&writer)
        return try ONNXTensor(ONNXReader(writer.bytes)).data
    }

    @Test(arguments: [
        Elements.float32([1.5, -2]), .int8([-1, 2]), .uint8([255, 0]), .int16([-300, 300]), .uint16([65_535, 1]),
        .int32([.min, .max]), .int64([.min, .max]), .bool([true, false]),
    ])
    func rawElements(_ elements: Elements) throws {
        let data = TensorData(shape: [1, 2], elements)
        #expect(try Self.tensor { ONNXDraft.write(data, name: "t", to: &$0) } == data)
    }

    @Test func typedElements() throws {
        let floats = try Self.tensor {
            $0.integer(1, 2)
            $0.integer(2, 1)
            $0.float(4, 0.5)
            $0.float(4, -8)
        }
        #expect(floats == TensorData(shape: [2], .float32([0.5, -8])))
        let bytes = try Self.tensor {
            $0.data(1, [3])
            $0.integer(2, 3)
            $0.data(5, ProtobufWriter.varint(UInt64(bitPattern: -7)) + [1, 2])
        }
        #expect(bytes == TensorData(shape: [3], .int8([-7, 1, 2])))
    }

    @Test func otherWidthsOfFloats() throws {
        let half = try Self.tensor {
            $0.integer(1, 4)
            $0.integer(2, 10)
            $0.data(9, [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c])
        }
        #expect(half.elements == .float32([1, -2, 0x1p-24, .infinity]))
        let brain = try Self.tensor {
            $0.integer(1, 1)
            $0.integer(2, 16)
            $0.integer(5, 0x3fc0)
        }
        #expect(brain.elements == .float32([1.5]))
        let double = try Self.tensor {
            $0.integer(1, 1)
            $0.integer(2, 11)
            $0.data(9, ProtobufWriter.bytes(of: (0.1).bitPattern))
        }
        #expect(double.elements == .float32([0.1]))
    }

    @Test(arguments: [
        ("expected 3 for [3]", 3, Int64(1), 8), ("a multiple of 4", 2, 1, 7), ("type of the elements", 1, 8, 1),
        ("no dimension below zero", -1, 1, 4), ("at most \(1 << 28) elements", 1 << 40, 1, 4),
    ])
    func refusals(_ words: String, _ extent: Int64, _ type: Int64, _ bytes: Int) throws {
        let error = try #require(throws: ModelError.self) {
            try Self.tensor {
                $0.integer(1, extent)
                $0.integer(2, type)
                $0.data(9, [UInt8](repeating: 0, count: bytes))
            }
        }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func elementsElsewhereAreRefusedWithAdvice() throws {
        let error = try #require(throws: ModelError.self) {
            try Self.tensor {
                $0.integer(1, 1)
                $0.integer(2, 1)
                $0.text(8, "weights")
                $0.integer(14, 1)
            }
        }
        #expect(error.code == "model.unsupported")
        #expect(error.description.contains("tensor weights") && error.description.contains("as one file"), "\(error)")
    }
}
