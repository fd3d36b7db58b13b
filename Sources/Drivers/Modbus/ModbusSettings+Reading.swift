import Plant
import YAML

extension ModbusSettings {
    /// Each block is a request of its own each scan.
    static let maxBlocks = 1_000
    /// More values than a device has registers is a mistake.
    static let maxValues = 65_536

    /// How a link reaches its slave.
    enum Medium { case tcp, rtuOverTCP, serial }

    /// Reads the keys of a Modbus link.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(_ medium: Medium, reading reader: inout MappingReader, claims: inout LinkClaims) {
        let endpoint = LineEndpoint(medium, reading: &reader)
        let unit = reader.optional("unit", medium == .tcp ? .modbusUnit : .serialUnit, default: 1)
        let timeout = reader.optional("timeout", .duration(.milliseconds(10)...(.seconds(60))), default: .seconds(1))
        let retries = reader.optional("retries", .integer(0...5), default: medium == .tcp ? 0 : 1)
        let budget = reader.optional("budget", .number(0.01...10_000))
        let pause = reader.optional("pause", .duration(.zero...(.seconds(10))), default: .zero)
        let inFlight = medium == .tcp ? reader.optional("in_flight", .integer(1...16), default: 1) : 1
        let isShared = medium == .serial || reader.optional("connection", .choice(["shared", "own"])) != "own"
        let style = reader.optional("write_with", .choice(ModbusWriteStyle.self), default: .single)
        let blocks = ModbusBlock.all(reading: &reader, claims: &claims)
        guard let endpoint else { return nil }
        let owner = isShared ? nil : reader.node["name"]?.text ?? ""
        let line = LineSettings(endpoint: endpoint, inFlight: inFlight, pause: pause, owner: owner)
        let mark = reader.node["unit"]?.mark ?? reader.node["host"]?.mark ?? reader.node.mark
        claims.take(.device(line: "\(endpoint)", unit: unit), at: mark, path: reader.path("unit"))
        if isShared {
            claims.share(
                .line("\(endpoint)"), as: line, at: reader.node.mark, path: reader.path,
                expected: "the links of one line to agree on driver, speed, parity, stop bits, in_flight and pause")
        }
        guard let blocks else { return nil }
        self.init(
            line: line, unit: UInt8(unit), timeout: timeout, retries: retries,
            requestSpacing: budget.map { .nanoseconds(Int64(1e9 / $0)) }, writeStyle: style, blocks: blocks)
    }
}

extension LineEndpoint {
    fileprivate init?(_ medium: ModbusSettings.Medium, reading reader: inout MappingReader) {
        guard medium == .serial else {
            let host = reader.required("host", .string)
            let port = reader.optional("port", .integer(1...65_535), default: 502)
            guard let host else { return nil }
            self = medium == .tcp ? .tcp(host: host, port: port) : .rtuOverTCP(host: host, port: port)
            return
        }
        let path = reader.required(
            "port", Kind<String>.string.map(expected: "a device such as /dev/ttyS1") { $0.hasPrefix("/") ? $0 : nil })
        let speeds = LineConnection.speeds.keys.sorted()
        let baud = reader.optional(
            "baud",
            Kind.integer(1...1_000_000).map(
                expected: "one of \(speeds.map(String.init).joined(separator: ", "))"
            ) { speeds.contains($0) ? $0 : nil }, default: 19_200)
        let parity = reader.optional("parity", .choice(SerialPort.Parity.self), default: .even)
        // Source: Modbus over Serial Line V1.02, 2.5.1: a character has 11 bits; without parity two stop bits.
        let stop = reader.optional("stop_bits", .integer(1...2), default: parity == .none ? 2 : 1)
        let rs485 = reader.optional("rs485", .boolean, default: false)
        guard let path else { return nil }
        self = .serial(SerialPort(path: path, baud: baud, parity: parity, stopBits: stop, rs485: rs485))
    }
}

extension ModbusBlock {
    /// Reads what is to be asked of one device: `blocks`, each a request; and `values`, joined to requests.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    static func all(reading reader: inout MappingReader, claims: inout LinkClaims) -> [ModbusBlock]? {
        let standard = RequestPlan.standard
        let plan = RequestPlan(
            maxGap: reader.optional("max_gap", .integer(0...124), default: standard.maxGap),
            maxRegisters: reader.optional("max_registers", .integer(1...125), default: standard.maxRegisters),
            maxBits: reader.optional("max_bits", .integer(1...2_000), default: standard.maxBits))
        let scan = reader.optional("scan", .scanInterval, default: .seconds(1))
        let priority = reader.optional("priority", .priority, default: .normal)
        let mayWrite = reader.optional("writes", .choice(["allowed"])) != nil
        let values = reader.optional("values", .nodes)
        let nodes = values == nil ? reader.required("blocks", .nodes) : reader.optional("blocks", .nodes)
        let count = (nodes?.count ?? 0) + (values?.count ?? 0)
        guard count > 0, nodes?.count ?? 0 <= ModbusSettings.maxBlocks, values?.count ?? 0 <= ModbusSettings.maxValues
        else {
            reader.diagnostics.report(
                at: reader.node["blocks"] ?? reader.node["values"] ?? reader.node, path: reader.path("blocks"),
                expected: "a list of 1 to \(ModbusSettings.maxBlocks) blocks, or values without blocks")
            return nil
        }
        var context = ModbusValue.Context(plan: plan, scan: scan, priority: priority, mayWrite: mayWrite)
        var blocks: [ModbusBlock] = []
        for (index, node) in (nodes ?? []).enumerated() {
            let path = "\(reader.path("blocks"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            let block = ModbusBlock(reading: &entry, context: context, claims: &claims)
            entry.finish()
            if let block { blocks.append(block) }
        }
        guard blocks.count == nodes?.count ?? 0 else { return nil }
        context.isAlone = true
        var items: [RequestPlan.Item] = []
        for (index, node) in (values ?? []).enumerated() {
            let path = "\(reader.path("values"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: reader.diagnostics) else { continue }
            let item = RequestPlan.Item(reading: &entry, context: context, claims: &claims)
            entry.finish()
            if let item { items.append(item) }
        }
        guard items.count == values?.count ?? 0 else { return nil }
        return blocks + plan.blocks(items)
    }

    private init?(reading entry: inout MappingReader, context: ModbusValue.Context, claims: inout LinkClaims) {
        let table = entry.required("registers", .choice(ModbusTable.self))
        let start = entry.required("at", .integer(0...65_535))
        let limit = table.map(context.plan.limit) ?? 2_000
        let declared = entry.optional("count", .integer(1...limit))
        let scan = entry.optional("scan", .scanInterval, default: context.scan)
        let priority = entry.optional("priority", .priority, default: context.priority)
        guard let nodes = entry.required("values", .nodes), let table, let start else { return nil }
        guard !nodes.isEmpty else {
            entry.diagnostics.report(
                at: entry.node, path: entry.path("values"), expected: "at least one value", found: "an empty list")
            return nil
        }
        // A block may end where the table does, and takes what one request may ask for.
        let last = min(start + (declared ?? limit), 65_536)
        var values: [ModbusValue] = []
        values.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            let path = "\(entry.path("values"))[\(index)]"
            guard var reader = MappingReader(node, path: path, diagnostics: entry.diagnostics) else { continue }
            let value = ModbusValue(
                reading: &reader, table: table, inside: start..<last, context: context, claims: &claims)
            reader.finish()
            if let value { values.append(value) }
        }
        guard values.count == nodes.count else { return nil }
        let end = values.map(\.span.upperBound).max() ?? start + 1
        self.init(
            table: table, start: start, count: declared ?? end - start, scanInterval: scan, priority: priority,
            values: values)
    }
}

extension RequestPlan.Item {
    fileprivate init?(reading entry: inout MappingReader, context: ModbusValue.Context, claims: inout LinkClaims) {
        let table = entry.required("registers", .choice(ModbusTable.self))
        let scan = entry.optional("scan", .scanInterval, default: context.scan)
        let priority = entry.optional("priority", .priority, default: context.priority)
        guard let table,
            let value = ModbusValue(
                reading: &entry, table: table, inside: 0..<65_536, context: context, claims: &claims)
        else { return nil }
        self.init(table: table, scanInterval: scan, priority: priority, value: value)
    }
}

extension Kind where T == Duration {
    /// Faster than a millisecond no device of this protocol answers.
    static var scanInterval: Kind<Duration> { .duration(.milliseconds(1)...(.seconds(86_400))) }
}

extension Kind where T == Int {
    /// Source: Modbus Messaging on TCP/IP V1.0b, 4.4.2: 1...247 behind a gateway, 0 or 255 for the device itself.
    fileprivate static var modbusUnit: Kind<Int> {
        Kind.integer(0...255).map(expected: "a unit id 0...247 or 255") {
            (0...247).contains($0) || $0 == 255 ? $0 : nil
        }
    }

    /// Source: Modbus over Serial Line V1.02, 2.2: 1...247 are slaves, 0 is for all of them and nobody answers.
    fileprivate static var serialUnit: Kind<Int> {
        Kind.integer(1...247).map(expected: "a unit id 1...247") { $0 }
    }
}

extension Kind where T == ModbusPriority {
    fileprivate static var priority: Kind<ModbusPriority> {
        Kind<String>.choice(ModbusPriority.allCases.map(\.word)).map { word in
            ModbusPriority.allCases.first { $0.word == word }
        }
    }
}
