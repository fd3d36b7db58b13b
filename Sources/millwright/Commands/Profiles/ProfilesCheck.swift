import ArgumentParser
import Profiles

struct ProfilesCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check every profile of a folder.",
        discussion:
            "Each mistake is named with file, line, column, what was expected and what came. Exit 1 if there is one.")

    @Argument(help: "Folder of the profiles, <vendor>/<soc>.yaml in it.", completion: .directory)
    var directory = ProfileCatalogue.usualDirectory

    @Flag(help: "Print as JSON.")
    var json = false

    private struct Report: Encodable {
        var files: Int
        var facts: Int
        var unknown: Int
        var findings: [String]
    }

    func run() throws {
        let contents = try ProfileCatalogue.contents(of: directory)
        let facts = contents.profiles.flatMap(\.lines)
        let unknown = facts.count { $0.value == nil }
        if json {
            try JSONOutput.print(
                Report(
                    files: contents.fileCount, facts: facts.count, unknown: unknown, findings: contents.findings))
        } else if contents.findings.isEmpty {
            Output.line(
                "\(directory): good: \(contents.fileCount) profiles, \(facts.count) facts, \(unknown) of them unknown")
        } else {
            for finding in contents.findings { Output.error(finding) }
            Output.error("\(directory): \(contents.findings.count) findings in \(contents.fileCount) files")
        }
        if !contents.findings.isEmpty { throw ExitCode.failure }
    }
}
