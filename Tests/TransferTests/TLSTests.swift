import Glibc
import Rig
import TestBench
import Testing
import Transfer

/// Against `openssl s_server` with certificates made for the test.
@Suite struct TLSTests {
    let folder: TempDirectory

    init() throws { folder = try TempDirectory() }

    func openssl(_ arguments: [String]) async throws {
        let child = try ChildProcess("/usr/bin/openssl", arguments, outputFile: folder.file("log"))
        try #require(await child.waitForExit() == .code(0))
    }

    func makeCertificate(_ name: String, subject: String) async throws {
        try await openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout",
            folder.file("\(name).key"), "-out", folder.file("\(name).pem"), "-subj", "/CN=\(subject)", "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
    }

    func serve(_ more: [String] = []) async throws -> (ChildProcess, Int) {
        let port = try freePort()
        let server = try ChildProcess(
            "/usr/bin/openssl",
            [
                "s_server", "-www", "-quiet", "-accept", "127.0.0.1:\(port)", "-cert", folder.file("server.pem"),
                "-key",
                folder.file("server.key"),
            ] + more, outputFile: folder.file("server.log"))
        try #require(
            await eventually {
                do throws(TransferError) {
                    _ = try await HTTPClient().send(TransferRequest(.get, "https://127.0.0.1:\(port)/"))
                    return true
                } catch {
                    return error.code != "transfer.refused"
                }
            })
        return (server, port)
    }

    func freePort() throws -> Int {
        let server = try LoopbackServer { _ in [] }
        server.stop()
        return server.port
    }

    @Test func unknownAuthorityIsRefusedAndATrustedOneTaken() async throws {
        try await makeCertificate("server", subject: "registry")
        let (server, port) = try await serve()
        var request = TransferRequest(.get, "https://127.0.0.1:\(port)/")
        let error = await #expect(throws: TransferError.self) { try await HTTPClient().send(request) }
        #expect(error?.code == "transfer.tls")
        request.tls = TransferTLS(authorityFile: folder.file("server.pem"))
        #expect(try await HTTPClient().send(request).status == 200)
        request.url = "https://localhost:\(port)/"
        let other = await #expect(throws: TransferError.self) { try await HTTPClient().send(request) }
        #expect(other?.code == "transfer.tls", "the certificate names 127.0.0.1 only")
        await server.stop()
    }

    @Test func ourOwnCertificateIsShown() async throws {
        try await makeCertificate("server", subject: "registry")
        try await makeCertificate("device", subject: "press-3")
        let (server, port) = try await serve([
            "-Verify", "1", "-verify_return_error", "-CAfile", folder.file("device.pem"),
        ])
        var request = TransferRequest(.get, "https://127.0.0.1:\(port)/")
        request.tls = TransferTLS(authorityFile: folder.file("server.pem"))
        await #expect(throws: TransferError.self) { try await HTTPClient().send(request) }
        request.tls.certificateFile = folder.file("device.pem")
        request.tls.keyFile = folder.file("device.key")
        #expect(try await HTTPClient().send(request).status == 200)
        request.tls.keyFile = folder.file("server.key")
        let error = await #expect(throws: TransferError.self) { try await HTTPClient().send(request) }
        #expect(error?.code == "transfer.tls")
        await server.stop()
    }
}
