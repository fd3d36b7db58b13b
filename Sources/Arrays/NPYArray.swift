/// An array as NumPy writes it (`.npy`, version 1, 2 or 3).
///
/// Files may be big-endian and in Fortran's order, columns first; here they are little-endian and row-major.
///
/// - Source: NumPy Enhancement Proposal 1, A simple file format for NumPy arrays.
package struct NPYArray: Sendable, Hashable {
    /// What one element is; the raw value is NumPy's word for it.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case float32 = "<f4"
        case float64 = "<f8"
        case int8 = "|i1"
        case uint8 = "|u1"
        case int16 = "<i2"
        case uint16 = "<u2"
        case int32 = "<i4"
        case int64 = "<i8"
        case bool = "|b1"

        /// Bytes of one element.
        package var size: Int {
            switch self {
            case .int8, .uint8, .bool: 1
            case .int16, .uint16: 2
            case .float32, .int32: 4
            case .float64, .int64: 8
            }
        }
    }

    package var kind: Kind
    package var shape: [Int]
    /// Row-major, little-endian.
    package var bytes: [UInt8]

    /// Far above any window, picture or record here, and far below what a hostile header could ask for.
    package static let elementLimit = 1 << 28

    package enum Flaw: Error, Hashable, Sendable, CustomStringConvertible {
        case notNPY(String)
        case cutShort(expectedBytes: Int, foundBytes: Int)

        package var description: String {
            switch self {
            case .notNPY(let text): text
            case .cutShort(let expected, let found): "expected \(expected) bytes of values, found \(found)"
            }
        }
    }

    package init(kind: Kind, shape: [Int], bytes: [UInt8]) {
        precondition(shape.reduce(1, *) * kind.size == bytes.count)
        self.kind = kind
        self.shape = shape
        self.bytes = bytes
    }

    /// - Throws: what was expected and what came; never reads beyond the bytes.
    package init(_ file: [UInt8]) throws(Flaw) {
        guard file.count >= 10, file.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) else {
            throw .notNPY("expected the mark \\x93NUMPY at the start")
        }
        // Version 3 differs from 2 in the letters that names of fields may have, and what has fields is refused.
        let isLong = file[6] == 2 || file[6] == 3
        guard file[6] == 1 || (isLong && file.count >= 12) else {
            throw .notNPY("expected version 1, 2 or 3, found \(file[6])")
        }
        let start = isLong ? 12 : 10
        let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(file[$1]) }
        guard length <= 65_536, start + length <= file.count else {
            throw .cutShort(expectedBytes: length, foundBytes: file.count - start)
        }
        let header = String(decoding: file[start..<start + length], as: UTF8.self)
        let word = String(Self.value(of: "descr", in: header)?.dropFirst().prefix { $0 != "'" } ?? "")
        let isBigEndian = word.hasPrefix(">")
        guard let kind = Kind(rawValue: isBigEndian ? "<" + word.dropFirst() : word) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw .notNPY("expected descr to be one of \(known), found \(header.prefix(80))")
        }
        let order = Self.value(of: "fortran_order", in: header) ?? ""
        guard order.hasPrefix("False") || order.hasPrefix("True") else {
            throw .notNPY("expected fortran_order True or False")
        }
        self.kind = kind
        shape = try Self.shape(header)
        let count = shape.reduce(1, *) * kind.size
        let first = start + length
        guard file.count - first == count else {
            throw .cutShort(expectedBytes: count, foundBytes: file.count - first)
        }
        bytes = Array(file[first...])
        if isBigEndian { swapBytes() }
        if order.hasPrefix("True") { reorder() }
    }

    private mutating func swapBytes() {
        for start in stride(from: 0, to: bytes.count, by: kind.size) {
            bytes[start..<start + kind.size].reverse()
        }
    }

    /// From columns first, where the first dimension runs fastest, to row-major.
    private mutating func reorder() {
        guard shape.count > 1, !bytes.isEmpty else { return }
        var strides: [Int] = []
        var count = 1
        for size in shape {
            strides.append(count)
            count *= size
        }
        var ordered: [UInt8] = []
        ordered.reserveCapacity(bytes.count)
        var index = [Int](repeating: 0, count: shape.count)
        for _ in 0..<count {
            let place = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * kind.size
            ordered += bytes[place..<place + kind.size]
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
                axis -= 1
            }
        }
        bytes = ordered
    }

    private static func shape(_ header: String) throws(Flaw) -> [Int] {
        guard let text = value(of: "shape", in: header), text.hasPrefix("("), let close = text.firstIndex(of: ")")
        else { throw .notNPY("expected a shape") }
        var shape: [Int] = []
        var count = 1
        for part in text[text.index(after: text.startIndex)..<close].split(separator: ",") {
            let digits = part.filter { $0 != " " }
            guard !digits.isEmpty else { continue }
            guard let size = Int(digits), size >= 0, size <= elementLimit else {
                throw .notNPY("expected sizes up to \(elementLimit), found \(part)")
            }
            count *= size
            guard count <= elementLimit else { throw .notNPY("expected at most \(elementLimit) values") }
            shape.append(size)
        }
        return shape
    }

    /// The header's text behind `'key': `.
    private static func value(of key: String, in header: String) -> Substring? {
        let mark = "'\(key)':"
        var rest = header[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) { return rest.dropFirst(mark.count).drop { $0 == " " } }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// The bytes of the `.npy` file, version 1.
    package var file: [UInt8] {
        let sizes = shape.map { "\($0)" }.joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var header = "{'descr': '\(kind.rawValue)', 'fortran_order': False, 'shape': (\(sizes)), }"
        // Values begin at a multiple of 64, behind a line end.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let length = header.utf8.count
        return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + header.utf8
            + bytes
    }

    /// Of a float32 array, its elements.
    /// - Throws: when it holds something else.
    package func floats() throws(Flaw) -> [Float] {
        guard kind == .float32 else { throw .notNPY("expected descr '<f4', found '\(kind.rawValue)'") }
        return bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
    }

    /// How many of `shape` this array holds one after the other: 1 for that shape itself.
    /// - Returns: nil where it is another shape.
    package func repeats(of shape: [Int]) -> Int? {
        if self.shape == shape { return 1 }
        guard let own = self.shape.first, let batch = shape.first, batch > 0, own % batch == 0,
            self.shape.dropFirst() == shape.dropFirst()
        else { return nil }
        return own / batch
    }
}
