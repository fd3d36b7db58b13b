import FoundationEssentials
import Testing

@testable import Drivers

/// `docs/reference/devices.md` is written from the maps; `MILLWRIGHT_REGOLD=1 swift test` writes it anew.
@Suite struct DevicePageTests {
    private static func page() throws -> String {
        var lines = [
            "# Devices whose map is there", "",
            "Written from [devices/](../../devices/README.md) by `MILLWRIGHT_REGOLD=1 swift test --filter DevicePageTests`. A link",
            "names a map with `device:`, see [configuration](configuration.md#device-maps). \"read\" says whether a real device",
            "has been read with it, or the map is from its documents alone.", "",
            "| vendor | model | kind | map | values | read | source |", "|---|---|---|---|---|---|---|",
        ]
        let maps = try (DeviceMap.modbus + DeviceMap.mqtt).map { try DeviceMap($0) }
        for map in maps.sorted(by: { ($0.kind, $0.vendor, $0.model) < ($1.kind, $1.vendor, $1.model) }) {
            let name = map.path.split(separator: "/").dropFirst().joined(separator: "/")
            lines.append(
                "| \(map.vendor) | \(map.model) | \(map.kind) | [\(name)](../../\(map.path)) | \(try values(map)) "
                    + "| \(map.isVerified ? "yes" : "no") | \(map.source) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func values(_ map: DeviceMap) throws -> Int {
        switch try map.link().settings {
        case let modbus as ModbusSettings: modbus.tags.count
        case let mqtt as MQTTSettings: mqtt.topics.reduce(0) { $0 + $1.payload.tags.count }
        default: 0
        }
    }

    @Test func isWrittenFromTheMaps() throws {
        let url = URL(filePath: "\(DeviceMap.root)/docs/reference/devices.md")
        let page = try Self.page()
        if ProcessInfo.processInfo.environment["MILLWRIGHT_REGOLD"] == "1" { try Data(page.utf8).write(to: url) }
        let kept = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        #expect(
            kept == page, "docs/reference/devices.md is old: MILLWRIGHT_REGOLD=1 swift test --filter DevicePageTests")
    }
}
