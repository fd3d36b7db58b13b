import ArgumentParser

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Quality inspection: learn from good parts, say which part is bad and where.",
        discussion: "More: docs/guides/inspect-parts.md.",
        subcommands: [InspectFit.self, InspectRun.self, InspectReview.self, InspectFeedback.self])
}
