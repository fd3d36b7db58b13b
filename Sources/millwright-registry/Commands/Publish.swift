import ArgumentParser
import Host
import Plant
import Registry
import Trust

struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a model file and give it to the boxes.",
        discussion: """
            The version of the signed metadata goes up by one. The newest file published again keeps its release and is \
            valid for longer. May run beside a serving registry.
            """)

    @OptionGroup var at: DirectoryOption

    @Option(help: "Solution pack that the model belongs to.")
    var pack: String

    @Option(help: "Days that boxes take the statement for; publish again before they are over.")
    var expiresDays = 90

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "The model.", completion: .file(extensions: ["mwplan"]))
    var file: String

    func validate() throws {
        guard (1...3_650).contains(expiresDays) else { throw ValidationError("--expires-days must be 1 to 3650") }
    }

    func run() async throws {
        let directory = RegistryDirectory(at.directory)
        let ledger = Ledger(directory)
        let key = try PrivateKey(file: directory.privateKey)
        let done = try await ledger.publish(
            file: file, pack: pack, key: key, in: directory, expiresIn: .seconds(86_400 * expiresDays),
            at: SystemClock().wall())
        await ledger.close()
        if json {
            Output.json(
                .object([
                    .init("bytes", .integer(done.lengthBytes)), .init("expires", .string(Timestamp.text(done.expires))),
                    .init("pack", .string(done.pack)), .init("release", .integer(done.release)),
                    .init("sha256", .string(done.digest.hex)), .init("version", .integer(done.version)),
                ]))
        } else {
            Output.line(
                "\(done.pack): release \(done.release), \(done.lengthBytes) bytes, SHA-256 \(done.digest.hex), "
                    + "valid until \(Timestamp.text(done.expires))")
        }
    }
}
