/// One table of a ``FlatBuffer``: fields by slot, each with the default that the schema gives it.
struct FlatTable {
    let file: FlatBuffer
    /// What the schema calls it, for messages: "Tensor 17".
    let name: String
    let position: Int
    /// Bytes of the table itself, from `position` on.
    private let size: Int
    /// Where the table says, slot by slot, at which of its bytes a field is.
    private let slots: Range<Int>

    /// Opens the table at a byte of the file.
    ///
    /// - Throws: `.malformed` where it or its slot list does not lie within the file.
    init(_ file: FlatBuffer, at position: Int, _ name: String) throws(ModelError) {
        try file.spend(Self.cost, on: name)
        let list = position - Int(try file.load(Int32.self, at: position, name))
        let listSize = Int(try file.load(UInt16.self, at: list, "slots of \(name)"))
        let size = Int(try file.load(UInt16.self, at: list + 2, "size of \(name)"))
        guard listSize >= 4, listSize % 2 == 0, listSize <= file.bytes.count - list else {
            throw .malformed(
                .init(
                    "slots of \(name)", expected: "an even number of bytes, 4 to \(file.bytes.count - list)",
                    found: "\(listSize)", place: "byte \(list)"))
        }
        guard size >= 4, size <= file.bytes.count - position else {
            throw .malformed(
                .init(
                    "size of \(name)", expected: "4 to \(file.bytes.count - position) bytes", found: "\(size)",
                    place: "byte \(list + 2)"))
        }
        self.file = file
        self.name = name
        self.position = position
        self.size = size
        slots = list + 4..<list + listSize
    }

    /// A number; what the schema gives as default where the table leaves it out.
    func number<T: FixedWidthInteger & BitwiseCopyable>(
        _ field: String, _ slot: Int, default missing: T
    ) throws(ModelError) -> T {
        guard let place = try place(of: slot, size: MemoryLayout<T>.size, field) else { return missing }
        return try file.load(T.self, at: place, "\(name).\(field)")
    }

    /// An `int` of the schema.
    func int(_ field: String, _ slot: Int, default missing: Int32 = 0) throws(ModelError) -> Int {
        Int(try number(field, slot, default: missing))
    }

    /// A `byte` of the schema: the number of an enumeration's case.
    func byte(_ field: String, _ slot: Int) throws(ModelError) -> Int {
        Int(try number(field, slot, default: Int8(0)))
    }

    func flag(_ field: String, _ slot: Int) throws(ModelError) -> Bool {
        try number(field, slot, default: UInt8(0)) != 0
    }

    func float(_ field: String, _ slot: Int, default missing: Float = 0) throws(ModelError) -> Float {
        Float(bitPattern: try number(field, slot, default: missing.bitPattern))
    }

    /// The table in a field; nil where it is left out.
    func table(_ field: String, _ slot: Int) throws(ModelError) -> FlatTable? {
        guard let place = try place(of: slot, size: 4, field) else { return nil }
        return try FlatTable(file, at: file.target(of: place, "\(name).\(field)"), "\(name).\(field)")
    }

    /// The tables of a vector; none where it is left out.
    ///
    /// - Parameters:
    ///   - each: what one of them is called in messages.
    ///   - limit: more are refused.
    func tables(_ field: String, _ slot: Int, each: String, limit: Int) throws(ModelError) -> [FlatTable] {
        guard let place = try place(of: slot, size: 4, field) else { return [] }
        let range = try file.vector(of: place, stride: 4, "\(name).\(field)")
        guard range.count / 4 <= limit else {
            throw .tooLarge(.init("\(name).\(field)", expected: "at most \(limit)", found: "\(range.count / 4)"))
        }
        var tables: [FlatTable] = []
        for (number, offset) in stride(from: range.lowerBound, to: range.upperBound, by: 4).enumerated() {
            let name = "\(each) \(number)"
            tables.append(try FlatTable(file, at: try file.target(of: offset, name), name))
        }
        return tables
    }

    /// The numbers of a vector; nil where it is left out.
    func numbers<T: BitwiseCopyable>(_ field: String, _ slot: Int, of type: T.Type) throws(ModelError) -> [T]? {
        guard let range = try extent(field, slot, stride: MemoryLayout<T>.stride) else { return nil }
        return try file.elements(type, in: range)
    }

    /// Where the elements of a vector lie in the file; nil where it is left out.
    func extent(_ field: String, _ slot: Int, stride: Int) throws(ModelError) -> Range<Int>? {
        guard let place = try place(of: slot, size: 4, field) else { return nil }
        return try file.vector(of: place, stride: stride, "\(name).\(field)")
    }

    /// Text with control characters replaced, since it ends in messages; nil where it is left out.
    func string(_ field: String, _ slot: Int) throws(ModelError) -> String? {
        guard let bytes = try numbers(field, slot, of: UInt8.self) else { return nil }
        return String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// Whether the table has the field at all.
    func has(_ slot: Int) throws(ModelError) -> Bool { try place(of: slot, size: 1, "slot \(slot)") != nil }

    /// Byte of the file at which a field lies; nil where it is left out.
    private func place(of slot: Int, size fieldSize: Int, _ field: String) throws(ModelError) -> Int? {
        let entry = slots.lowerBound + 2 * slot
        guard entry < slots.upperBound else { return nil }
        let offset = Int(try file.load(UInt16.self, at: entry, "slots of \(name)"))
        guard offset != 0 else { return nil }
        guard offset >= 4, offset + fieldSize <= size else {
            throw .malformed(
                .init(
                    "\(name).\(field)", expected: "4 to \(size - fieldSize) bytes into its table", found: "\(offset)",
                    place: "byte \(entry)"))
        }
        return position + offset
    }

    /// What opening one takes from the budget: about what it costs in memory.
    private static let cost = 32
}
