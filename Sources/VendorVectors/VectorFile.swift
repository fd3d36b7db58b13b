internal import Arrays
internal import Graph
internal import Trust

/// The two files of a model's vectors: what is said of it (JSON), and its arrays (`.npz`).
struct VectorFile {
    let name: String
    let description: StrictJSON
    let arrays: NPZArchive

    /// - Parameter name: the path without extension, for messages.
    init(name: String, json: [UInt8], npz: [UInt8]) throws(VectorError) {
        self.name = name
        do throws(TrustError) {
            description = try StrictJSON(parsing: json, limits: .init(bytes: 1 << 24))
        } catch {
            throw VectorError("\(name).json", expected: "JSON", found: "\(error)")
        }
        do throws(NPZArchive.Flaw) { arrays = try NPZArchive(npz) } catch {
            throw VectorError("\(name).npz", expected: "NumPy arrays", found: "\(error)")
        }
    }

    var root: VectorNode { VectorNode(place: "\(name).json", value: description) }

    func array(_ key: String) throws(VectorError) -> NPYArray {
        let found: NPYArray?
        do throws(NPZArchive.Flaw) { found = try arrays.array(key) } catch {
            throw VectorError("\(name).npz: \(key)", expected: "an array of numbers", found: "\(error)")
        }
        guard let found else {
            throw VectorError("\(name).npz", expected: "an array \(key)", found: arrays.names.joined(separator: ", "))
        }
        guard found.shape.allSatisfy({ $0 > 0 }) else {
            throw VectorError("\(name).npz: \(key)", expected: "sizes of 1 or more", found: "\(found.shape)")
        }
        return found
    }

    /// Integers of any width, each in the range.
    func integers(_ key: String, in range: ClosedRange<Int>) throws(VectorError) -> (shape: [Int], values: [Int]) {
        let array = try array(key)
        guard let values = array.integers else {
            throw VectorError("\(name).npz: \(key)", expected: "integers", found: array.kind.rawValue)
        }
        if let other = values.first(where: { !range.contains($0) }) {
            throw VectorError("\(name).npz: \(key)", expected: "integers in \(range)", found: "\(other)")
        }
        return (array.shape, values)
    }

    /// Numbers of 8 bits, as int8 or uint8 holds them or in wider integers.
    /// - Parameter declared: `int8` or `uint8`, for wider integers that may be either.
    /// - Parameter zeroPoints: theirs, which tell too what they are.
    /// - Returns: the numbers as int8, and what was taken off them for it: 128 or 0.
    func bytes(_ key: String, declared: String? = nil, zeroPoints: [Int]) throws(VectorError)
        -> (shape: [Int], values: [Int8], origin: Int)
    {
        let array = try array(key)
        let (shape, values) = try integers(key, in: -128...255)
        let isUnsigned: Bool =
            switch (array.kind, declared) {
            case (.int8, _): false
            case (.uint8, _), (_, "uint8"): true
            case (_, "int8"): false
            default: !(values + zeroPoints).allSatisfy { (-128...127).contains($0) }
            }
        let origin = isUnsigned ? 128 : 0
        var elements: [Int8] = []
        elements.reserveCapacity(values.count)
        for value in values {
            guard let element = Int8(exactly: value - origin) else {
                throw VectorError(
                    "\(name).npz: \(key)", expected: "numbers of \(isUnsigned ? "uint8" : "int8")", found: "\(value)")
            }
            elements.append(element)
        }
        return (shape, elements, origin)
    }

    /// Real numbers of any width, as float32 numbers.
    func floats(_ key: String) throws(VectorError) -> (shape: [Int], values: [Float]) {
        let array = try array(key)
        switch array.kind {
        case .float32:
            do throws(NPYArray.Flaw) { return (array.shape, try array.floats()) } catch {
                throw VectorError("\(name).npz: \(key)", expected: "real numbers", found: "\(error)")
            }
        case .float64: return (array.shape, array.read(UInt64.self).map { Float(Double(bitPattern: $0)) })
        default: return (array.shape, (array.integers ?? []).map { Float($0) })
        }
    }
}

/// A place in the JSON, which errors name.
struct VectorNode {
    var place: String
    var value: StrictJSON

    func child(_ key: String) throws(VectorError) -> VectorNode {
        guard let found = value[key] else {
            throw VectorError(place, expected: "a member \(key)", found: value.kindText)
        }
        return VectorNode(place: "\(place): \(key)", value: found)
    }

    /// nil where it is missing or null.
    func optional(_ key: String) -> VectorNode? {
        guard let found = value[key], found != .null else { return nil }
        return VectorNode(place: "\(place): \(key)", value: found)
    }

    func text() throws(VectorError) -> String {
        guard let text = value.stringValue else {
            throw VectorError(place, expected: "a string", found: value.kindText)
        }
        return text
    }

    func flag() throws(VectorError) -> Bool {
        guard case .bool(let flag) = value else {
            throw VectorError(place, expected: "true or false", found: value.kindText)
        }
        return flag
    }

    func number() throws(VectorError) -> Double {
        switch value {
        case .integer(let number): return Double(number)
        case .decimal(let text):
            if let number = Double(text) { return number }
        default: break
        }
        throw VectorError(place, expected: "a number", found: value.kindText)
    }

    func integer(in range: ClosedRange<Int>) throws(VectorError) -> Int {
        guard let number = value.integerValue, range.contains(Int(number)) else {
            throw VectorError(place, expected: "an integer in \(range)", found: value.kindText)
        }
        return Int(number)
    }

    /// Anything else than one of `words`, in whatever letters, is an error.
    func word(among words: [String]) throws(VectorError) -> String {
        let text = try text()
        guard let word = words.first(where: { $0 == text.lowercased() }) else {
            throw VectorError(place, expected: words.joined(separator: " or "), found: text)
        }
        return word
    }

    /// A share of 1.
    func share() throws(VectorError) -> Double {
        let number = try number()
        guard (0...1).contains(number) else {
            throw VectorError(place, expected: "a number in 0...1", found: value.kindText)
        }
        return number
    }

    func items() throws(VectorError) -> [VectorNode] {
        guard let items = value.arrayValue else {
            throw VectorError(place, expected: "an array", found: value.kindText)
        }
        return items.enumerated().map { VectorNode(place: "\(place)[\($0.offset)]", value: $0.element) }
    }

    /// One number, or several.
    /// - Parameter counts: how many there may be; any but none where nil.
    func integers(in range: ClosedRange<Int>, counts: [Int]? = nil) throws(VectorError) -> [Int] {
        guard value.arrayValue != nil else { return [try integer(in: range)] }
        var numbers: [Int] = []
        for item in try items() { numbers.append(try item.integer(in: range)) }
        guard counts?.contains(numbers.count) ?? !numbers.isEmpty else {
            let expected = counts.map { Set($0).sorted().map(String.init).joined(separator: " or ") } ?? "1 or more"
            throw VectorError(place, expected: "\(expected) numbers", found: "\(numbers.count)")
        }
        return numbers
    }

    /// One weight scale, or several; 0 where a channel has no weights.
    func scales() throws(VectorError) -> [Float] {
        var numbers: [Float] = []
        for item in value.arrayValue == nil ? [self] : try items() {
            let scale = Float(try item.number())
            guard scale.isFinite, scale >= 0 else {
                throw VectorError(item.place, expected: "a finite scale of 0 or more", found: item.value.kindText)
            }
            numbers.append(scale)
        }
        guard !numbers.isEmpty else { throw VectorError(place, expected: "1 or more scales", found: "none") }
        return numbers
    }
}

extension NPYArray {
    /// Its elements where they are integers, or true and false as 1 and 0.
    var integers: [Int]? {
        switch kind {
        case .int8: read(Int8.self).map { Int($0) }
        case .uint8: read(UInt8.self).map { Int($0) }
        case .int16: read(Int16.self).map { Int($0) }
        case .uint16: read(UInt16.self).map { Int($0) }
        case .int32: read(Int32.self).map { Int($0) }
        case .int64: read(Int64.self).map { Int($0) }
        case .bool: read(UInt8.self).map { $0 == 0 ? 0 : 1 }
        case .float32, .float64: nil
        }
    }

    func read<Number: FixedWidthInteger>(_: Number.Type) -> [Number] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / MemoryLayout<Number>.size).map {
                Number(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self))
            }
        }
    }
}
