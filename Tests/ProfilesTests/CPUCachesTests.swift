import Profiles
import Testing

@Suite("caches as Linux tells them")
struct CPUCachesTests {
    /// One cache of a machine that is made up.
    private struct Entry {
        var level: String
        var type: String
        var size: String
        var map: String?
    }

    private static func read(_ entries: [Entry]) throws -> CPUCaches {
        let folder = try Scratch()
        for (index, entry) in entries.enumerated() {
            let place = "sys/devices/system/cpu/cpu0/cache/index\(index)"
            try folder.write(entry.level, to: "\(place)/level")
            try folder.write(entry.type, to: "\(place)/type")
            try folder.write(entry.size, to: "\(place)/size")
            if let map = entry.map { try folder.write(map, to: "\(place)/shared_cpu_map") }
        }
        return CPUCaches(root: folder.path)
    }

    private static func expect(
        _ found: CPUCaches, _ level1: Int?, _ level2: Int?, _ sharers: Int?, _ comment: Comment? = nil
    ) {
        #expect(found.level1DataBytes == level1.map { $0 << 10 }, comment)
        #expect(found.level2Bytes == level2.map { $0 << 10 }, comment)
        #expect(found.level2Sharers == sharers, comment)
    }

    @Test("a core with its own second level, as Kunpeng 920 has")
    func ownLevel2() throws {
        let found = try Self.read([
            Entry(level: "1\n", type: "Data\n", size: "64K\n", map: "00000000,00000001\n"),
            Entry(level: "1\n", type: "Instruction\n", size: "32K\n", map: "00000000,00000001\n"),
            Entry(level: "2\n", type: "Unified\n", size: "512K\n", map: "00000000,00000001\n"),
            Entry(level: "3\n", type: "Unified\n", size: "32768K\n", map: "ffffffff,ffffffff\n"),
        ])
        Self.expect(found, 64, 512, 1)
    }

    @Test("clusters that share it, as Phytium's and SpacemiT K1's cores do")
    func clusters() throws {
        Self.expect(
            try Self.read([
                Entry(level: "1", type: "Instruction", size: "32K"), Entry(level: "1", type: "Data", size: "32K"),
                Entry(level: "2", type: "Unified", size: "2M", map: "f"),
            ]), 32, 2_048, 4)
        Self.expect(
            try Self.read([
                Entry(level: "1", type: "Data", size: "32K"),
                Entry(level: "2", type: "Unified", size: "524288", map: "0f"),
            ]), 32, 512, 4)
    }

    @Test("a machine that says nothing")
    func nothing() throws {
        Self.expect(CPUCaches(root: try Scratch().path), nil, nil, nil)
        Self.expect(CPUCaches(root: "/nowhere"), nil, nil, nil)
    }

    @Test(
        "what is no size is not believed",
        arguments: [
            "", "\n", "K", "-32K", "0", "0K", "1.5M", "32 KiB", "99999999999999999999K", "9223372036854775807G", "0x40",
            "\u{0664}K", "32KK", "\u{FFFD}",
        ])
    func garbage(size: String) throws {
        let found = try Self.read([
            Entry(level: "1", type: "Data", size: size), Entry(level: "2", type: "Unified", size: size, map: "f"),
        ])
        Self.expect(found, nil, nil, nil, "\(size)")
    }

    @Test("a mask that is none leaves the size alone", arguments: ["", "0", "0,0", "xyz", "-1"])
    func masks(map: String) throws {
        Self.expect(try Self.read([Entry(level: "2", type: "Unified", size: "1M", map: map)]), nil, 1_024, nil)
    }

    @Test("types and levels that are none")
    func kinds() throws {
        Self.expect(
            try Self.read([
                Entry(level: "one", type: "Data", size: "32K"), Entry(level: "", type: "Unified", size: "1M"),
                Entry(level: "1", type: "Trace", size: "32K"), Entry(level: "-2", type: "Unified", size: "1M"),
            ]), nil, nil, nil)
    }
}
