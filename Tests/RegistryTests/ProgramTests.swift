import Glibc
import Registry
import Rig
import TestBench
import Testing
import Transfer
import Trust

@Suite struct ProgramTests {
    @Test func itServesTellsTheServiceManagerAndEndsCleanly() async throws {
        let registry = try RegistryProcess()
        let path = registry.folder.file("notify")
        let socket = try NotifySocket(path: path)
        try registry.start(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000"])
        try await registry.ready()
        let url = "http://127.0.0.1:\(registry.port)/healthz"
        #expect(try await HTTPClient().send(TransferRequest(.get, url)).status == 200)
        #expect(await eventually { socket.receive().contains { $0.hasPrefix("READY=1") } })
        #expect(await eventually { socket.receive().contains("WATCHDOG=1") })
        registry.child?.terminate()
        #expect(await registry.child?.waitForExit() == .code(0), "\(registry.text("log") ?? "")")
        #expect(await eventually { socket.receive().contains("STOPPING=1") })
    }

    @Test func commandsWorkBesideAServingRegistry() async throws {
        let registry = try RegistryProcess()
        let directory = ["--directory", registry.directory.path]
        try registry.start()
        try await registry.ready()
        let added = try await registry.run(["devices", "add"] + directory + ["press-3", "--json"])
        #expect(added.exit == .code(0))
        let answer = try StrictJSON(parsing: Array(added.output.utf8), limits: .init(bytes: 1_000))
        let token = Token(text: try #require(answer["token"]?.stringValue))
        let model = registry.folder.file("m.mwplan")
        try KeyFile.create(model, bytes: [1, 2, 3])
        #expect(try await registry.run(["publish"] + directory + ["--pack", "gearbox", model]).exit == .code(0))
        let headers = [TransferRequest.Header("Authorization", "Bearer \(token.text)")]
        let base = "http://127.0.0.1:\(registry.port)"
        let client = HTTPClient()
        let envelope = try await client.send(TransferRequest(.get, "\(base)/v1/models/gearbox", headers: headers))
        #expect(envelope.status == 200)
        let posted = try await client.send(
            TransferRequest(.post, "\(base)/v1/telemetry", headers: headers, body: Batch.json([1, 2])))
        #expect(posted.status == 200)
        let listed = try await registry.run(["devices", "list", "--json"] + directory)
        let devices = try StrictJSON(parsing: Array(listed.output.utf8), limits: .init(bytes: 1_000))
        #expect(devices["devices"]?.arrayValue?.first?["rows"]?.integerValue == 2)
        let export = try await registry.run(["export"] + directory)
        #expect(export.output.split(separator: "\n").count == 2)
        #expect(export.output.contains("\"device\":\"press-3\",\"sequence\":2"))
        registry.child?.terminate()
        _ = await registry.child?.waitForExit()
    }

    @Test(
        arguments: [
            ([], 64), (["bogus"], 64), (["serve"], 64), (["publish", "--directory", "x", "--pack", "p"], 64),
            (["publish", "--directory", "x", "--pack", "p", "f", "--expires-days", "0"], 64),
            (["serve", "--directory", "x", "--log-level", "loud"], 64),
            (["devices", "list", "--directory", "/nowhere"], 1),
            (["serve", "--directory", "/nowhere"], 1), (["--help"], 0), (["serve", "--help"], 0),
        ] as [([String], Int32)]) func exitCodesAreThoseOfTheManual(_ arguments: [String], _ code: Int32) async throws
    {
        let registry = try RegistryProcess()
        let result = try await registry.run(arguments)
        // Without a subcommand the help is printed, which is no failure.
        #expect(result.exit == .code(arguments.isEmpty ? 0 : code), "\(result.output)")
    }

    @Test func aPortThatIsTakenIsAnErrorThatNamesIt() async throws {
        let first = try RegistryProcess()
        try first.start()
        try await first.ready()
        let second = try RegistryProcess()
        let result = try await second.run(
            ["serve", "--directory", second.directory.path, "--port", "\(first.port)"])
        #expect(result.exit == .code(1))
        #expect(result.output.contains("\(first.port)") || result.output.contains("in use"), "\(result.output)")
        await first.kill()
    }
}

/// What systemd listens on.
final class NotifySocket {
    private let descriptor: Int32
    private var received: [String] = []

    struct Failure: Error { var errno: Int32 }

    init(path: String) throws(Failure) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Failure(errno: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = descriptor
        let isBound = withUnsafePointer(to: &address) { pointer in
            // SAFETY: a sockaddr_un is handed on as the sockaddr it begins with, with its size.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound else { throw Failure(errno: errno) }
    }

    deinit { close(descriptor) }

    /// Everything that has come so far.
    func receive() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return received }
            received.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }
}
