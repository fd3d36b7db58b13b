import Glibc
import Plant
import TestBench
import Testing

@testable import Store

@Suite struct ClosingTests {
    @Test func nobodyHoldsTheFilesOfAStoreThatIsClosed() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for value in 0..<5 {
            try await store.store(fixture.batch([Double(value)]))
            await store.checkpointer.request()
            _ = try await store.history(
                fixture.number, from: fixture.clock.wall() + .seconds(-9), to: fixture.clock.wall(), limit: 9)
            // As after a failed sync.
            await store.dropDatabase()
        }
        await store.close()
        #expect(try Self.openFiles(in: fixture.folder.path).isEmpty)
    }

    private static func openFiles(in folder: String) throws -> [String] {
        try Files.names(in: "/proc/self/fd").compactMap { name in
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = readlink("/proc/self/fd/\(name)", &target, target.count)
            let path = String(decoding: target.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
            return path.hasPrefix(folder) ? path : nil
        }
    }
}
