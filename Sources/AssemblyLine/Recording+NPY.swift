package import Signals

/// A float32 array as NumPy writes it (`.npy`, version 1 or 2).
///
/// - Source: NumPy Enhancement Proposal 1, A simple file format for NumPy arrays.
package struct NPYArray: Sendable, Hashable {
    package var shape: [Int]
    /// Row-major.
    package var values: [Float]

    /// Far above any window or record here, and far below what a hostile header could ask for.
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

    /// - Throws: what was expected and what came; never reads beyond the bytes.
    package init(_ bytes: [UInt8]) throws(Flaw) {
        guard bytes.count >= 10, bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) else {
            throw .notNPY("expected the mark \\x93NUMPY at the start")
        }
        let isLong = bytes[6] == 2
        guard bytes[6] == 1 || (isLong && bytes.count >= 12) else {
            throw .notNPY("expected version 1 or 2, found \(bytes[6])")
        }
        let start = isLong ? 12 : 10
        let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard length <= 65_536, start + length <= bytes.count else {
            throw .cutShort(expectedBytes: length, foundBytes: bytes.count - start)
        }
        let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
        guard Self.value(of: "descr", in: header)?.hasPrefix("'<f4'") == true else {
            throw .notNPY("expected descr '<f4', found \(header.prefix(80))")
        }
        guard Self.value(of: "fortran_order", in: header)?.hasPrefix("False") == true else {
            throw .notNPY("expected fortran_order False")
        }
        guard let text = Self.value(of: "shape", in: header), text.hasPrefix("("), let close = text.firstIndex(of: ")")
        else { throw .notNPY("expected a shape") }
        var shape: [Int] = []
        var count = 1
        for part in text[text.index(after: text.startIndex)..<close].split(separator: ",") {
            guard let size = Int(part.filter { $0 != " " }), size >= 0, size <= Self.elementLimit else {
                throw .notNPY("expected sizes up to \(Self.elementLimit), found \(part)")
            }
            count *= size
            guard count <= Self.elementLimit else { throw .notNPY("expected at most \(Self.elementLimit) values") }
            shape.append(size)
        }
        let first = start + length
        guard bytes.count - first == 4 * count else {
            throw .cutShort(expectedBytes: 4 * count, foundBytes: bytes.count - first)
        }
        self.shape = shape
        values = (0..<count).map { index in
            let at = first + 4 * index
            let bits =
                UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3])
                << 24
            return Float(bitPattern: bits)
        }
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
}

extension Recording {
    /// A recording from an array: [samples] is one continuous record, [windows, samples] are windows on their own, and
    /// of [windows, samples, channels] one channel is taken.
    ///
    /// - Throws: when the array has another number of dimensions, or no such channel.
    package init(
        npy array: NPYArray, rateHertz: Double, windowSamples: Int, geometry: BearingGeometry, speedRPM: Double,
        loadPercent: Double? = nil, channel: Int = 0
    ) throws(NPYArray.Flaw) {
        switch array.shape.count {
        case 1:
            self.init(
                samples: array.values, shape: WindowShape(samples: windowSamples, rateHertz: rateHertz),
                geometry: geometry, speedRPM: speedRPM, loadPercent: loadPercent)
        case 2, 3:
            let samples = array.shape[1]
            let channels = array.shape.count == 3 ? array.shape[2] : 1
            guard (0..<channels).contains(channel) else {
                throw .notNPY("expected a channel below \(channels), found \(channel)")
            }
            let moments = (0..<array.shape[0]).map { row in
                Moment(
                    window: (0..<samples).map { array.values[(row * samples + $0) * channels + channel] },
                    speedRPM: speedRPM, loadPercent: loadPercent)
            }
            self.init(
                shape: WindowShape(samples: samples, rateHertz: rateHertz), geometry: geometry, moments: moments)
        default: throw .notNPY("expected 1 to 3 dimensions, found \(array.shape.count)")
        }
    }
}
