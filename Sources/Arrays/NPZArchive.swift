internal import CZlib

/// Arrays by name as NumPy writes them together (`.npz`): a ZIP archive of `.npy` files, stored or deflated.
///
/// - Source: PKWARE APPNOTE 6.3, sections 4.3 and 4.4; no ZIP64, no encryption.
package struct NPZArchive: Sendable {
    package enum Flaw: Error, Hashable, Sendable, CustomStringConvertible {
        case notNPZ(expected: String, found: String)
        case entry(name: String, expected: String, found: String)
        case array(name: String, NPYArray.Flaw)

        package var description: String {
            switch self {
            case .notNPZ(let expected, let found): "expected \(expected), found \(found)"
            case .entry(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
            case .array(let name, let flaw): "\(name): \(flaw)"
            }
        }
    }

    /// Bytes of all arrays together that an archive may unpack to.
    package static let byteLimit = 1 << 30

    private let entries: [String: Result<NPYArray, NPYArray.Flaw>]

    package var names: [String] { entries.keys.sorted() }

    /// The array of that name, without `.npy`; nil where it has none that can be read.
    package subscript(_ name: String) -> NPYArray? { try? entries[name]?.get() }

    /// - Returns: nil where there is none of that name.
    /// - Throws: what the entry is instead of an array: text, or numbers of another kind.
    package func array(_ name: String) throws(Flaw) -> NPYArray? {
        do throws(NPYArray.Flaw) { return try entries[name]?.get() } catch { throw .array(name: name, error) }
    }

    /// - Throws: what was expected and what came, with the entry's name; never reads beyond the bytes. An entry that is
    ///   whole and no array is refused where it is asked for.
    package init(_ file: [UInt8]) throws(Flaw) {
        let reader = LittleEndianReader(bytes: file)
        // The end of the directory is the last thing; a comment of up to 65,535 bytes may follow it.
        let earliest = max(file.count - 22 - 65_535, 0)
        var end = file.count - 22
        while end >= earliest, reader.integer(at: end, bytes: 4) != 0x0605_4B50 { end -= 1 }
        guard end >= earliest, end >= 0 else {
            throw .notNPZ(expected: "a ZIP archive", found: "no end of directory in \(file.count) bytes")
        }
        let count = reader.integer(at: end + 10, bytes: 2)
        var at = reader.integer(at: end + 16, bytes: 4)
        var unpacked = 0
        var entries: [String: Result<NPYArray, NPYArray.Flaw>] = [:]
        for _ in 0..<count {
            guard reader.integer(at: at, bytes: 4) == 0x0201_4B50 else {
                throw .notNPZ(expected: "\(count) entries in the directory", found: "\(entries.count)")
            }
            let entry = try Entry(reader, at: at)
            at = entry.next
            unpacked += entry.size
            guard unpacked <= Self.byteLimit else {
                throw .entry(
                    name: entry.name, expected: "at most \(Self.byteLimit) bytes in all arrays", found: "\(unpacked)")
            }
            guard entry.name.hasSuffix(".npy") else {
                throw .entry(name: entry.name, expected: "a name ending in .npy", found: "none")
            }
            let bytes = try entry.bytes(of: file, reader)
            let name = String(entry.name.dropLast(4))
            entries[name] = Result { () throws(NPYArray.Flaw) in try NPYArray(bytes) }
        }
        self.entries = entries
    }
}

/// One file of the archive, as the directory says it.
private struct Entry {
    var name: String
    var method: Int
    var checksum: Int
    var packed: Int
    var size: Int
    var header: Int
    var next: Int

    init(_ reader: LittleEndianReader, at: Int) throws(NPZArchive.Flaw) {
        let nameBytes = reader.integer(at: at + 28, bytes: 2)
        name = reader.text(at: at + 46, bytes: nameBytes)
        let flags = reader.integer(at: at + 8, bytes: 2)
        method = reader.integer(at: at + 10, bytes: 2)
        checksum = reader.integer(at: at + 16, bytes: 4)
        packed = reader.integer(at: at + 20, bytes: 4)
        size = reader.integer(at: at + 24, bytes: 4)
        header = reader.integer(at: at + 42, bytes: 4)
        next = at + 46 + nameBytes + reader.integer(at: at + 30, bytes: 2) + reader.integer(at: at + 32, bytes: 2)
        guard flags & 1 == 0, [0, 8].contains(method) else {
            throw .entry(
                name: name, expected: "a file stored or deflated, not encrypted",
                found: "method \(method), flags \(flags)")
        }
    }

    func bytes(of file: [UInt8], _ reader: LittleEndianReader) throws(NPZArchive.Flaw) -> [UInt8] {
        let start =
            header + 30 + reader.integer(at: header + 26, bytes: 2) + reader.integer(at: header + 28, bytes: 2)
        guard reader.integer(at: header, bytes: 4) == 0x0403_4B50, start + packed <= file.count else {
            throw .entry(name: name, expected: "\(packed) bytes at \(start)", found: "a file of \(file.count)")
        }
        let content = method == 0 ? Array(file[start..<start + packed]) : try inflated(file, start)
        guard content.count == size else {
            throw .entry(name: name, expected: "\(size) bytes", found: "\(content.count)")
        }
        // SAFETY: the buffer is read inside the call only.
        let found = content.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
        guard found == UInt(checksum) else {
            throw .entry(name: name, expected: "checksum \(checksum)", found: "\(found)")
        }
        return content
    }

    // SAFETY: zlib reads `packed` bytes from `start`, which the caller has checked to be there, and writes at most the
    // `size` bytes that the array has; both buffers live until inflateEnd.
    private func inflated(_ file: [UInt8], _ start: Int) throws(NPZArchive.Flaw) -> [UInt8] {
        var status = Z_OK
        let content = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { target, count in
            file.withUnsafeBufferPointer { source in
                var stream = z_stream()
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress.map { $0 + start })
                stream.avail_in = UInt32(packed)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(size)
                status = mw_inflate_init_raw(&stream)
                guard status == Z_OK else { return }
                status = inflate(&stream, Z_FINISH)
                count = Int(stream.total_out)
                inflateEnd(&stream)
            }
        }
        guard status == Z_STREAM_END else {
            throw .entry(name: name, expected: "\(size) bytes deflated", found: "zlib's status \(status)")
        }
        return content
    }
}

/// Integers and text of a file; 0 and nothing beyond its end.
private struct LittleEndianReader {
    var bytes: [UInt8]

    func integer(at offset: Int, bytes count: Int) -> Int {
        guard offset >= 0, offset <= bytes.count - count else { return 0 }
        return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }

    func text(at offset: Int, bytes count: Int) -> String {
        guard offset >= 0, offset <= bytes.count - count else { return "" }
        return String(decoding: bytes[offset..<offset + count], as: UTF8.self)
    }
}
