internal import Glibc

/// A JPEG as its markers say it, checked before a coefficient is decoded.
///
/// All scans must be there, down to the last bit: what a file lacks, libjpeg would fill in.
/// - Source: ITU-T T.81, annexes B and G; JFIF 1.02; Adobe TN 5116, 18.
struct JPEGFile {
    /// A component of the frame.
    private struct Component {
        var id: UInt8
        var horizontal: Int
        var vertical: Int
        /// Of each of the 64 coefficients, the bits that no scan has brought yet.
        var missingBits = [Int](repeating: Self.all, count: 64)

        /// No scan has come yet.
        static let all = 99
    }

    private struct Marker {
        var code: UInt8
        var data: Range<Int>
        var place: PicturePlace
    }

    private(set) var width = 0
    private(set) var height = 0
    private(set) var orientation = Orientation.upright
    private(set) var notes: [PictureNote] = []
    private(set) var places: [PicturePlace] = []
    private(set) var scans = 0
    private var components: [Component] = []
    private var isProgressive = false
    private var hasNotes = false

    private static let startOfImage: UInt8 = 0xD8
    private static let endOfImage: UInt8 = 0xD9
    private static let startOfScan: UInt8 = 0xDA

    var isGrey: Bool { components.count == 1 }

    /// Bytes that decoding takes beside the pixels.
    var workBytes: Int {
        // Some rows of blocks and of pixels, and libjpeg's own records.
        let rows = 96 * (width + 64) + (256 << 10)
        guard isProgressive || scans > 1 else { return rows }
        // All coefficients are kept, 2 bytes each, in whole blocks of the largest sampling.
        let most = (components.map(\.horizontal).max() ?? 1, components.map(\.vertical).max() ?? 1)
        return components.reduce(rows) { sum, component in
            let across = (width + 8 * most.0 - 1) / (8 * most.0) * component.horizontal
            let down = (height + 8 * most.1 - 1) / (8 * most.1) * component.vertical
            return sum + across * down * 128
        }
    }

    init(_ file: FileBytes, _ limits: PictureLimits) throws(PictureError) {
        var at = 2
        while true {
            let marker = try Self.marker(file, at)
            guard places.count < PictureLimits.parts else {
                throw .tooLarge(.parts, limit: PictureLimits.parts, found: places.count + 1, at: marker.place)
            }
            places.append(marker.place)
            at = marker.data.upperBound
            if marker.code == Self.endOfImage { break }
            try read(marker, file, limits)
            if marker.code == Self.startOfScan { at = Self.endOfScan(file, at) }
        }
        try checkScans(PicturePlace("JPEG", at))
        if at < file.count { notes.append(.bytesBehindEnd(file.count - at)) }
    }

    private static func name(_ code: UInt8) -> String {
        switch code {
        case 0xC4: "DHT"
        case 0xC8: "JPG"
        case 0xCC: "DAC"
        case 0xC0...0xCF: "SOF\(code - 0xC0)"
        case startOfImage: "SOI"
        case endOfImage: "EOI"
        case startOfScan: "SOS"
        case 0xDB: "DQT"
        case 0xDC: "DNL"
        case 0xDD: "DRI"
        case 0xE0...0xEF: "APP\(code - 0xE0)"
        case 0xFE: "COM"
        default: hexadecimal([0xFF, code])
        }
    }

    private static func marker(_ file: FileBytes, _ start: Int) throws(PictureError) -> Marker {
        guard file.has(2, at: start) else {
            throw .truncated(
                expected: "markers up to EOI", found: "\(file.count - start) bytes", at: PicturePlace("JPEG", start))
        }
        guard file.bytes[start] == 0xFF else {
            throw .damaged(
                expected: "a marker", found: hexadecimal(file.bytes[start..<start + 2]), at: PicturePlace("JPEG", start)
            )
        }
        // Any number of fill bytes may stand before the code.
        var at = start + 1
        while at < file.count, file.bytes[at] == 0xFF { at += 1 }
        guard at < file.count else {
            throw .truncated(expected: "a marker", found: "fill bytes", at: PicturePlace("JPEG", start))
        }
        let code = file.bytes[at]
        let place = PicturePlace("JPEG \(name(code))", at - 1)
        at += 1
        switch code {
        case endOfImage: return Marker(code: code, data: at..<at, place: place)
        case 0x00...0xBF, 0xD0...0xD8:
            throw .damaged(expected: "a marker with data, or EOI", found: name(code), at: place)
        default: break
        }
        guard file.has(2, at: at) else {
            throw .truncated(expected: "a length", found: "\(file.count - at) bytes", at: place)
        }
        let length = file.bigEndian(2, at: at)
        guard length >= 2 else {
            throw .damaged(expected: "a length of at least 2", found: "\(length)", at: place)
        }
        guard file.has(length, at: at) else {
            throw .truncated(expected: "\(length) bytes", found: "\(file.count - at)", at: place)
        }
        return Marker(code: code, data: at + 2..<at + length, place: place)
    }

    /// The next marker behind coded data: restarts belong to the data, and a coded 0xFF is followed by 0.
    private static func endOfScan(_ file: FileBytes, _ start: Int) -> Int {
        // SAFETY: memchr looks at what lies between `at` and the count, and every index is compared with the count.
        file.bytes.withUnsafeBytes { bytes in
            var at = start
            while at + 1 < bytes.count, let base = bytes.baseAddress {
                guard let found = memchr(base + at, 0xFF, bytes.count - 1 - at) else { break }
                at = base.distance(to: UnsafeRawPointer(found))
                switch bytes[at + 1] {
                case 0x00, 0xD0...0xD7: at += 2
                case 0xFF: at += 1
                default: return at
                }
            }
            return bytes.count
        }
    }

    private mutating func read(
        _ marker: Marker, _ file: FileBytes, _ limits: PictureLimits
    ) throws(PictureError) {
        switch marker.code {
        case 0xC4: break
        case 0xC0...0xCF: try readFrame(marker, file, limits)
        case Self.startOfScan: try readScan(marker, file, limits)
        case 0xDC, 0xDE, 0xDF:
            throw .unsupported(
                expected: "one frame of a height that is known", found: Self.name(marker.code), at: marker.place)
        case 0xE1 where !hasNotes:
            let mark: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]
            let data = file.bytes[marker.data]
            guard data.starts(with: mark) else { return }
            hasNotes = true
            orientation = EXIF.orientation(Array(data.dropFirst(mark.count))) ?? .upright
        default: break
        }
    }

    private mutating func readFrame(
        _ marker: Marker, _ file: FileBytes, _ limits: PictureLimits
    ) throws(PictureError) {
        guard 0xC0...0xC2 ~= marker.code else {
            let kind =
                switch marker.code {
                case 0xC3: "lossless"
                case 0xC9...0xCC: "arithmetic coding"
                default: "a hierarchy of frames"
                }
            throw .unsupported(expected: "baseline or progressive, Huffman coded", found: kind, at: marker.place)
        }
        guard components.isEmpty else {
            throw .damaged(expected: "one frame", found: "another", at: marker.place)
        }
        let start = marker.data.lowerBound
        guard marker.data.count >= 6, marker.data.count == 6 + 3 * Int(file.bytes[start + 5]) else {
            throw .damaged(
                expected: "6 bytes and 3 a component", found: "\(marker.data.count) bytes", at: marker.place)
        }
        guard file.bytes[start] == 8 else {
            throw .unsupported(expected: "8 bits a channel", found: "\(file.bytes[start])", at: marker.place)
        }
        height = file.bigEndian(2, at: start + 1)
        width = file.bigEndian(2, at: start + 3)
        try limits.check(width: width, height: height, at: marker.place)
        let count = Int(file.bytes[start + 5])
        guard count == 1 || count == 3 else {
            throw .unsupported(
                expected: "grey or colour", found: count == 4 ? "CMYK, made for printing" : "\(count) components",
                at: marker.place)
        }
        isProgressive = marker.code == 0xC2
        for number in 0..<count {
            let at = start + 6 + 3 * number
            let sampling = (Int(file.bytes[at + 1] >> 4), Int(file.bytes[at + 1] & 15))
            guard 1...4 ~= sampling.0, 1...4 ~= sampling.1,
                !components.contains(where: { $0.id == file.bytes[at] })
            else {
                throw .damaged(
                    expected: "components of different names, sampled 1 to 4 times",
                    found: "component \(file.bytes[at]) at \(sampling.0) x \(sampling.1)", at: marker.place)
            }
            components.append(Component(id: file.bytes[at], horizontal: sampling.0, vertical: sampling.1))
        }
    }

    private mutating func readScan(
        _ marker: Marker, _ file: FileBytes, _ limits: PictureLimits
    ) throws(PictureError) {
        scans += 1
        guard scans <= limits.scans else {
            throw .tooLarge(.scans, limit: limits.scans, found: scans, at: marker.place)
        }
        guard !components.isEmpty else {
            throw .damaged(expected: "a frame before its scans", found: "none", at: marker.place)
        }
        let start = marker.data.lowerBound
        guard let count = file.bytes[marker.data].first.map(Int.init), 1...components.count ~= count,
            marker.data.count == 4 + 2 * count
        else {
            throw .damaged(
                expected: "1 to \(components.count) components and 4 bytes", found: "\(marker.data.count) bytes",
                at: marker.place)
        }
        let band = start + 1 + 2 * count
        let (first, last) = (Int(file.bytes[band]), Int(file.bytes[band + 1]))
        guard first <= last, last < 64, isProgressive || (first, last) == (0, 63) else {
            throw .damaged(expected: "coefficients 0 to 63", found: "\(first) to \(last)", at: marker.place)
        }
        for number in 0..<count {
            let id = file.bytes[start + 1 + 2 * number]
            guard let index = components.firstIndex(where: { $0.id == id }) else {
                throw .damaged(expected: "a component of the frame", found: "component \(id)", at: marker.place)
            }
            for coefficient in first...last {
                components[index].missingBits[coefficient] = Int(file.bytes[band + 2] & 15)
            }
        }
    }

    private func checkScans(_ place: PicturePlace) throws(PictureError) {
        guard !components.isEmpty else { throw .damaged(expected: "a frame before EOI", found: "none", at: place) }
        for component in components {
            guard let coefficient = component.missingBits.firstIndex(where: { $0 != 0 }) else { continue }
            let missing = component.missingBits[coefficient]
            throw .truncated(
                expected: "scans of all bits of component \(component.id)",
                found: missing == Component.all
                    ? "none of coefficient \(coefficient)"
                    : "lowest bits of coefficient \(coefficient) missing: \(missing)",
                at: place)
        }
    }
}
