import ArgumentParser
import Host
import Plant
import Registry
import Trust

struct Devices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add and list edge boxes.", subcommands: [Add.self, Renew.self, List.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a box and print its token, once: only a digest of it is kept.")

        @OptionGroup var at: DirectoryOption
        @Flag(help: "Print JSON.")
        var json = false
        @Argument(help: "Id of the box: letters, digits, '.', '-', '_'.")
        var id: String

        func run() async throws {
            let ledger = Ledger(RegistryDirectory(at.directory))
            let token = try await ledger.add(device: id, at: SystemClock().wall())
            await ledger.close()
            Devices.show(token, of: id, json: json)
        }
    }

    struct Renew: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a box another token; the one before is worth nothing from then on.")

        @OptionGroup var at: DirectoryOption
        @Flag(help: "Print JSON.")
        var json = false
        @Argument(help: "Id of the box.")
        var id: String

        func run() async throws {
            let ledger = Ledger(RegistryDirectory(at.directory))
            let token = try await ledger.renew(device: id)
            await ledger.close()
            Devices.show(token, of: id, json: json)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the boxes and what came from them.")

        @OptionGroup var at: DirectoryOption
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let devices = try await Archive(RegistryDirectory(at.directory)).devices()
            if json {
                Output.json(.object([.init("devices", .array(devices.map(\.json)))]))
                return
            }
            for device in devices {
                let seen = device.seen.map { ISO8601.string($0) } ?? "never"
                Output.line(
                    "\(device.id)  last seen \(seen)  entries \(device.rows)  highest \(device.highest)  "
                        + "dropped on the box \(device.missing)")
            }
        }
    }

    private static func show(_ token: Token, of id: String, json: Bool) {
        if json {
            Output.json(.object([.init("id", .string(id)), .init("token", .string(token.text))]))
        } else {
            Output.line(token.text)
        }
    }
}
