import FoundationEssentials
import Plant
import Testing
import YAML

@testable import Drivers

/// One file of `devices/`, as the tests look at it.
struct DeviceMap: Sendable, CustomTestStringConvertible {
    /// `devices/modbus/eastron-sdm630.yaml`
    var path: String
    /// The folder, and the word in the page: `modbus`, `mqtt`.
    var family: String
    var vendor: String
    var model: String
    /// In a few words: `power meter`, `drive`.
    var kind: String
    var source: String
    var isVerified: Bool
    var captures: [Node]

    static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    static let modbus = files("modbus")
    static let mqtt = files("mqtt")

    var testDescription: String { path }

    /// Reads the file; what is missing from its head fails the test.
    init(_ path: String) throws {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: "\(Self.root)/\(path)")))
        let node = try YAML.parse(bytes, file: path)
        func word(_ key: String) throws -> String {
            let text = try #require(node["device"]?[key]?.text, "\(path): device.\(key)")
            try #require(!text.isEmpty, "\(path): device.\(key)")
            return text
        }
        self.path = path
        family = try #require(path.split(separator: "/").dropFirst().first.map(String.init))
        vendor = try word("vendor")
        model = try word("model")
        kind = try word("kind")
        source = try word("source")
        let verified = try word("verified")
        try #require(verified == "true" || verified == "false", "\(path): device.verified is true or false")
        isVerified = verified == "true"
        captures = node["capture"]?.elements ?? []
    }

    private static func files(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/devices/\(folder)")) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "devices/\(folder)/\($0)" }
    }

    /// A link of a configuration that names the map, read as the daemon reads it.
    func link(port: Int = 1_502, prefix: String? = nil) throws -> LinkDefinition {
        let text = """
            - name: device
              driver: \(family == "modbus" ? "modbus-tcp" : family)
              host: 127.0.0.1
              port: \(port)
              device: \(path)
            \(prefix.map { "  prefix: \($0)\n" } ?? "")
            """
        let diagnostics = Diagnostics(file: "plant.yaml")
        let links = Drivers.links(
            reading: try YAML.parse(Array(text.utf8), file: "plant.yaml"), path: "links", directory: Self.root,
            diagnostics: diagnostics)
        guard diagnostics.isEmpty, let link = links.first else { throw BadConfiguration(description: diagnostics.text) }
        return link
    }
}

/// What a capture means: a tag without prefix, and what it says.
struct CapturedMeaning {
    var tag: String
    /// As it is written, with as many decimals as the source has.
    var text: String
    /// Whether it is a number.
    var isNumber: Bool

    static func all(in capture: Node) throws -> [CapturedMeaning] {
        let line = capture.mark.line
        try #require(capture["source"]?.text?.isEmpty == false, "line \(line): a capture says where it comes from")
        let pairs = try #require(capture["means"]?.pairs, "line \(line): means")
        try #require(!pairs.isEmpty, "line \(line): a capture without a value proves nothing")
        return try pairs.map { pair in
            guard case .scalar(let text, let plain) = pair.value.value, let tag = pair.key.text else {
                throw BadConfiguration(description: "line \(pair.value.mark.line): a number, or a text in quotes")
            }
            try #require(!plain || Double(text) != nil, "line \(line): \(tag): a number, or a text in quotes")
            return CapturedMeaning(tag: tag, text: text, isNumber: plain)
        }
    }

    /// Whether a driver's value is this one, in each decimal that is written; without decimals, exactly.
    func isSame(as value: Sample.Value) -> Bool {
        switch value {
        case .text(let text): return !isNumber && text == self.text
        case .number(let number):
            guard isNumber, let stated = Double(text) else { return false }
            let decimals = text.split(separator: ".", maxSplits: 1).dropFirst().first?.count ?? 0
            guard decimals > 0 else { return number == stated }
            let power = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
            return (number * power).rounded() == (stated * power).rounded()
        default: return false
        }
    }
}
