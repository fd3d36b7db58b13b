import ArgumentParser

@main
struct MillwrightRegistry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millwright-registry",
        abstract: "Takes telemetry from edge boxes and gives them signed models.",
        discussion: """
            Begin with "init", add each box with "devices add", then "serve". It speaks plain HTTP on loopback: beyond one \
            machine put it behind a proxy that ends TLS.
            """,
        version: "0.1.0",
        subcommands: [Initialize.self, Serve.self, Publish.self, Devices.self, Export.self])
}

/// Where the registry keeps its things.
struct DirectoryOption: ParsableArguments {
    @Option(name: .long, help: "Directory of the registry.", completion: .directory)
    var directory: String
}
