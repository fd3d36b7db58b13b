/// What one element of a tensor is.
package enum ElementType: String, Hashable, Sendable, CaseIterable {
    case float32, int8, uint8, int16, uint16, int32, int64, bool

    /// Bytes of one element.
    package var size: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .int16, .uint16: 2
        case .float32, .int32: 4
        case .int64: 8
        }
    }
}

/// The elements of a tensor, row-major.
package enum Elements: Hashable, Sendable {
    case float32([Float])
    case int8([Int8])
    case uint8([UInt8])
    case int16([Int16])
    case uint16([UInt16])
    case int32([Int32])
    case int64([Int64])
    case bool([Bool])

    package var type: ElementType {
        switch self {
        case .float32: .float32
        case .int8: .int8
        case .uint8: .uint8
        case .int16: .int16
        case .uint16: .uint16
        case .int32: .int32
        case .int64: .int64
        case .bool: .bool
        }
    }

    package var count: Int {
        switch self {
        case .float32(let elements): elements.count
        case .int8(let elements): elements.count
        case .uint8(let elements): elements.count
        case .int16(let elements): elements.count
        case .uint16(let elements): elements.count
        case .int32(let elements): elements.count
        case .int64(let elements): elements.count
        case .bool(let elements): elements.count
        }
    }
}

/// A tensor with its elements: a constant of a model, or what the evaluator hands from node to node.
package struct TensorData: Hashable, Sendable {
    /// Empty for a scalar. The product is the number of elements.
    package var shape: [Int]
    package var elements: Elements

    package init(shape: [Int], _ elements: Elements) {
        precondition(shape.reduce(1, *) == elements.count)
        self.shape = shape
        self.elements = elements
    }

    package var type: ElementType { elements.type }
}
