import ArgumentParser
import Glibc
import Host
import Logging
import Plant
import Store

/// Which store a command looks at: by its folder, or by the configuration that names it.
struct StoreOption: ParsableArguments {
    @Option(help: "Folder of the store, or the file of a backup.", completion: .file())
    var store: String?

    @Option(help: "Configuration that names the store.", completion: .file(extensions: ["yaml"]))
    var config: String?

    /// Where the packaged daemon keeps its configuration.
    private static let usualConfiguration = "/etc/millwright/millwright.yaml"

    func directory() throws -> String {
        if let store { return store }
        return try PlantConfiguration.load(path: config ?? Self.usualConfiguration).store.directory
    }

    func reader() throws -> StoreReader {
        try StoreReader(directory: try directory(), clock: SystemClock(), logger: CommandLog.logger)
    }

    /// The status file: of the service's runtime directory if this is its store, else beside the store.
    func statusFile() throws -> StatusFile {
        let inRuntime = StatusFile(path: "/run/millwright/status.json")
        let beside = StatusFile(path: "\(try directory())/status.json")
        return store == nil && access(inRuntime.path, R_OK) == 0 ? inRuntime : beside
    }
}

enum CommandLog {
    /// Commands are quiet: what they have to say is their output.
    static var logger: Logger { Logger(label: "millwright") { StandardErrorLog(label: $0, level: .warning) } }
}

struct LanguageOption: ParsableArguments {
    @Option(help: "Language of texts: en or zh-CN.")
    var language: Language = .english
}

extension Language: ExpressibleByArgument {}
