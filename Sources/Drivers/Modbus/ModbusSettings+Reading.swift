import Plant
import YAML

extension ModbusSettings {
    /// Each block is a request of its own each scan.
    static let maxBlocks = 1_000

    /// Reads the keys of a Modbus TCP link.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let host = reader.required("host", .string)
        let port = reader.optional("port", .integer(1...65_535), default: 502)
        let unit = reader.optional("unit", .modbusUnit, default: 1)
        let timeout = reader.optional("timeout", .duration(.milliseconds(10)...(.seconds(60))), default: .seconds(1))
        if let host {
            let mark = reader.node["unit"]?.mark ?? reader.node["host"]?.mark ?? reader.node.mark
            claims.take(.device(host: host, port: port, unit: unit), at: mark, path: reader.path("unit"))
        }
        guard let nodes = reader.required("blocks", .nodes) else { return nil }
        guard (1...Self.maxBlocks).contains(nodes.count) else {
            reader.diagnostics.report(
                at: reader.node["blocks"] ?? reader.node, path: reader.path("blocks"),
                expected: "a list of 1 to \(Self.maxBlocks) blocks")
            return nil
        }
        var blocks: [ModbusBlock] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(reader.path("blocks"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            let block = ModbusBlock(reading: &entry, claims: &claims)
            entry.finish()
            if let block { blocks.append(block) }
        }
        guard let host, blocks.count == nodes.count else { return nil }
        self.init(host: host, port: port, unit: UInt8(unit), timeout: timeout, blocks: blocks)
    }
}

extension ModbusBlock {
    fileprivate init?(reading entry: inout MappingReader, claims: inout LinkClaims) {
        let table = entry.required("registers", .choice(ModbusTable.self))
        let start = entry.required("at", .integer(0...65_535))
        let declared = entry.optional("count", .integer(1...(table?.maxCount ?? 2_000)))
        let scan = entry.optional("scan", .duration(.milliseconds(5)...(.seconds(86_400))), default: .seconds(1))
        guard let nodes = entry.required("values", .nodes), let table, let start else { return nil }
        guard !nodes.isEmpty else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("values"), expected: "at least one value", found: "an empty list")
            return nil
        }
        // A block may end where the table does, and takes what one request may ask for.
        let last = min(start + (declared ?? table.maxCount), 65_536)
        var values: [ModbusValue] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(entry.path("values"))[\(index)]"
            guard var reader = MappingReader(node, path: path, diagnostics: entry.diagnostics) else { continue }
            let value = ModbusValue(reading: &reader, table: table, block: start..<last, claims: &claims)
            reader.finish()
            if let value { values.append(value) }
        }
        guard values.count == nodes.count else { return nil }
        let end = values.map { $0.address + $0.width }.max() ?? start + 1
        self.init(
            table: table, start: start, count: declared ?? end - start, scanInterval: scan, values: values)
    }
}

extension ModbusValue {
    fileprivate init?(
        reading reader: inout MappingReader, table: ModbusTable, block: Range<Int>, claims: inout LinkClaims
    ) {
        let tag = reader.required("tag", .tagName)
        if let tag {
            claims.take(.tag(tag), at: reader.node["tag"]?.mark ?? reader.node.mark, path: reader.path("tag"))
        }
        let address = reader.required("at", .integer(0...65_535))
        let encoding =
            table.isBits
            ? reader.optional("type", .modbusBit, default: .bool) : reader.required("type", .choice(Encoding.self))
        let order = table.isBits ? .abcd : reader.optional("words", .byteOrder, default: .abcd)
        let scale = reader.optional("scale", .number, default: 1)
        let offset = reader.optional("offset", .number, default: 0)
        let unit = reader.optional("unit", .unit, default: "")
        let lowest = reader.optional("min", .number, default: -.infinity)
        let highest = reader.optional("max", .number, default: .infinity)
        guard lowest <= highest else {
            reader.diagnostics.report(
                at: reader.node["min"] ?? reader.node, path: reader.path("min"), expected: "a min of at most max",
                found: "min \(lowest) and max \(highest)")
            return nil
        }
        guard let tag, let address, let encoding else { return nil }
        guard block.contains(address), address + encoding.words <= block.upperBound else {
            let what = table.isBits ? table.rawValue : "\(table.rawValue) registers"
            reader.diagnostics.report(
                at: reader.node["at"] ?? reader.node, path: reader.path("at"),
                expected: "an address inside of the block, \(what) \(block.lowerBound)...\(block.upperBound - 1)",
                found: encoding.words == 1 ? "\(address)" : "\(address)...\(address + encoding.words - 1)")
            return nil
        }
        let isBounded = lowest > -.infinity || highest < .infinity
        self.init(
            tag: TagDefinition(name: tag, unit: unit, kind: .number), address: address, encoding: encoding,
            order: order,
            scale: scale, offset: offset, range: isBounded ? lowest...highest : nil)
    }
}

extension Kind where T == Int {
    /// Source: Modbus Messaging on TCP/IP V1.0b, 4.4.2: 1...247 behind a gateway, 0 or 255 for the device itself.
    fileprivate static var modbusUnit: Kind<Int> {
        Kind.integer(0...255).map(expected: "a unit id 0...247 or 255") {
            (0...247).contains($0) || $0 == 255 ? $0 : nil
        }
    }
}

extension Kind where T == ModbusValue.ByteOrder {
    /// The four orders, and the words that manuals use for the two common ones.
    fileprivate static var byteOrder: Kind<ModbusValue.ByteOrder> {
        let words = ModbusValue.ByteOrder.allCases.map(\.rawValue) + ["big_endian", "little_endian"]
        return Kind<String>.choice(words).map { word in
            switch word {
            case "big_endian": .abcd
            case "little_endian": .dcba
            default: ModbusValue.ByteOrder(rawValue: word)
            }
        }
    }
}

extension Kind where T == ModbusValue.Encoding {
    fileprivate static var modbusBit: Kind<ModbusValue.Encoding> {
        Kind<String>.choice(["bool"]).map { ModbusValue.Encoding(rawValue: $0) }
    }
}

extension Kind where T == String {
    fileprivate static var tagName: Kind<String> {
        Kind.string.map(expected: "a tag name: letters, digits, . - _ and /, starting with a letter or digit") {
            TagDefinition.isValid(name: $0) ? $0 : nil
        }
    }
}
