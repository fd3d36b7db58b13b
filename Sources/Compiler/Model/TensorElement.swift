/// A Swift type whose values are elements of tensors.
protocol TensorElement: Hashable, Sendable {
    static func elements(_ array: [Self]) -> Elements
    /// nil if the elements are of another type.
    static func array(_ elements: Elements) -> [Self]?
    /// Zero, or false.
    static var nought: Self { get }
    /// Exact but for int64 beyond 2^53.
    var real: Double { get }
    /// The nearest one of the type (ties to even, saturated); zero for what is no number. True if it is not zero.
    init(nearest real: Double)
    /// false comes before true.
    static func isLess(_ a: Self, _ b: Self) -> Bool
}

extension TensorElement where Self: Comparable {
    static func isLess(_ a: Self, _ b: Self) -> Bool { a < b }
}

/// A whole-number type of elements.
protocol TensorInteger: TensorElement, FixedWidthInteger {}

extension TensorInteger {
    static var nought: Self { 0 }
    var real: Double { Double(self) }
    init(nearest real: Double) {
        // Float's own bounds: Double(Int64.max) is 2^63, which no Int64 holds.
        let rounded = real.rounded(.toNearestOrEven)
        if rounded.isNaN {
            self = 0
        } else if rounded >= Double(Self.max) {
            self = .max
        } else if rounded <= Double(Self.min) {
            self = .min
        } else {
            self = Self(rounded)
        }
    }
}

extension Float: TensorElement {
    static func elements(_ array: [Float]) -> Elements { .float32(array) }
    static func array(_ elements: Elements) -> [Float]? {
        if case .float32(let array) = elements { array } else { nil }
    }
    static var nought: Float { 0 }
    var real: Double { Double(self) }
    init(nearest real: Double) { self = Float(real) }
}

extension Int8: TensorInteger {
    static func elements(_ array: [Int8]) -> Elements { .int8(array) }
    static func array(_ elements: Elements) -> [Int8]? { if case .int8(let array) = elements { array } else { nil } }
}

extension UInt8: TensorInteger {
    static func elements(_ array: [UInt8]) -> Elements { .uint8(array) }
    static func array(_ elements: Elements) -> [UInt8]? { if case .uint8(let array) = elements { array } else { nil } }
}

extension Int16: TensorInteger {
    static func elements(_ array: [Int16]) -> Elements { .int16(array) }
    static func array(_ elements: Elements) -> [Int16]? { if case .int16(let array) = elements { array } else { nil } }
}

extension UInt16: TensorInteger {
    static func elements(_ array: [UInt16]) -> Elements { .uint16(array) }
    static func array(_ elements: Elements) -> [UInt16]? {
        if case .uint16(let array) = elements { array } else { nil }
    }
}

extension Int32: TensorInteger {
    static func elements(_ array: [Int32]) -> Elements { .int32(array) }
    static func array(_ elements: Elements) -> [Int32]? { if case .int32(let array) = elements { array } else { nil } }
}

extension Int64: TensorInteger {
    static func elements(_ array: [Int64]) -> Elements { .int64(array) }
    static func array(_ elements: Elements) -> [Int64]? { if case .int64(let array) = elements { array } else { nil } }
}

extension Bool: TensorElement {
    static func elements(_ array: [Bool]) -> Elements { .bool(array) }
    static func array(_ elements: Elements) -> [Bool]? { if case .bool(let array) = elements { array } else { nil } }
    static var nought: Bool { false }
    var real: Double { self ? 1 : 0 }
    init(nearest real: Double) { self = real != 0 }
    static func isLess(_ a: Bool, _ b: Bool) -> Bool { !a && b }
}

/// Work that reads the same for each type of element.
protocol ElementWork {
    associatedtype Outcome
    func callAsFunction<Element: TensorElement>(_ elements: [Element]) throws(ModelError) -> Outcome
}

/// Work that reads the same for each whole-number type of element.
protocol IntegerWork {
    associatedtype Outcome
    func callAsFunction<Element: TensorInteger>(_ elements: [Element]) throws(ModelError) -> Outcome
}

extension Elements {
    func apply<Work: ElementWork>(_ work: Work) throws(ModelError) -> Work.Outcome {
        switch self {
        case .float32(let elements): try work(elements)
        case .bool(let elements): try work(elements)
        case .int8(let elements): try work(elements)
        case .uint8(let elements): try work(elements)
        case .int16(let elements): try work(elements)
        case .uint16(let elements): try work(elements)
        case .int32(let elements): try work(elements)
        case .int64(let elements): try work(elements)
        }
    }

    /// nil for real numbers and truth values.
    func applyToIntegers<Work: IntegerWork>(_ work: Work) throws(ModelError) -> Work.Outcome? {
        switch self {
        case .float32, .bool: nil
        case .int8(let elements): try work(elements)
        case .uint8(let elements): try work(elements)
        case .int16(let elements): try work(elements)
        case .uint16(let elements): try work(elements)
        case .int32(let elements): try work(elements)
        case .int64(let elements): try work(elements)
        }
    }
}

extension ElementType {
    static let integers: [ElementType] = [.int8, .uint8, .int16, .uint16, .int32, .int64]
    static let numbers: [ElementType] = [.float32] + integers
}
