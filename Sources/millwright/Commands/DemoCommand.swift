import ArgumentParser
import Glibc
import Host
import Plant

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Play a bearing that wears out through the whole path, without hardware.",
        discussion: """
            Starts a broker, a Modbus slave, a registry and the daemon on free loopback ports, plays the pack's recording, \
            acknowledges the alert, and writes a report. Exit 0 only if the alerts that the pack expects really came.
            """)

    @Option(help: "Folder of the solution pack.", completion: .directory)
    var pack = "solutions/rotating-machine"

    @Option(help: "How long the recording is to take.")
    var seconds = 45.0

    @Option(help: "New or empty folder for everything that the demo writes.", completion: .directory)
    var output = "demo-out"

    @OptionGroup var text: LanguageOption

    func validate() throws {
        guard (5...3_600).contains(seconds) else {
            throw ValidationError("--seconds: expected 5 to 3600, found \(seconds)")
        }
    }

    func run() async throws {
        let directory = try DrillDirectory.make(output)
        let demo = Demo(pack: pack, seconds: seconds, directory: directory, language: text.language)
        // Ctrl-C ends the demo in order, so that its children end with it.
        let holds = try await Interruptible.run { try await demo.run() }
        if !holds { throw ExitCode.failure }
    }
}
