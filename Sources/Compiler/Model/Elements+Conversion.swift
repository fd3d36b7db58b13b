extension Elements {
    /// As whole numbers: real numbers towards zero and saturated (zero for what is no number), truth as 1.
    var integers: [Int64] {
        switch self {
        case .float32(let elements): elements.map { Int64(nearest: $0.real.rounded(.towardZero)) }
        case .bool(let elements): elements.map { $0 ? 1 : 0 }
        case .int8(let elements): elements.map(Int64.init)
        case .uint8(let elements): elements.map(Int64.init)
        case .int16(let elements): elements.map(Int64.init)
        case .uint16(let elements): elements.map(Int64.init)
        case .int32(let elements): elements.map(Int64.init)
        case .int64(let elements): elements
        }
    }

    /// As real numbers, each the nearest one.
    package var reals: [Float] {
        switch self {
        case .float32(let elements): elements
        case .bool(let elements): elements.map { $0 ? 1 : 0 }
        case .int8(let elements): elements.map(Float.init)
        case .uint8(let elements): elements.map(Float.init)
        case .int16(let elements): elements.map(Float.init)
        case .uint16(let elements): elements.map(Float.init)
        case .int32(let elements): elements.map(Float.init)
        case .int64(let elements): elements.map(Float.init)
        }
    }

    /// Whole numbers as a type: modulo 2^bits; truth is what is not zero.
    package init(_ type: ElementType, wrapping integers: [Int64]) {
        switch type {
        case .float32: self = .float32(integers.map(Float.init))
        case .bool: self = .bool(integers.map { $0 != 0 })
        case .int8: self = .int8(integers.map { Int8(truncatingIfNeeded: $0) })
        case .uint8: self = .uint8(integers.map { UInt8(truncatingIfNeeded: $0) })
        case .int16: self = .int16(integers.map { Int16(truncatingIfNeeded: $0) })
        case .uint16: self = .uint16(integers.map { UInt16(truncatingIfNeeded: $0) })
        case .int32: self = .int32(integers.map { Int32(truncatingIfNeeded: $0) })
        case .int64: self = .int64(integers)
        }
    }

    /// The elements as another type: towards zero from real numbers, modulo 2^bits between whole numbers.
    func converted(to type: ElementType) -> Elements {
        if type == self.type { return self }
        if type == .float32 { return .float32(reals) }
        if type == .bool, case .float32(let elements) = self { return .bool(elements.map { $0 != 0 }) }
        return Elements(type, wrapping: integers)
    }
}
