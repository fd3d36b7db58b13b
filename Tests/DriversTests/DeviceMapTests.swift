import Drivers
import Glibc
import Plant
import Testing
import YAML

/// Walks `devices/`: what stands there can be pasted into a configuration.
@Suite struct DeviceMapTests {
    struct Unreadable: Error { var path: String }

    private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

    private static func files(_ folder: String) -> [String] {
        guard let directory = opendir("\(root)/devices/\(folder)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".yaml") { names.append("devices/\(folder)/\(name)") }
        }
        return names.sorted()
    }

    private func read(_ path: String) throws -> Node {
        guard let file = fopen("\(Self.root)/\(path)", "r") else { throw Unreadable(path: path) }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return try YAML.parse(Array(bytes[..<count]), file: path)
    }

    private func scalar(_ text: String) -> Node { Node(.scalar(text, plain: true), mark: Mark(line: 1, column: 1)) }

    private func check(_ path: String, driver: String, part: String) throws {
        let map = try read(path)
        let device = try #require(map["device"], "\(path): device")
        for key in ["vendor", "model", "source"] { #expect(device[key]?.text?.isEmpty == false, "\(path): \(key)") }
        let entries = try #require(map[part], "\(path): \(part)")
        let link = Node(
            .mapping(
                [
                    ("name", scalar("device")), ("driver", scalar(driver)), ("host", scalar("device.local")),
                    (part, entries),
                ]
                .map { Node.Pair(key: scalar($0.0), value: $0.1) }), mark: entries.mark)
        let diagnostics = Diagnostics(file: path)
        let links = Drivers.links(
            reading: Node(.sequence([link]), mark: entries.mark), path: "links", diagnostics: diagnostics)
        #expect(diagnostics.text == "")
        #expect(links.count == 1)
    }

    @Test(arguments: files("modbus")) func aModbusMapIsALinksBlocks(_ path: String) throws {
        try check(path, driver: "modbus-tcp", part: "blocks")
    }

    @Test(arguments: files("mqtt")) func anMQTTMapIsALinksTopics(_ path: String) throws {
        try check(path, driver: "mqtt", part: "topics")
    }

    @Test func thereAreSome() {
        #expect(!Self.files("modbus").isEmpty)
        #expect(!Self.files("mqtt").isEmpty)
    }
}
