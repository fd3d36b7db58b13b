import ArgumentParser
import Glibc
import Host
import Plant
import Store
import Uplink

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Show which models run, go back to the previous one, or install one from a file.",
        subcommands: [Status.self, Rollback.self, Install.self], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show each model slot and every model that it has had.")

        @OptionGroup var place: StoreOption

        @Flag(help: "Print as JSON.")
        var json = false

        private struct Row: Encodable {
            var model, digest, state, fetchedAt: String
            var release, bytes: Int64
            var reason: String?
        }

        func run() async throws {
            let rows = try await place.reader().modelRecords().map { record in
                Row(
                    model: record.pack, digest: record.digest, state: record.state.rawValue,
                    fetchedAt: ISO8601.string(record.fetchedAt), release: record.version, bytes: record.bytes,
                    reason: record.reason)
            }
            if json { return try JSONOutput.print(rows) }
            guard !rows.isEmpty else { return Output.line("no models yet") }
            Output.line(
                Format.table(
                    rows.map {
                        [
                            $0.model, "release \($0.release)", $0.state, String($0.digest.prefix(16)),
                            Format.bytes($0.bytes), $0.fetchedAt, $0.reason ?? "",
                        ]
                    }))
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go back to the previous model. The one that ran is refused, and not fetched again.")

        @Argument(help: "Name of the model slot, as `update status` shows it.")
        var model: String

        @Option(help: "Why; it is kept with the model that is left.")
        var reason = "rolled back by hand"

        @OptionGroup var place: StoreOption

        func run() async throws {
            let slots = try await place.reader().rollback(pack: model, reason: reason)
            Output.line("\(model): \(slots.active ?? "nothing") is active; a running daemon switches within a second")
        }
    }

    struct Install: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove a model file on this box and make it the active one. The daemon must be stopped meanwhile."
        )

        @Argument(help: "The model.", completion: .file(extensions: ["mwplan"]))
        var file: String

        @Option(help: "Name of the model slot: `model` of the asset, or the pack's name.")
        var name: String

        @OptionGroup var place: StoreOption

        func run() async throws {
            let bytes = try TextFile.read(file, limit: ModelProof.largestFileBytes)
            let store = try Store(directory: try place.directory(), clock: SystemClock(), logger: CommandLog.logger)
            let installer = ModelInstaller(
                store: store, logger: CommandLog.logger, prove: { try ModelProof.prove(path: $0) })
            do {
                let digest = try await installer.install(bytes, pack: name, version: 0)
                await store.close()
                Output.line("\(name): \(digest) proved and active")
            } catch {
                await store.close()
                throw error
            }
        }
    }
}
