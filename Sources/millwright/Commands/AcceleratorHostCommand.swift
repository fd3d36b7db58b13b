import Accelerators
import ArgumentParser

/// The process in which a vendor's library runs, so that a crash inside it ends nothing else. Started by this program only.
struct AcceleratorHostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: AcceleratorHost.command, abstract: "Hold a vendor's inference library for another process.",
        shouldDisplay: false)

    @Argument(help: "The interface, and the library's path where it is not the usual one.")
    var words: [String] = []

    func run() throws {
        let code = AcceleratorHost.serve(words)
        guard code == 0 else { throw ExitCode(code) }
    }
}
