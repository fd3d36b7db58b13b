internal import Checksum

/// The sections of a plan file, each with its checksum verified.
struct SectionTable {
    // SAFETY: lives no longer than the call that reads a file, whose caller keeps the bytes; ranges are checked in `add`.
    private let bytes: UnsafeRawBufferPointer
    private var ranges: [(section: PlanFormat.Section, range: Range<Int>)] = []

    private func range(of section: PlanFormat.Section) -> Range<Int>? {
        ranges.first { $0.section == section }?.range
    }

    subscript(_ section: PlanFormat.Section) -> UnsafeRawBufferPointer? {
        range(of: section).map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
    }

    func offset(of section: PlanFormat.Section) -> Int { range(of: section)?.lowerBound ?? 0 }

    init(_ bytes: UnsafeRawBufferPointer) throws(PlanError) {
        self.bytes = bytes
        var reader = ByteReader(bytes, origin: 0)
        let magic = try reader.take(PlanFormat.magic.count, "magic")
        guard magic.elementsEqual(PlanFormat.magic) else {
            throw .notAPlan(.init("magic", expected: "\(PlanFormat.magic)", found: "\(Array(magic))", offset: 0))
        }
        let version = try reader.uint32("version")
        guard version == PlanFormat.version else {
            throw .unsupportedVersion(
                .init("version", expected: "\(PlanFormat.version)", found: "\(version)", offset: 8))
        }
        let count = try reader.count("number of sections", in: 1...PlanFormat.Section.allCases.count)
        let size = try reader.uint64("file size")
        guard size == UInt64(bytes.count) else {
            let fault = PlanError.Fault("file size", expected: "\(size) bytes", found: "\(bytes.count)", offset: 16)
            throw UInt64(bytes.count) < size ? .cutShort(fault) : .malformed(fault)
        }
        var entries = ByteReader(
            try reader.take(count * PlanFormat.entryBytes, "section table"), origin: PlanFormat.entriesOffset)
        let headerEnd = reader.offset
        try Self.check(
            UnsafeRawBufferPointer(rebasing: bytes[..<headerEnd]), try reader.uint32("checksum of the header"),
            "header", offset: headerEnd)

        var end = reader.offset
        var previous: UInt32 = 0
        for _ in 0..<count { try add(&entries, after: &end, previous: &previous) }
        guard end == bytes.count else {
            throw .malformed(
                .init("end of the last section", expected: "\(bytes.count)", found: "\(end)", offset: headerEnd))
        }
    }

    /// - Throws: where a section is not there that a plan needs.
    func expectPlan() throws(PlanError) {
        for section in PlanFormat.Section.allCases where section.isRequired { _ = try expect(section) }
    }

    func expect(_ section: PlanFormat.Section) throws(PlanError) -> UnsafeRawBufferPointer {
        guard let bytes = self[section] else {
            throw .malformed(
                .init(
                    "section table", expected: "a \(section) section", found: "none", offset: PlanFormat.entriesOffset))
        }
        return bytes
    }

    private mutating func add(_ entries: inout ByteReader, after end: inout Int, previous: inout UInt32)
        throws(PlanError)
    {
        let start = entries.offset
        let kind = try entries.uint32("kind of section")
        guard kind > previous, let section = PlanFormat.Section(rawValue: kind) else {
            throw .malformed(
                .init(
                    "kind of section", expected: "above \(previous), at most \(PlanFormat.Section.allCases.count)",
                    found: "\(kind)", offset: start))
        }
        previous = kind
        let checksum = try entries.uint32("checksum of \(section)")
        let offset = try entries.uint64("offset of \(section)")
        let length = try entries.uint64("length of \(section)")
        guard length <= UInt64(section.maximumBytes) else {
            throw .tooLarge(
                .init(
                    "length of \(section)", expected: "at most \(section.maximumBytes)", found: "\(length)",
                    offset: start + 16))
        }
        let begin = PlanFormat.aligned(end, to: section.alignment)
        guard offset == UInt64(begin) else {
            throw .malformed(
                .init("offset of \(section)", expected: "\(begin)", found: "\(offset)", offset: start + 8))
        }
        guard begin <= bytes.count, Int(length) <= bytes.count - begin else {
            throw .cutShort(
                .init("\(section)", expected: "\(length) bytes", found: "\(max(0, bytes.count - begin))", offset: begin)
            )
        }
        if let dirty = bytes[end..<begin].firstIndex(where: { $0 != 0 }) {
            throw .malformed(
                .init("padding before \(section)", expected: "0", found: "\(bytes[dirty])", offset: dirty))
        }
        end = begin + Int(length)
        ranges.append((section, begin..<end))
        try Self.check(UnsafeRawBufferPointer(rebasing: bytes[begin..<end]), checksum, "\(section)", offset: begin)
    }

    private static func check(
        _ bytes: UnsafeRawBufferPointer, _ stored: UInt32, _ what: @autoclosure () -> String, offset: Int
    )
        throws(PlanError)
    {
        let computed = CRC32C.checksum(bytes)
        guard computed == stored else {
            throw .checksum(
                .init(
                    "CRC-32C of the \(what())", expected: "0x" + String(stored, radix: 16),
                    found: "0x" + String(computed, radix: 16), offset: offset))
        }
    }
}
