import Alerts
import ArgumentParser
import Drivers
import Plant

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration without running it.",
        discussion: "Each mistake is named with file, line, column, what was expected and what came.")

    @Argument(help: "The configuration to check.", completion: .file(extensions: ["yaml"]))
    var file: String

    @Flag(help: "Print what the configuration declares as JSON.")
    var json = false

    func run() throws {
        let configuration = try PlantConfiguration.load(path: file)
        for asset in configuration.assets { _ = try PackFiles(directory: asset.packDirectory).rules() }
        for station in configuration.stations {
            for file in station.modelFiles.values { _ = try InspectionFile.open(file) }
        }
        let tags = configuration.links.reduce(0) { $0 + $1.tags.count }
        if json {
            try JSONOutput.print([
                "plant": configuration.plant.name, "links": "\(configuration.links.count)", "tags": "\(tags)",
                "assets": "\(configuration.assets.count)", "stations": "\(configuration.stations.count)",
            ])
        } else {
            Output.line(
                "\(file): good: \(configuration.links.count) links, \(tags) tags, \(configuration.assets.count) assets, "
                    + "\(configuration.stations.count) stations, registry \(configuration.registry?.url ?? "none")")
            for notice in configuration.notices { Output.line("notice: \(notice)") }
        }
    }
}
