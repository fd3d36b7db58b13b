import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Look into a model, run it, time it, make a plan of it, prove it.",
        subcommands: [
            ModelInfo.self, ModelRun.self, ModelBench.self, ModelCompile.self, ModelQuantize.self,
            ModelVerify.self,
        ])
}
