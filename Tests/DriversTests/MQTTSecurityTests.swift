import Drivers
import Glibc
import Plant
import Rig
import TestBench
import Testing

/// User names, passwords and certificates against a real broker.
@Suite(.timeLimit(.minutes(3)))
struct MQTTSecurityTests {
    let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    private func write(_ text: String, to name: String) throws {
        let file = try #require(fopen(directory.file(name), "w"))
        defer { fclose(file) }
        #expect(fputs(text, file) >= 0)
    }

    private func run(_ program: String, _ arguments: [String], package: String) async throws {
        let child = try ChildProcess(
            ChildProcess.find(program, debianPackage: package), arguments, outputFile: directory.file("tool.log"))
        let exit = await child.waitForExit()
        #expect(exit == .code(0), "\(child.outputTail())")
    }

    private func definition(_ port: Int, _ extra: String, host: String = "127.0.0.1") throws -> LinkDefinition {
        try link(
            """
            - name: line
              driver: mqtt
              host: \(host)
              port: \(port)
              topics: [ { topic: plant/speed, payload: number, tag: speed } ]
            \(extra)
            """)
    }

    @Test func aPasswordIsReadFromItsFileAtEachConnection() async throws {
        try await run(
            "mosquitto_passwd", ["-b", "-c", directory.file("passwords"), "box", "right"], package: "mosquitto")
        var settings = Broker.Settings()
        settings.extra = ["password_file \(directory.file("passwords"))"]
        settings.isAnonymousAllowed = false
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        try write("wrong\n", to: "password")
        let bench = LinkBench(
            try definition(broker.port, "  username: box\n  password_file: \(directory.file("password"))"))
        #expect(await eventually { bench.status.lastError?.contains("refused by the broker") == true })
        #expect(bench.status.lastError?.contains("wrong") == false)
        try write("right\n", to: "password")
        #expect(await bench.isConnected())
        await bench.stop()
        await broker.stop()
    }

    @Test func anEncryptedConnectionNeedsTheRightAuthorityAndName() async throws {
        for name in ["ca", "other"] {
            try await run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=\(name)", "-keyout", directory.file("\(name).key"), "-out",
                    directory.file("\(name).pem"),
                ], package: "openssl")
        }
        try write("subjectAltName=DNS:localhost\n", to: "names")
        try await run(
            "openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                "-keyout", directory.file("broker.key"), "-out", directory.file("broker.csr"),
            ], package: "openssl")
        try await run(
            "openssl",
            [
                "x509", "-req", "-in", directory.file("broker.csr"), "-CA", directory.file("ca.pem"), "-CAkey",
                directory.file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", directory.file("names"), "-out",
                directory.file("broker.pem"),
            ], package: "openssl")
        let port = try FreePort.next()
        var settings = Broker.Settings()
        settings.extra = [
            "listener \(port) 127.0.0.1", "allow_anonymous true", "certfile \(directory.file("broker.pem"))",
            "keyfile \(directory.file("broker.key"))",
        ]
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        let tls = { (authority: String) in "  tls: { ca: \(directory.file(authority)) }" }
        let good = LinkBench(try definition(port, tls("ca.pem"), host: "localhost"))
        #expect(await good.isConnected())
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 0..<2_000 { try publisher.publish("plant/speed", Array("\(value)".utf8)) }
        #expect(await eventually { await good.numbers("speed") == (0..<2_000).map(Double.init) })
        await good.stop()

        let stranger = LinkBench(try definition(port, tls("other.pem"), host: "localhost"))
        #expect(await eventually { stranger.status.lastError != nil })
        #expect(stranger.status.state != .connected)
        await stranger.stop()
        let wrongName = LinkBench(try definition(port, tls("ca.pem"), host: "127.0.0.1"))
        #expect(await eventually { wrongName.status.lastError != nil })
        #expect(wrongName.status.state != .connected)
        await wrongName.stop()
        let noFile = LinkBench(try definition(port, tls("absent.pem"), host: "localhost"))
        #expect(await eventually { noFile.status.lastError?.contains("absent.pem") == true })
        await noFile.stop()
        await broker.stop()
    }
}
