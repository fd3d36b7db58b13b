import ArgumentParser
import Registry
import Trust

struct Initialize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a registry: directories, signing key, administrator's token, database.",
        discussion: "Run again it changes nothing that is there. Edge boxes must be told the public key that it prints."
    )

    @OptionGroup var at: DirectoryOption

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let directory = RegistryDirectory(at.directory)
        let key = try directory.initialize()
        if json {
            Output.json(
                .object([
                    .init("admin_token_file", .string(directory.adminToken)), .init("public_key", .string(key.hex)),
                    .init("key_id", .string(key.id.hex)),
                ]))
        } else {
            Output.line("public key (trusted_keys of each box): \(key.hex)")
            Output.line("administrator's token: in \(directory.adminToken)")
        }
    }
}
