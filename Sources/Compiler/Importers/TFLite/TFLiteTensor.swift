/// One row of the file's tensors.
struct TFLiteTensor {
    let number: Int
    let name: String
    let type: ElementFormat
    let shape: [Int]
    /// Which dimensions the file leaves open; they are 1 in `shape`.
    let isOpen: [Bool]
    /// Number of the buffer that holds its elements; 0 for none.
    let buffer: Int
    let isVariable: Bool
    /// Read only where the tensor is used.
    private let table: FlatTable

    /// The schema's `TensorType`.
    enum ElementFormat: Int {
        case float32, float16, int32, uint8, int64, string, bool, int16, complex64, int8, float64, complex128, uint64
        case resource, variant, uint32, uint16, int4, bfloat16, int2, uint4, float8e4m3, float8e5m2
    }

    init(_ table: FlatTable, number: Int) throws(ModelError) {
        self.table = table
        self.number = number
        let name = try table.string("name", 3) ?? ""
        self.name = name.isEmpty ? "tensor_\(number)" : name
        let type = try table.byte("type", 1)
        guard let format = ElementFormat(rawValue: type) else {
            throw .unsupported(.init("type of \(table.name)", expected: "a type known in 2025", found: "\(type)"))
        }
        self.type = format
        let extents = try table.numbers("shape", 0, of: Int32.self) ?? []
        guard extents.count <= Self.maximumRank else {
            throw .tooLarge(
                .init(
                    "shape of \(table.name)", expected: "at most \(Self.maximumRank) dimensions",
                    found: "\(extents.count)"))
        }
        let signature = try table.numbers("shape_signature", 7, of: Int32.self) ?? []
        guard signature.isEmpty || signature.count == extents.count else {
            throw .malformed(
                .init(
                    "shape_signature of \(table.name)", expected: "\(extents.count) dimensions",
                    found: "\(signature.count)"))
        }
        isOpen = extents.indices.map { extents[$0] == -1 || (!signature.isEmpty && signature[$0] == -1) }
        shape = extents.map { $0 == -1 ? 1 : Int($0) }
        do throws(ModelError) {
            _ = try Shape.count(shape, of: table.name)
        } catch .mismatch(let fault) {
            throw .malformed(fault)
        }
        let buffer = try table.number("buffer", 2, default: UInt32(0))
        guard try table.number("external_buffer", 10, default: UInt32(0)) == 0 else {
            throw .unsupported(
                .init(
                    "external_buffer of \(table.name)", expected: "elements in the file itself",
                    found: "elements in another file", advice: "convert the model to one file"))
        }
        self.buffer = Int(buffer)
        isVariable = try table.flag("is_variable", 5)
    }

    /// What messages call it: `tensor 17 ("conv1/weights")`.
    var place: String { "tensor \(number) (\"\(name)\")" }

    /// The type its elements have in a model; four bits and half floats are widened when they are read.
    func elementType() throws(ModelError) -> ElementType {
        switch type {
        case .float32, .float16: return .float32
        case .int8, .int4: return .int8
        case .uint8: return .uint8
        case .int16: return .int16
        case .uint16: return .uint16
        case .int32: return .int32
        case .int64: return .int64
        case .bool: return .bool
        default:
            throw .unsupported(
                .init(
                    "type", expected: "float32, float16, int4, int8, uint8, int16, uint16, int32, int64 or bool",
                    found: "\(type)", place: place))
        }
    }

    /// The elements of a constant.
    ///
    /// - Parameter range: where they lie in the file; nil for a tensor without elements.
    func constant(in range: Range<Int>?, of file: FlatBuffer) throws(ModelError) -> TensorData {
        guard try table.table("sparsity", 6) == nil else {
            throw .unsupported(
                .init(
                    "sparsity", expected: "dense weights", found: "sparse ones", place: place,
                    advice: "convert the model without sparsity, or densify it"))
        }
        let elementType = try elementType()
        let count = try Shape.count(shape, of: place)
        let expected: Int
        switch type {
        case .int4: expected = (count + 1) / 2
        case .float16: expected = 2 * count
        default: expected = count * elementType.size
        }
        let range = range ?? 0..<0
        guard range.count == expected else {
            throw .malformed(
                .init(
                    "bytes of the constant", expected: "\(expected) for \(type) \(shape)", found: "\(range.count)",
                    place: place))
        }
        try file.spend(count * elementType.size, on: "elements of \(place)")
        return TensorData(shape: shape, try elements(in: range, of: file, count: count))
    }

    private func elements(in range: Range<Int>, of file: FlatBuffer, count: Int) throws(ModelError) -> Elements {
        switch type {
        case .float32: return .float32(try file.elements(Float.self, in: range))
        case .float16: return .float32(try file.elements(UInt16.self, in: range).map(Float.init(halfBits:)))
        case .int4:
            // Two elements a byte, the first one in the lower half.
            let pairs = try file.elements(Int8.self, in: range)
            let halves = pairs.flatMap { pair -> [Int8] in [(pair << 4) >> 4, pair >> 4] }
            return .int8(Array(halves.prefix(count)))
        case .int8: return .int8(try file.elements(Int8.self, in: range))
        case .uint8: return .uint8(try file.elements(UInt8.self, in: range))
        case .int16: return .int16(try file.elements(Int16.self, in: range))
        case .uint16: return .uint16(try file.elements(UInt16.self, in: range))
        case .int32: return .int32(try file.elements(Int32.self, in: range))
        case .int64: return .int64(try file.elements(Int64.self, in: range))
        default: return .bool(try file.elements(UInt8.self, in: range).map { $0 != 0 })
        }
    }

    /// How the tensor's integers stand for real numbers; nil where the file says nothing, or for real numbers.
    ///
    /// - Throws: `.malformed` for scales that are not finite and above zero, zero points outside the type, counts that
    ///   do not fit the shape.
    func quantization() throws(ModelError) -> ValueQuantization? {
        let elementType = try elementType()
        guard elementType != .float32, elementType != .bool, let table = try table.table("quantization", 4) else {
            return nil
        }
        guard try table.byte("details_type", 4) == 0 else {
            throw .unsupported(
                .init(
                    "quantization", expected: "one scale a tensor or a slice", found: "a scheme of its own",
                    place: place, advice: "convert the model without block-wise or custom quantization"))
        }
        let scales = try table.numbers("scale", 2, of: Float.self) ?? []
        if scales.isEmpty { return nil }
        guard let bad = scales.first(where: { !$0.isFinite || $0 <= 0 }) else {
            return try quantization(table, scales, of: elementType)
        }
        throw .malformed(.init("scale", expected: "a finite number above zero", found: "\(bad)", place: place))
    }

    private func quantization(
        _ table: FlatTable, _ scales: [Float], of elementType: ElementType
    ) throws(ModelError) -> ValueQuantization {
        let axis = try table.int("quantized_dimension", 6)
        let isPerAxis = scales.count > 1
        guard !isPerAxis || (axis >= 0 && axis < shape.count && shape[axis] == scales.count) else {
            let expected =
                axis >= 0 && axis < shape.count ? "1 or \(shape[axis])" : "1, as there is no dimension \(axis)"
            throw .malformed(
                .init("number of scales", expected: "\(expected) for \(shape)", found: "\(scales.count)", place: place))
        }
        var zeroPoints = try table.numbers("zero_point", 3, of: Int64.self) ?? []
        if zeroPoints.isEmpty { zeroPoints = [0] }
        if zeroPoints.count == 1 { zeroPoints = Array(repeating: zeroPoints[0], count: scales.count) }
        guard zeroPoints.count == scales.count else {
            throw .malformed(
                .init(
                    "number of zero points", expected: "\(scales.count)", found: "\(zeroPoints.count)", place: place))
        }
        let range = Self.zeroPoints(of: elementType)
        if let bad = zeroPoints.first(where: { !range.contains($0) }) {
            throw .malformed(
                .init(
                    "zero point", expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(bad)", place: place)
            )
        }
        return ValueQuantization(
            scales: scales, zeroPoints: zeroPoints.map { Int32($0) }, axis: isPerAxis ? axis : nil)
    }

    private static func zeroPoints(of type: ElementType) -> ClosedRange<Int64> {
        switch type {
        case .int8: -128...127
        case .uint8: 0...255
        case .int16: -32_768...32_767
        case .uint16: 0...65_535
        default: Int64(Int32.min)...Int64(Int32.max)
        }
    }

    /// TensorFlow Lite's own kernels go to 8 dimensions.
    private static let maximumRank = 8
}
