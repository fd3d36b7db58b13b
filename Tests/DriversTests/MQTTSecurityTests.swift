import Glibc
import Plant
import Rig
import TestBench
import Testing

@testable import Drivers

/// Runs a program that must succeed.
func runTool(_ program: String, _ arguments: [String], package: String, in directory: TempDirectory) async throws {
    let child = try ChildProcess(
        ChildProcess.find(program, debianPackage: package), arguments, outputFile: directory.file("tool.log"))
    let exit = await child.waitForExit()
    try #require(exit == .code(0), "\(program): \(child.outputTail())")
}

/// Writes a file that its owner alone may read, as a secret wants it.
func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    try #require(fchmod(fileno(file), 0o600) == 0 && fputs(text, file) >= 0)
}

/// User names, passwords, certificates and shared keys against a real broker: what fits connects, what does not says what to do.
@Suite(.timeLimit(.minutes(3)))
struct MQTTSecurityTests {
    let directory: TempDirectory

    init() throws { directory = try TempDirectory() }

    private func bench(_ port: Int, host: String = "localhost", _ extra: String) throws -> LinkBench {
        LinkBench(
            try link(
                """
                - name: line
                  driver: mqtt
                  host: \(host)
                  port: \(port)
                  topics: [ { topic: plant/speed, payload: number, tag: speed } ]
                \(extra)
                """))
    }

    /// A link that must not connect, and says so with these words.
    private func refusal(
        _ words: String, of port: Int, host: String = "localhost", _ extra: String, isLate: Bool = false,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let bench = try bench(port, host: host, extra)
        // A broker under load closes before its alert is read, and the kernel resets the connection: then we say that much.
        let closed = "the broker closed the connection at its beginning without a word"
        #expect(
            await eventually {
                bench.status.lastError.map { $0.contains(words) || isLate && $0.contains(closed) } == true
            },
            "\(bench.status.lastError ?? "no error")", sourceLocation: location)
        #expect(bench.status.state != .connected, sourceLocation: location)
        #expect(bench.status.lastError?.contains("sesame") == false, sourceLocation: location)
        await bench.stop()
    }

    /// A second listener beside that for sensors on loopback.
    private func broker(_ listener: [String]) async throws -> (broker: Broker, port: Int) {
        let port = try FreePort.next()
        var settings = Broker.Settings()
        settings.extra = ["listener \(port) 127.0.0.1"] + listener
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        return (broker, port)
    }

    private func exchanges(_ bench: LinkBench, _ broker: Broker) async throws {
        #expect(await bench.isConnected(), "\(bench.status.lastError ?? "")")
        let publisher = try FieldPublisher(id: "sensor", port: broker.port)
        for value in 0..<2_000 { try publisher.publish("plant/speed", Array("\(value)".utf8)) }
        #expect(await eventually { await bench.numbers("speed") == (0..<2_000).map(Double.init) })
        await bench.stop()
    }

    @Test func aPasswordIsReadFromItsFileAtEachConnection() async throws {
        try await runTool(
            "mosquitto_passwd", ["-b", "-c", directory.file("passwords"), "box", "sesame"], package: "mosquitto",
            in: directory)
        var settings = Broker.Settings()
        settings.extra = ["password_file \(directory.file("passwords"))"]
        settings.isAnonymousAllowed = false
        let broker = try Broker(directory: directory.path, settings: settings)
        try await broker.start()
        let password = directory.file("password")
        try write("wrong\n", to: password)
        let bench = try bench(broker.port, host: "127.0.0.1", "  username: box\n  password_file: \(password)")
        #expect(await eventually { bench.status.lastError?.contains("refused by the broker") == true })
        #expect(bench.status.lastError?.contains("wrong") == false)
        // Every user of the machine may read it.
        try write("sesame\n", to: password)
        #expect(chmod(password, 0o644) == 0)
        #expect(await eventually { bench.status.lastError?.contains("(mode 644); chmod 0640") == true })
        #expect(bench.status.state != .connected)
        #expect(chmod(password, 0o640) == 0)
        #expect(await bench.isConnected())
        await bench.stop()
        await broker.stop()
    }

    @Test func anEncryptedConnectionNeedsTheRightAuthorityAndName() async throws {
        let authority = try await CertificateAuthority("ca", in: directory)
        _ = try await CertificateAuthority("other", in: directory)
        try await authority.sign("broker", host: "localhost")
        try await authority.sign("old", host: "localhost", days: 0)
        let oldPort = try FreePort.next()
        let (broker, port) = try await broker([
            "certfile \(directory.file("broker.pem"))", "keyfile \(directory.file("broker.key"))",
            "listener \(oldPort) 127.0.0.1", "certfile \(directory.file("old.pem"))",
            "keyfile \(directory.file("old.key"))",
        ])
        let tls = { (name: String) in "  tls: { ca: \(self.directory.file(name)) }" }
        try await exchanges(try bench(port, tls("ca.pem")), broker)
        try await refusal("does not come from the authority in `tls.ca`", of: port, tls("other.pem"))
        try await refusal("is not valid at the time of this machine's clock", of: oldPort, tls("ca.pem"))
        try await refusal("is not for the name in `host`", of: port, host: "127.0.0.1", tls("ca.pem"))
        try await refusal("absent.pem: No such file", of: port, tls("absent.pem"))
        try await refusal("Unable to load CA certificates", of: port, tls("broker.key"))
        try await refusal("is this the broker's port without encryption?", of: broker.port, tls("ca.pem"))
        await broker.stop()
    }

    @Test func aBrokerMayWantACertificate() async throws {
        let authority = try await CertificateAuthority("ca", in: directory)
        let other = try await CertificateAuthority("other", in: directory)
        try await authority.sign("broker", host: "localhost")
        try await authority.sign("box")
        try await authority.sign("expired", days: 0)
        try await other.sign("stranger")
        let (broker, port) = try await broker([
            "cafile \(directory.file("ca.pem"))", "certfile \(directory.file("broker.pem"))",
            "keyfile \(directory.file("broker.key"))", "require_certificate true",
        ])
        let tls = { (certificate: String, key: String) in
            "  tls: { ca: \(self.directory.file("ca.pem")), certificate: \(self.directory.file(certificate)), "
                + "key: \(self.directory.file(key)) }"
        }
        try await exchanges(try bench(port, tls("box.pem", "box.key")), broker)
        try await refusal(
            "the broker wants a certificate of ours", of: port, "  tls: { ca: \(directory.file("ca.pem")) }",
            isLate: true)
        try await refusal("our certificate has expired", of: port, tls("expired.pem", "expired.key"), isLate: true)
        try await refusal(
            "does not know the authority that signed our certificate", of: port, tls("stranger.pem", "stranger.key"),
            isLate: true)
        try await refusal("does not belong to `tls.certificate`", of: port, tls("box.pem", "stranger.key"))
        #expect(chmod(directory.file("box.key"), 0o644) == 0)
        try await refusal("box.key: every user of this machine", of: port, tls("box.pem", "box.key"))
        await broker.stop()
    }

    @Test func aKeyMayBeShared() async throws {
        try write("box:5ec4e7\n", to: directory.file("keys"))
        let (broker, port) = try await broker([
            "psk_hint plant", "psk_file \(directory.file("keys"))",
        ])
        try write("5EC4E7\n", to: directory.file("right"))
        try write("00\n", to: directory.file("wrong"))
        try write("sesame open\n", to: directory.file("words"))
        let tls = { (identity: String, file: String) in
            "  tls: { psk_identity: \(identity), psk_file: \(self.directory.file(file)) }"
        }
        try await exchanges(try bench(port, tls("box", "right")), broker)
        try await refusal("is not the one that the broker has", of: port, tls("box", "wrong"))
        try await refusal("the broker does not know `tls.psk_identity`", of: port, tls("stranger", "right"))
        try await refusal("expected hexadecimal digits", of: port, tls("box", "words"))
        #expect(chmod(directory.file("right"), 0o604) == 0)
        try await refusal("(mode 604)", of: port, tls("box", "right"))
        await broker.stop()
    }

    /// What a broker says with an alert, whether or not a real one's arrives before it resets the connection.
    @Test(arguments: [
        ("sslv3 alert certificate expired", "our certificate has expired"),
        ("tlsv1 alert unknown ca", "the broker does not know the authority that signed our certificate"),
        ("tlsv13 alert certificate required", "the broker wants a certificate of ours"),
    ])
    func anAlertIsSaidInWords(alert: String, words: String) {
        let security = MQTTTransportSecurity.certificates(authorityFile: "ca.pem", certificateFile: nil, keyFile: nil)
        let text = TLSReason.text(of: ["OpenSSL Error[0]: error:0A000415:SSL routines::\(alert)"], security)
        #expect(text?.hasPrefix(words) == true, "\(text ?? "nothing")")
        #expect(text?.hasSuffix("(\(alert))") == true, "\(text ?? "nothing")")
    }

    /// Only a broker that has said nothing is said to have closed without a word.
    @Test func aResetNamesTheSettingToLookAt() {
        let certificates = MQTTTransportSecurity.certificates(
            authorityFile: "ca.pem", certificateFile: nil, keyFile: nil)
        #expect(TLSReason.text(of: [], certificates) == nil)
        #expect(TLSReason.closedAtOnce(certificates).contains("`tls.certificate`"))
        #expect(TLSReason.closedAtOnce(.sharedKey(identity: "box", keyFile: "keys")).contains("`tls.psk_identity`"))
    }
}
