import ArgumentParser

@main
struct Millwright: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millwright",
        abstract: "Watches machines at the line and says early, and in words, when one needs a hand.",
        discussion: """
            It reads sensors and PLCs over MQTT and Modbus, judges them with int8 models on this box, raises alerts for the \
            maintenance team, and syncs with a factory registry. See docs/start.md.
            """,
        version: version,
        subcommands: [
            Run.self, Check.self, StatusCommand.self, TagsCommand.self, WatchCommand.self, AlertsCommand.self,
            WriteCommand.self, AuditCommand.self, ExportCommand.self, BackupCommand.self, ModelCommand.self,
            ProfilesCommand.self, UpdateCommand.self, InspectCommand.self, LineCommand.self, DemoCommand.self,
            DrillCommand.self,
            BenchCommand.self, AcceleratorHostCommand.self,
        ])

    /// The version of both programs; the heading in CHANGELOG.md.
    static let version = "0.1.0"
}
