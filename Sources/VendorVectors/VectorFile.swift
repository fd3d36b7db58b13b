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
        guard let array = arrays[key] else {
            throw VectorError("\(name).npz", expected: "an array \(key)", found: arrays.names.joined(separator: ", "))
        }
        return array
    }

    /// Integers of any width.
    func integers(_ key: String) throws(VectorError) -> (shape: [Int], values: [Int]) {
        let array = try array(key)
        guard let values = array.integers else {
            throw VectorError("\(name).npz: \(key)", expected: "integers", found: array.kind.rawValue)
        }
        return (array.shape, values)
    }

    func floats(_ key: String) throws(VectorError) -> (shape: [Int], values: [Float]) {
        let array = try array(key)
        do throws(NPYArray.Flaw) { return (array.shape, try array.floats()) } catch {
            throw VectorError("\(name).npz: \(key)", expected: "float32", found: "\(error)")
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

    func items() throws(VectorError) -> [VectorNode] {
        guard let items = value.arrayValue else {
            throw VectorError(place, expected: "an array", found: value.kindText)
        }
        return items.enumerated().map { VectorNode(place: "\(place)[\($0.offset)]", value: $0.element) }
    }

    /// One number, or several.
    func integers(in range: ClosedRange<Int>) throws(VectorError) -> [Int] {
        guard value.arrayValue != nil else { return [try integer(in: range)] }
        var numbers: [Int] = []
        for item in try items() { numbers.append(try item.integer(in: range)) }
        return numbers
    }

    func floats() throws(VectorError) -> [Float] {
        guard value.arrayValue != nil else { return [Float(try number())] }
        var numbers: [Float] = []
        for item in try items() { numbers.append(Float(try item.number())) }
        return numbers
    }
}

extension NPYArray {
    /// Its elements where they are integers.
    var integers: [Int]? {
        func read<Number: FixedWidthInteger>(_: Number.Type) -> [Int] {
            bytes.withUnsafeBytes { bytes in
                (0..<bytes.count / MemoryLayout<Number>.size).map {
                    Int(
                        Number(
                            littleEndian: bytes.loadUnaligned(
                                fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self)))
                }
            }
        }
        switch kind {
        case .int8: return read(Int8.self)
        case .uint8: return read(UInt8.self)
        case .int16: return read(Int16.self)
        case .uint16: return read(UInt16.self)
        case .int32: return read(Int32.self)
        case .int64: return read(Int64.self)
        case .float32, .float64, .bool: return nil
        }
    }
}
