import YAML

extension Layout {
    /// Reads the section `layout`.
    init?(reading reader: inout MappingReader, facts: FactReader) {
        let description = facts.required("description", .string, &reader)
        let block = facts.optional("channel_block", .count(4_096), &reader)
        let weights = facts.optional("weights", .weightOrder, &reader)
        let depthwise = facts.optional("depthwise_weights", .weightOrder, &reader)
        guard let description else { return nil }
        self.init(description: description, channelBlock: block, weights: weights, depthwiseWeights: depthwise)
    }
}

extension QuantizationScheme {
    /// Reads the section `quantization`.
    init(reading reader: inout MappingReader, facts: FactReader) {
        self.init(
            activations: facts.required("activations", .formats(ActivationFormat.self), &reader),
            isUnsignedAfterReLU: facts.optional("unsigned_after_relu", .boolean, &reader),
            convolutionWeights: facts.required("convolution_weights", .formats(WeightFormat.self), &reader),
            matmulWeights: facts.optional("matmul_weights", .formats(WeightFormat.self), &reader))
    }
}

extension OperatorSupport {
    /// Reads the section `operators`; an operator is in one list only.
    init(reading reader: inout MappingReader, facts: FactReader) {
        let lists = ["npu", "float16", "fallback"]
        var read: [String: Fact<[String]>] = [:]
        var home: [String: String] = [:]
        for list in lists {
            guard let names = facts.optional(list, .operators, &reader) else { continue }
            read[list] = names
            for name in names.value {
                if let first = home[name] {
                    facts.diagnostics.report(
                        at: facts.mark(reader.path(list)), path: reader.path(list),
                        expected: "each operator in one list", found: "\(name), which is in \(first) too")
                }
                home[name] = list
            }
        }
        let limits = reader.optional("limits", .nodes) ?? []
        self.init(npu: read["npu"], float16: read["float16"], fallback: read["fallback"])
        for (index, node) in limits.enumerated() {
            let path = "\(reader.path("limits"))[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: facts.diagnostics) else { continue }
            let limit = OperatorLimit(reading: &entry, facts: facts, home: home)
            entry.finish()
            if let limit { add(limit, node, path, facts.diagnostics) }
        }
    }

    private mutating func add(_ limit: OperatorLimit, _ node: Node, _ path: String, _ diagnostics: Diagnostics) {
        if limits.contains(where: { $0.operator == limit.operator && $0.quantity == limit.quantity }) {
            diagnostics.report(
                at: node, path: path, expected: "one limit for each operator and quantity",
                found: "\(limit.operator) \(limit.quantity.rawValue) again")
        }
        limits.append(limit)
    }
}

extension OperatorLimit {
    fileprivate init?(reading entry: inout MappingReader, facts: FactReader, home: [String: String]) {
        let name = entry.required("operator", .operatorName)
        let quantity = entry.required("quantity", .choice(Quantity.self))
        let most = entry.required("most", .count(1 << 40))
        let (status, source) = facts.origin(&entry)
        facts.record(path: entry.path, node: entry.node, value: entry.node["most"], status: status, source: source)
        if let name, home[name] == "fallback" {
            facts.diagnostics.report(
                at: entry.node, path: entry.path("operator"), expected: "an operator that runs on the NPU",
                found: "\(name), which falls back")
        }
        guard let name, let quantity, let most, let status, let source else { return nil }
        self.init(operator: name, quantity: quantity, most: Fact(value: most, status: status, source: source))
    }
}

extension CPUFacts {
    /// Reads the section `cpu`.
    init(reading reader: inout MappingReader, facts: FactReader) {
        let cache = Kind<Int>.bytes(1_024...(1 << 30))
        self.init(
            instructionSet: facts.required("instruction_set", .sequence(of: .string, count: 1...32), &reader),
            cores: facts.optional("cores", .count(4_096), &reader),
            level1DataBytes: facts.optional("l1_data", cache, &reader),
            level2Bytes: facts.optional("l2", cache, &reader), level3Bytes: facts.optional("l3", cache, &reader))
    }
}

extension Detection {
    /// Reads the list `detection`.
    init(reading nodes: [Node], facts: FactReader) {
        self.init()
        for (index, node) in nodes.enumerated() {
            let path = "detection[\(index)]"
            guard var entry = MappingReader(node, path: path, diagnostics: facts.diagnostics) else { continue }
            let sign = Sign(reading: &entry, facts: facts)
            entry.finish()
            if let sign { signs.append(sign) }
        }
    }
}

extension Detection.Sign {
    fileprivate init?(reading entry: inout MappingReader, facts: FactReader) {
        var found: (place: Detection.Place, value: String?)?
        for place in Detection.Place.allCases where entry.has(place.rawValue) {
            if let first = found {
                facts.diagnostics.report(
                    at: entry.node, path: entry.path(place.rawValue), expected: "one sign an entry",
                    found: "\(first.place.rawValue) and \(place.rawValue)")
            }
            found = (place, entry.required(place.rawValue, .sign(place)))
        }
        if found == nil {
            let places = Detection.Place.allCases.map(\.rawValue).joined(separator: ", ")
            facts.diagnostics.report(
                at: entry.node, path: entry.path, expected: "one of \(places)", found: "none of them")
        }
        let scope = entry.required("names", .choice(Detection.Scope.self))
        let (status, source) = facts.origin(&entry)
        let shown = found.flatMap { entry.node[$0.place.rawValue] }
        facts.record(
            path: "detection.\(found?.place.rawValue ?? "")", node: entry.node, value: shown, status: status,
            source: source)
        guard let found, let value = found.value, let scope, let status, let source else { return nil }
        self.init(place: found.place, value: Fact(value: value, status: status, source: source), names: scope)
    }
}

extension Kind {
    /// One or more formats of 8-bit numbers, each once.
    fileprivate static func formats<Format: CaseIterable & RawRepresentable & Hashable>(
        _ type: Format.Type
    ) -> Kind<[Format]> where Format.RawValue == String, T == [Format] {
        Kind<[Format]>.sequence(of: Kind<Format>.choice(type), count: 1...8).map(expected: "each format once") {
            Set($0).count == $0.count ? $0 : nil
        }
    }
}

extension Kind where T == WeightOrder {
    fileprivate static var weightOrder: Kind<WeightOrder> {
        Kind<[String]>.sequence(of: .string, count: 4...8).map(
            expected: "output, input, height and width, each once; output and input as a whole or as /N and %N"
        ) { WeightOrder(words: $0) }
    }
}

extension Kind where T == [String] {
    fileprivate static var operators: Kind<[String]> {
        Kind.sequence(of: .operatorName, count: 1...200).map(expected: "each operator once") {
            Set($0).count == $0.count ? $0 : nil
        }
    }
}

extension Kind where T == String {
    fileprivate static var operatorName: Kind<String> {
        Kind(expected: "an operator by its name in ONNX") { node, path, diagnostics in
            if let text = node.text, OperatorNames.all.contains(text) { return text }
            diagnostics.report(
                at: node, path: path, expected: "an operator by its name in ONNX",
                suggestion: Nearest.match(node.text ?? "", among: OperatorNames.all))
            return nil
        }
    }

    /// What a sign looks like depends on where it is looked for.
    fileprivate static func sign(_ place: Detection.Place) -> Kind<String> {
        let expected =
            switch place {
            case .deviceTree: "a compatible string such as rockchip,rk3588"
            case .deviceNode: "a path below /dev or /sys, `*` only at its end"
            case .pci: "vendor:device, four hexadecimal digits each, or vendor:*"
            case .armCore: "implementer:part such as 0x48:0xd01, or 0x70:*"
            case .cpuVendor, .cpuModel: "a text of /proc/cpuinfo"
            case .riscvCore: "a uarch of /proc/cpuinfo such as thead,c910"
            }
        return Kind.string.map(expected: expected) { place.takes($0) ? $0 : nil }
    }
}

extension Detection.Place {
    fileprivate func takes(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        func isHexadecimal(_ digits: Substring, count: ClosedRange<Int>) -> Bool {
            count.contains(digits.count) && digits.allSatisfy { "0123456789abcdef".contains($0) }
        }
        switch self {
        case .deviceTree, .riscvCore: return text.contains(",") && !text.contains(" ")
        case .deviceNode:
            return (text.hasPrefix("/dev/") || text.hasPrefix("/sys/")) && !text.dropLast().contains("*")
                && !text.contains("..")
        case .pci:
            return parts.count == 2 && isHexadecimal(parts[0], count: 4...4)
                && (parts[1] == "*" || isHexadecimal(parts[1], count: 4...4))
        case .armCore:
            return parts.count == 2 && parts[0].hasPrefix("0x") && isHexadecimal(parts[0].dropFirst(2), count: 2...2)
                && (parts[1] == "*" || parts[1].hasPrefix("0x") && isHexadecimal(parts[1].dropFirst(2), count: 3...3))
        case .cpuVendor, .cpuModel: return !text.isEmpty
        }
    }
}
