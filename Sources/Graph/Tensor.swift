/// How int8 stands for a real number: `real = scale * (int8 - zeroPoint)`.
package struct Quantization: Hashable, Sendable {
    /// Finite and above zero.
    package var scale: Float
    /// -128...127.
    package var zeroPoint: Int32

    package init(scale: Float, zeroPoint: Int32) {
        self.scale = scale
        self.zeroPoint = zeroPoint
    }

    /// For tensors whose elements stand for themselves.
    package static let identity = Quantization(scale: 1, zeroPoint: 0)

    /// `x / scale` rounded half to even, zero point added, saturated; NaN is the zero point. For what stands outside of a
    /// plan's operators; ``Contract/quantizing(_:)`` is what they do.
    package func quantize(_ value: Float) -> Int8 {
        // Within 2^10 before it is made an integer: beyond, it saturates anyway, and the quotient may be infinite.
        let steps = (value / scale).rounded(.toNearestOrEven)
        guard !steps.isNaN else { return Int8(zeroPoint) }
        return Int8(clamping: Int32(min(max(steps, -1_024), 1_024)) + zeroPoint)
    }

    /// `scale * (int8 - zeroPoint)`.
    package func dequantize(_ value: Int8) -> Float { scale * Float(Int32(value) - zeroPoint) }
}

/// The number of a tensor within one plan.
package struct TensorID: Hashable, Sendable {
    package let index: Int
    package init(index: Int) { self.index = index }
}

/// What one element of a plan's tensor is.
package enum TensorType: UInt32, Hashable, Sendable, CaseIterable {
    case int8 = 0
    /// Indices.
    case int32 = 1
    /// Real numbers, where a model's door or an island demands them.
    case float32 = 2

    /// Bytes of one element.
    package var size: Int { self == .int8 ? 1 : 4 }
}

/// One tensor of a plan: what flows between operators, or a constant operand.
package struct Tensor: Sendable {
    package var name: String
    package var type: TensorType
    /// Each at least 1; the product at most ``PlanFormat/maximumElements``.
    package var shape: [Int]
    package var quantization: Quantization
    /// Whether the world outside sees uint8, element + 128. Inside, int8 computes the same: a zero point moves along.
    package var isPresentedUnsigned: Bool
    /// Its elements where they are part of the plan.
    package var constant: Constant<UInt8>?

    package init(
        name: String, type: TensorType = .int8, shape: [Int], quantization: Quantization,
        isPresentedUnsigned: Bool = false, constant: Constant<UInt8>? = nil
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        self.quantization = quantization
        self.isPresentedUnsigned = isPresentedUnsigned
        self.constant = constant
    }

    /// Converters join the names of all that they fused with semicolons; the last says most.
    package var shortName: Substring { name.split(separator: ";").last ?? name[...] }

    package var elementCount: Int { shape.reduce(1, *) }
    package var byteCount: Int { elementCount * type.size }
}

/// The elements of a tensor in reference arithmetic, row-major.
package enum TensorValue: Hashable, Sendable {
    case int8([Int8])
    case int32([Int32])
    case float32([Float])

    /// - Parameter bytes: little-endian, a whole number of elements.
    // SAFETY: read within their count and copied.
    package init(_ type: TensorType, bytes: UnsafeRawBufferPointer) {
        let count = bytes.count / type.size
        switch type {
        case .int8: self = .int8(bytes.map(Int8.init(bitPattern:)))
        case .int32:
            self = .int32((0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) })
        case .float32:
            self = .float32((0..<count).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) })
        }
    }

    package var bytes: [UInt8] {
        switch self {
        case .int8(let elements): elements.map(UInt8.init(bitPattern:))
        case .int32(let elements): elements.withUnsafeBytes(Array.init)
        case .float32(let elements): elements.withUnsafeBytes(Array.init)
        }
    }

    /// The elements of an int8 tensor; an operator has checked the type when it was read.
    package var int8s: [Int8] {
        guard case .int8(let elements) = self else { preconditionFailure("expected int8") }
        return elements
    }

    /// The elements of a float32 tensor; an operator has checked the type when it was read.
    package var floats: [Float] {
        guard case .float32(let elements) = self else { preconditionFailure("expected float32") }
        return elements
    }
}
