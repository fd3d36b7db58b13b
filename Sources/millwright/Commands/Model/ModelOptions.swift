import ArgumentParser
import Graph

/// How a model is to be computed.
struct ModelOptions: ParsableArguments {
    @Option(help: "Numeric contract: \(Contracts.all.map { $0.name }.joined(separator: ", ")). A plan has its own.")
    var contract = ModelFile.usualContract

    @OptionGroup var choice: KernelOptions

    @Option(help: "Threads that share an inference, 1 to 64.")
    var threads = 1

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads: expected 1 to 64, found \(threads)") }
        guard Contracts.all.contains(where: { $0.name == contract }) else {
            let known = Contracts.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")
            throw ValidationError("--contract: expected one of \(known), found \(contract)")
        }
    }

    func open(_ path: String) throws -> ModelFile {
        let file = try ModelFile(
            path: path, .init(contract: contract, kernels: choice.kernels(), threads: threads))
        if case .evaluator(_, let reason) = file.engine {
            Output.error("\(path): computed by the evaluator, in real numbers and slowly: \(reason)")
        }
        return file
    }
}
