import Protobuf

/// `TensorProto.DataType`.
struct ONNXElementType: Hashable {
    let code: Int64

    private static let names = [
        "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16",
        "double", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz",
        "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1",
    ]

    var name: String { Self.names.indices.contains(Int(code)) ? Self.names[Int(code)] : "type \(code)" }

    /// What a model computes it as: real numbers of any width as float32; nil for what it does not know.
    var element: ElementType? {
        switch code {
        case 1, 10, 11, 16: .float32
        case 2: .uint8
        case 3: .int8
        case 4: .uint16
        case 5: .int16
        case 6: .int32
        case 7: .int64
        case 9: .bool
        default: nil
        }
    }

    /// - Throws: `.unsupported` for what a model does not know.
    func required(of what: String) throws(ModelError) -> ElementType {
        guard let element else {
            throw .unsupported(
                .init(
                    "type of \(what)", expected: "float, 8 to 64 bit whole numbers or bool", found: name,
                    advice: "cast it in the exporting tool"))
        }
        return element
    }
}

/// A tensor with its elements.
struct ONNXTensor {
    var name = ""
    var data: TensorData

    /// - Throws: `.malformed` where the elements are not as many as the shape says, `.unsupported` for other types and
    ///   for elements in another file.
    init(_ reader: ONNXReader) throws(ModelError) {
        var reader = reader
        var parts = Parts()
        var name = ""
        while let field = try reader.next() {
            switch field.number {
            case 1: try reader.append(field, to: &parts.shape)
            case 2: parts.type = ONNXElementType(code: try reader.integer(field))
            case 4: try reader.append(field, to: &parts.floats)
            case 5, 7: try reader.append(field, to: &parts.integers)
            case 8: name = try reader.string(field)
            case 9: parts.raw = try reader.range(field)
            case 10: try reader.append(doubles: field, to: &parts.floats)
            case 3, 13: parts.isElsewhere = true
            case 14: parts.isElsewhere = try reader.integer(field) != 0
            default: break
            }
        }
        do throws(ModelError) {
            data = try parts.tensor(reader)
        } catch {
            throw error.at("tensor \(name)")
        }
        self.name = name
    }

    private struct Parts {
        var shape: [Int64] = []
        var type = ONNXElementType(code: 0)
        var floats: [Float] = []
        var integers: [Int64] = []
        var raw: Range<Int>?
        var isElsewhere = false

        func tensor(_ reader: ONNXReader) throws(ModelError) -> TensorData {
            if isElsewhere {
                throw .unsupported(
                    .init(
                        "elements", expected: "in the model file itself", found: "in another file",
                        advice:
                            "save the model as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)")
                )
            }
            let element = try type.required(of: "the elements")
            guard shape.count <= ModelBuilder.maximumRank else {
                throw .tooLarge(
                    .init("dimensions", expected: "at most \(ModelBuilder.maximumRank)", found: "\(shape.count)"))
            }
            let shape = shape.map { Int($0) }
            let count = try Shape.count(shape, of: "the tensor")
            let elements =
                try raw.map { range throws(ModelError) in try self.raw(range, element, reader) } ?? typed(element)
            guard elements.count == count else {
                throw .malformed(.init("elements", expected: "\(count) for \(shape)", found: "\(elements.count)"))
            }
            return TensorData(shape: shape, elements)
        }

        private func raw(
            _ range: Range<Int>, _ element: ElementType, _ reader: ONNXReader
        ) throws(ModelError) -> Elements {
            let offset = range.lowerBound
            func numbers<Number: FixedWidthInteger>(_ type: Number.Type) throws(ModelError) -> [Number] {
                try reader.numbers(range, at: offset, as: type)
            }
            return switch element {
            case .float32:
                switch type.code {
                case 10: .float32(try numbers(UInt16.self).map { Float(halfBits: $0) })
                case 11: .float32(try numbers(UInt64.self).map { Float(Double(bitPattern: $0)) })
                case 16: .float32(try numbers(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
                default: .float32(try numbers(UInt32.self).map { Float(bitPattern: $0) })
                }
            case .int8: .int8(try numbers(Int8.self))
            case .uint8: .uint8(try numbers(UInt8.self))
            case .int16: .int16(try numbers(Int16.self))
            case .uint16: .uint16(try numbers(UInt16.self))
            case .int32: .int32(try numbers(Int32.self))
            case .int64: .int64(try numbers(Int64.self))
            case .bool: .bool(try numbers(UInt8.self).map { $0 != 0 })
            }
        }

        /// 16 bit floats lie as their bits among the integers.
        private func typed(_ element: ElementType) -> Elements {
            guard element == .float32 else { return Elements(element, wrapping: integers) }
            return switch type.code {
            case 10: .float32(integers.map { Float(halfBits: UInt16(truncatingIfNeeded: $0)) })
            case 16: .float32(integers.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
            default: .float32(floats)
            }
        }
    }
}
