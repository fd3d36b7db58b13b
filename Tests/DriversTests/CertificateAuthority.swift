import Rig
import TestBench

/// Makes certificates as a plant's own authority does, with the `openssl` program.
struct CertificateAuthority {
    let directory: TempDirectory
    let name: String

    private static let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    /// Makes `NAME.pem` and `NAME.key`.
    init(_ name: String, in directory: TempDirectory) async throws {
        self.name = name
        self.directory = directory
        try await openssl(
            ["req", "-x509"] + Self.key + [
                "-days", "2", "-subj", "/CN=\(name)", "-keyout", directory.file("\(name).key"), "-out",
                directory.file("\(name).pem"),
            ])
    }

    /// Makes `SUBJECT.pem` and `SUBJECT.key`.
    ///
    /// - Parameter days: 0 for a certificate that expires the moment it is made.
    func sign(_ subject: String, host: String? = nil, days: Int = 2) async throws {
        try write(host.map { "subjectAltName=DNS:\($0)\n" } ?? "", to: directory.file("\(subject).ext"))
        try await openssl(
            ["req"] + Self.key + [
                "-subj", "/CN=\(subject)", "-keyout", directory.file("\(subject).key"), "-out",
                directory.file("\(subject).csr"),
            ])
        try await openssl([
            "x509", "-req", "-in", directory.file("\(subject).csr"), "-CA", directory.file("\(name).pem"), "-CAkey",
            directory.file("\(name).key"), "-CAcreateserial", "-days", "\(days)", "-extfile",
            directory.file("\(subject).ext"), "-out", directory.file("\(subject).pem"),
        ])
    }

    private func openssl(_ arguments: [String]) async throws {
        try await runTool("openssl", arguments, package: "openssl", in: directory)
    }
}
