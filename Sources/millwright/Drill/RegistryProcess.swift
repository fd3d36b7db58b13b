import Glibc
import Rig

/// The registry's own program as a child: made, given a device and a model, served, killed, served again.
struct RegistryProcess {
    let directory: String
    let port: Int
    private let program: String
    private let outputFile: String

    /// Makes a registry in a new folder.
    init(directory: String, outputFile: String) async throws {
        self.directory = directory
        self.outputFile = outputFile
        program = try DaemonProcess.registryProgram()
        port = try FreePort.next()
        _ = try await command(["init", "--directory", directory])
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// - Returns: the device's token.
    func addDevice(_ id: String) async throws -> String {
        let answer = try await command(["devices", "add", "--directory", directory, "--json", id])
        return try RegistryAnswer.read(answer, "token")
    }

    /// The public key that signs models, hex.
    func publicKey() async throws -> String {
        try RegistryAnswer.read(try await command(["init", "--directory", directory, "--json"]), "public_key")
    }

    func publish(pack: String, file: String) async throws {
        _ = try await command(["publish", "--directory", directory, "--pack", pack, file])
    }

    func serve() throws -> ChildProcess {
        try ChildProcess(
            program, ["serve", "--directory", directory, "--host", "127.0.0.1", "--port", "\(port)"],
            environment: ["NOTIFY_SOCKET": ""], outputFile: outputFile)
    }

    /// Runs one command to its end.
    ///
    /// - Returns: what it printed.
    func command(_ arguments: [String]) async throws -> String {
        let answer = "\(outputFile).answer"
        unlink(answer)
        let child = try ChildProcess(program, arguments, outputFile: answer)
        let exit = await child.waitForExit()
        let text = child.outputTail(bytes: 1 << 20)
        guard exit == .code(0) else {
            throw DrillError.daemonEnded("millwright-registry \(arguments.joined(separator: " ")): \(exit)\n\(text)")
        }
        return text
    }
}
