import Testing
import YAML

@Suite("YAML: reading a document")
struct YAMLTests {
    @Test func marksCountFromOneInCharacters() throws {
        let root = try YAML.parse(Array("名字: 泵\nlinks:\n  - { port: 502 }\n".utf8), file: "plant.yaml")
        let port = try #require(root["links"]?.elements?.first?["port"])
        #expect(port.mark == Mark(line: 3, column: 13))
        #expect(port.value == .scalar("502", plain: true))
        #expect(root["名字"]?.mark == Mark(line: 1, column: 5))
    }
}
