internal import CZlib

/// Writes PNG files: evidence beside an alert, heat maps. The same picture gives the same bytes on the same zlib.
///
/// - Source: PNG (Third Edition), W3C, 5, 9 and 10.
package enum PNGEncoder {
    /// A colour of a palette.
    package struct Colour: Sendable, Hashable {
        package var red: UInt8
        package var green: UInt8
        package var blue: UInt8

        package init(red: UInt8, green: UInt8, blue: UInt8) {
            self.red = red
            self.green = green
            self.blue = blue
        }
    }

    private static let grey: UInt8 = 0
    private static let colour: UInt8 = 2
    private static let palette: UInt8 = 3
    /// Up to twice as fast as zlib's own choice, 6, for 2 to 3 % more bytes of what cameras see.
    private static let compressionLevel: Int32 = 3

    /// A picture as it is, without loss.
    package static func encode(_ picture: Picture) -> [UInt8] {
        let rowBytes = picture.width * picture.channels
        var filter = RowFilter(rowBytes: rowBytes, pixelBytes: picture.channels)
        var filtered: [UInt8] = []
        filtered.reserveCapacity((rowBytes + 1) * picture.height)
        for start in stride(from: 0, to: picture.pixels.count, by: rowBytes) {
            filtered += filter.filtered(picture.pixels[start..<start + rowBytes])
        }
        return file(picture.width, picture.height, picture.channels == 1 ? grey : colour, palette: nil, filtered)
    }

    /// A picture whose bytes are numbers of colours: a third of the size where there are few.
    ///
    /// - Parameters:
    ///   - indices: width * height numbers, rows from the top, each below the palette's count.
    ///   - palette: 1 to 256 colours.
    package static func encode(indices: [UInt8], width: Int, height: Int, palette colours: [Colour]) -> [UInt8] {
        precondition(width > 0 && height > 0 && indices.count == width * height)
        precondition(1...256 ~= colours.count && indices.allSatisfy { Int($0) < colours.count })
        var rows: [UInt8] = []
        rows.reserveCapacity((width + 1) * height)
        for start in stride(from: 0, to: indices.count, by: width) {
            // Neighbouring numbers are no neighbouring colours, so differences say nothing: rows stay as they are.
            rows.append(0)
            rows += indices[start..<start + width]
        }
        return file(width, height, palette, palette: colours, rows)
    }

    private static func file(
        _ width: Int, _ height: Int, _ kind: UInt8, palette: [Colour]?, _ rows: [UInt8]
    ) -> [UInt8] {
        var file = PNGFile.signature
        append("IHDR", bigEndian(width) + bigEndian(height) + [8, kind, 0, 0, 0], to: &file)
        if let palette { append("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file) }
        append("IDAT", deflated(rows), to: &file)
        append("IEND", [], to: &file)
        return file
    }

    private static func append(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        let body = Array(name.utf8) + data
        file += bigEndian(data.count)
        file += body
        // SAFETY: the buffer is read inside the call only.
        file += bigEndian(body.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) })
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    // SAFETY: zlib reads `bytes` and writes at most the bound that it has named itself; both live during the call.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(compressBound(uLong(bytes.count)))) { target, count in
            var length = uLong(target.count)
            let status = bytes.withUnsafeBufferPointer {
                compress2(target.baseAddress, &length, $0.baseAddress, uLong($0.count), compressionLevel)
            }
            precondition(status == Z_OK, "zlib has no memory, or less room than it named")
            count = Int(length)
        }
    }
}

/// Rows as differences, whichever of the five kinds makes the smallest numbers.
///
/// - Source: PNG (Third Edition), 9.2, and 12.7 for the choice.
private struct RowFilter {
    private var above: [UInt8]
    private let pixelBytes: Int

    init(rowBytes: Int, pixelBytes: Int) {
        above = [UInt8](repeating: 0, count: rowBytes)
        self.pixelBytes = pixelBytes
    }

    /// - Returns: the kind's number and the row.
    mutating func filtered(_ row: ArraySlice<UInt8>) -> [UInt8] {
        let row = Array(row)
        var best: [UInt8] = []
        var least = Int.max
        for kind in 0..<5 as Range<UInt8> {
            var candidate: [UInt8] = [kind]
            candidate.reserveCapacity(row.count + 1)
            var sum = 0
            for index in row.indices {
                let difference = row[index] &- prediction(kind, row, index)
                candidate.append(difference)
                sum += Int(Int8(bitPattern: difference).magnitude)
            }
            if sum < least { (best, least) = (candidate, sum) }
        }
        above = row
        return best
    }

    private func prediction(_ kind: UInt8, _ row: [UInt8], _ index: Int) -> UInt8 {
        let isFirst = index < pixelBytes
        let left = isFirst ? 0 : row[index - pixelBytes]
        let up = above[index]
        switch kind {
        case 0: return 0
        case 1: return left
        case 2: return up
        case 3: return UInt8((Int(left) + Int(up)) / 2)
        default:
            let corner = isFirst ? 0 : above[index - pixelBytes]
            let estimate = Int(left) + Int(up) - Int(corner)
            let (toLeft, toUp, toCorner) = (
                abs(estimate - Int(left)), abs(estimate - Int(up)), abs(estimate - Int(corner))
            )
            if toLeft <= toUp && toLeft <= toCorner { return left }
            return toUp <= toCorner ? up : corner
        }
    }
}
