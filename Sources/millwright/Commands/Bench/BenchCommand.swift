import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what this box can do.",
        subcommands: [
            BenchKernels.self, BenchIngest.self, BenchStore.self, BenchLoad.self, BenchWatch.self, BenchPayload.self,
            BenchHistory.self, BenchStation.self,
        ])
}
