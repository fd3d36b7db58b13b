import Graph
import YAML

extension ChipProfile {
    /// Reads one file.
    ///
    /// - Returns: nil when something is missing that a profile cannot do without; then it has been reported.
    init?(reading node: Node, diagnostics: Diagnostics) {
        guard var reader = MappingReader(node, path: "", diagnostics: diagnostics) else { return nil }
        let identity = reader.required("chip", .mapping { Identity(reading: &$0, file: diagnostics.file) })
        let reach = reader.required("reach", .choice(Reach.self))
        let facts = FactReader(sources: Self.sources(&reader), diagnostics: diagnostics)
        let contract = facts.required("contract", .contract, &reader)
        let engine = reader.requiredMapping("engine").flatMap {
            Self.section($0) { Engine(reading: &$0, facts: facts) }
        }
        let needsAll = engine != .vectorUnit
        var profile = ChipProfile(identity: identity, reach: reach, file: diagnostics.file)
        profile?.contract = contract
        profile?.contractDepth = facts.optional("contract_depth", .count(1 << 30), &reader)
        profile?.engine = engine
        if let compute = reader.requiredMapping("compute") {
            Self.section(compute) { profile?.read(compute: &$0, facts, needsAll) }
        }
        if let memory = reader.requiredMapping("memory") {
            Self.section(memory) { profile?.read(memory: &$0, facts, needsAll) }
        }
        profile?.layout = reader.optionalMapping("layout").flatMap {
            Self.section($0) { Layout(reading: &$0, facts: facts) }
        }
        profile?.quantization = reader.optionalMapping("quantization").map {
            Self.section($0) { QuantizationScheme(reading: &$0, facts: facts) }
        }
        if let operators = needsAll ? reader.requiredMapping("operators") : reader.optionalMapping("operators") {
            profile?.operators = Self.section(operators) { OperatorSupport(reading: &$0, facts: facts) }
        }
        let cpu = needsAll ? reader.optionalMapping("cpu") : reader.requiredMapping("cpu")
        profile?.cpu = cpu.map { Self.section($0) { CPUFacts(reading: &$0, facts: facts) } }
        profile?.detection = Detection(reading: reader.required("detection", .nodes) ?? [], facts: facts)
        profile?.notes = Self.notes(&reader, facts)
        reader.finish()
        facts.finish()
        profile?.lines = facts.lines
        guard let profile else { return nil }
        self = profile
        findContradictions(facts)
    }

    /// A profile without facts yet.
    private init?(identity: Identity?, reach: Reach?, file: String) {
        guard let identity, let reach else { return nil }
        self.init(
            id: identity.id, aliases: identity.aliases, vendor: identity.vendor, name: identity.name, reach: reach,
            operators: OperatorSupport(), detection: Detection(), notes: [], lines: [], file: file,
            line: identity.line)
    }

    @discardableResult
    private static func section<T>(_ reader: MappingReader, _ read: (inout MappingReader) -> T) -> T {
        var reader = reader
        let value = read(&reader)
        reader.finish()
        return value
    }

    private mutating func read(compute reader: inout MappingReader, _ facts: FactReader, _ needsAll: Bool) {
        let megahertz = Kind<Double>.number(1...10_000)
        let tops = Kind<Double>.number(0.001...10_000)
        cores =
            needsAll
            ? facts.required("cores", .count(4_096), &reader) : facts.optional("cores", .count(4_096), &reader)
        clockHertz = facts.optional("clock_mhz", megahertz, &reader)?.map { $0 * 1e6 }
        peakInt8OperationsPerSecond =
            (needsAll ? facts.required("int8_tops", tops, &reader) : facts.optional("int8_tops", tops, &reader))?
            .map { $0 * 1e12 }
        watts = facts.required("watts", .number(0.001...2_000), &reader)
    }

    private mutating func read(memory reader: inout MappingReader, _ facts: FactReader, _ needsAll: Bool) {
        let onChip = Kind<Int>.bytes(1_024...(1 << 40))
        onChipBytes =
            needsAll ? facts.required("on_chip", onChip, &reader) : facts.optional("on_chip", onChip, &reader)
        dramBytesPerSecond = facts.required("dram_gb_per_s", .number(0.001...100_000), &reader)?.map { $0 * 1e9 }
        dramBytesPerCycle = facts.optional("dram_bytes_per_cycle", .number(0.001...100_000), &reader)
    }

    private static func sources(_ reader: inout MappingReader) -> [String: (text: String, mark: Mark)] {
        guard var table = reader.optionalMapping("sources") else { return [:] }
        var sources: [String: (text: String, mark: Mark)] = [:]
        for name in table.keyTexts {
            guard let text = table.required(name, .string) else { continue }
            sources[name] = (text, table.mark(ofKey: name) ?? table.node.mark)
        }
        return sources
    }

    private static func notes(_ reader: inout MappingReader, _ facts: FactReader) -> [Fact<String>] {
        guard var table = reader.optionalMapping("notes") else { return [] }
        return table.keyTexts.compactMap { facts.required($0, .string, &table) }
    }
}

/// What a chip is called.
private struct Identity {
    var id: String
    var name: String
    var vendor: String
    var aliases: [String]
    var line: Int

    init?(reading reader: inout MappingReader, file: String) {
        let id = reader.required("id", .profileName)
        let name = reader.required("name", .string)
        let vendor = reader.required("vendor", .string)
        let aliases = reader.optional("aliases", .sequence(of: .profileName, count: 0...32), default: [])
        let stem = file.split(separator: "/").last.map { $0.hasSuffix(".yaml") ? $0.dropLast(5) : $0 }
        if let id, let stem, id != stem {
            reader.diagnostics.report(
                at: reader.node["id"] ?? reader.node, path: reader.path("id"),
                expected: "the name of the file, \(stem)")
        }
        guard let id, let name, let vendor else { return nil }
        self.id = id
        self.name = name
        self.vendor = vendor
        self.aliases = aliases
        line = (reader.node["id"] ?? reader.node).mark.line
    }
}

extension Kind where T == String {
    fileprivate static var profileName: Kind<String> {
        Kind.string.map(expected: "a name of small letters, digits and -") { text in
            let isName = text.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) }
            return isName && text.count <= 40 && text.first != "-" ? text : nil
        }
    }

    fileprivate static var contract: Kind<String> { .choice(Contracts.all.map { $0.name }) }
}
