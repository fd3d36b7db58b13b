import ArgumentParser
import Glibc
import Store

struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill", abstract: "Prove on this box what happens when things are killed.",
        discussion: """
            A drill starts its own broker, registry and daemon on free loopback ports and in a folder of its own, kills them at \
            random moments, and compares what was acknowledged with what is stored. It touches no running daemon.
            """,
        subcommands: [Kill.self, Sync.self, Full.self, Power.self])

    struct Kill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "SIGKILL the daemon under load: every acknowledged message is stored, each once.")

        @Option(help: "How often.")
        var kills = 20

        @Option(help: "Messages a second, QoS 1.")
        var rate = 500

        @Option(help: "Seed of the random moments.")
        var seed: UInt64 = 1

        @Option(help: "Empty folder to work in; a temporary one unless given.", completion: .directory)
        var directory: String?

        func run() async throws {
            let outcome = try await KillDrill(
                kills: kills, messagesPerSecond: rate, seed: seed, directory: try DrillDirectory.make(directory)
            ).run { Output.error($0) }
            Output.line(outcome.description)
            if !outcome.holds { throw ExitCode.failure }
        }
    }

    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "SIGKILL registry and daemon while they sync: each sequence number arrives exactly once.")

        @Option(help: "How often; the registry and the daemon in turn.")
        var kills = 10

        @Option(help: "Folder of the solution pack whose recording is played.", completion: .directory)
        var pack = "solutions/rotating-machine"

        @Option(help: "Seed of the random moments.")
        var seed: UInt64 = 1

        @Option(help: "Empty folder to work in; a temporary one unless given.", completion: .directory)
        var directory: String?

        func run() async throws {
            let outcome = try await SyncDrill(
                kills: kills, pack: pack, seed: seed, directory: try DrillDirectory.make(directory)
            ).run { Output.error($0) }
            Output.line(outcome.description)
            if !outcome.holds { throw ExitCode.failure }
        }
    }

    struct Power: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prove the loss contract: kill the daemon in the middle of writing, and look for gaps.",
            discussion: """
                Messages at QoS 1 are compared by number: none may be missing, none there twice. Of values that are polled, the \
                last before each kill must be no older than the contract and one poll allow. Status 1 when the contract is broken.
                """)

        @Option(help: "How often.")
        var kills = 20

        @Option(help: "Messages a second, QoS 1.")
        var rate = 500

        @Option(help: "The contract's seconds for samples, as `loss: samples:` of the configuration.")
        var samples = 1.0

        @Option(help: "Seed of the random moments.")
        var seed: UInt64 = 1

        @Option(
            help: "Empty folder to work in, on the disk that the store is on; a temporary one unless given.",
            completion: .directory)
        var directory: String?

        @Flag(help: "Print as JSON.")
        var json = false

        func validate() throws {
            guard (1...100_000).contains(kills) else {
                throw ValidationError("--kills: expected 1 to 100000, found \(kills)")
            }
            guard (1...100_000).contains(rate) else {
                throw ValidationError("--rate: expected 1 to 100000, found \(rate)")
            }
            guard (0.0...60).contains(samples) else {
                throw ValidationError("--samples: expected 0 to 60, found \(samples)")
            }
        }

        func run() async throws {
            let outcome = try await DrillDirectory.with(directory, holds: \.holds) { directory in
                try await PowerDrill(
                    kills: kills, messagesPerSecond: rate, contract: LossContract(samples: .seconds(samples)),
                    seed: seed, directory: directory
                ).run { Output.error($0) }
            }
            if json { try JSONOutput.print(outcome) } else { Output.line(outcome.description) }
            if !outcome.holds { throw ExitCode.failure }
        }
    }

    struct Full: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fill the disk while a machine wears out: the alert comes, and all goes on when there is room.",
            discussion: "Needs root, for a small file system of its own; without it ends with status 77.")

        @Option(help: "Folder of the solution pack whose recording is played.", completion: .directory)
        var pack = "solutions/rotating-machine"

        @Option(help: "Empty folder to work in; a temporary one unless given.", completion: .directory)
        var directory: String?

        func run() async throws {
            guard getuid() == 0 else {
                Output.error("skipped: expected to run as root, to mount a small file system")
                throw ExitCode(77)
            }
            let outcome = try await DrillDirectory.with(directory, holds: \.holds) { directory in
                try await FullDiskDrill(pack: pack, directory: directory).run { Output.error($0) }
            }
            Output.line(outcome.description)
            if !outcome.holds { throw ExitCode.failure }
        }
    }
}
