import Accelerators
import ArgumentParser
import Arrays
import Runtime

/// Running a plan's vendor model on this box's NPU.
struct AcceleratorOptions: ParsableArguments {
    @Option(
        help: """
            Run the chip's model in the vendor's library: \(VendorInterface.allCases.map(\.rawValue).joined(separator: ", ")).
            """)
    var accelerator: VendorInterface?

    @Option(help: "The vendor's library; where the system's loader finds it unless given.", completion: .file())
    var library: String?

    @Option(help: "Number of the device.")
    var device = 0

    @Option(help: "Number of a core; several times for several. The library chooses unless given.")
    var core: [Int] = []

    @Flag(help: "Let the CPU compute by the same contract when the accelerator fails.")
    var cpuTakesOver = false

    @Option(
        help: """
            How many outputs of a golden case may differ from the plan's; as many as in the vendor's simulator unless given, \
            1 % at most.
            """)
    var allowElements: Int?

    @Option(help: "By how many steps they may; as in the vendor's simulator unless given, 1 at most.")
    var allowSteps: Int?

    func validate() throws {
        let isAlone = library == nil && device == 0 && core.isEmpty && !cpuTakesOver
        guard accelerator != nil || (isAlone && allowElements == nil && allowSteps == nil) else {
            throw ValidationError(
                "--library, --device, --core, --cpu-takes-over, --allow-elements, --allow-steps: expected --accelerator "
                    + "with them")
        }
        guard (allowElements == nil) == (allowSteps == nil) else {
            throw ValidationError("--allow-elements, --allow-steps: expected both, found one")
        }
        guard (0...1_000_000).contains(allowElements ?? 0), (0...255).contains(allowSteps ?? 0) else {
            throw ValidationError("--allow-elements, --allow-steps: expected 0 to 1,000,000 and 0 to 255")
        }
        guard (core + [device]).allSatisfy({ (0...63).contains($0) }) else {
            throw ValidationError("--device, --core: expected 0 to 63")
        }
    }

    /// - Parameter chip: the profile whose model is taken.
    /// - Returns: nil where no accelerator is asked for.
    func open(_ file: ModelFile, path: String, chip: String?) throws -> AcceleratedFile? {
        guard let accelerator else { return nil }
        guard let chip else { throw ValidationError("--accelerator: expected --profile with it, which names the chip") }
        guard case .session(let session) = file.engine else {
            throw ValidationError(
                "\(path): expected a plan that carries a model for \(chip), found one of real numbers")
        }
        var allowance: AnswerAllowance?
        if let allowElements, let allowSteps {
            allowance = AnswerAllowance(elements: allowElements, steps: allowSteps)
        }
        let choice = AcceleratorChoice(
            interface: accelerator, chip: chip, library: library,
            placement: AcceleratorPlacement(device: device, cores: core),
            policy: cpuTakesOver ? .cpuTakesOver : .refused, allowance: allowance)
        return AcceleratedFile(chip: chip, session: try choice.open(session))
    }
}

extension VendorInterface: ExpressibleByArgument {}

/// A model file whose plan runs on an accelerator.
struct AcceleratedFile {
    let chip: String
    let session: AcceleratedSession

    func run(_ arrays: [NPYArray], _ file: ModelFile) throws -> [NPYArray] {
        var output = [UInt8](repeating: 0, count: session.session.outputBytes)
        let input = arrays.flatMap(\.bytes)
        _ = try input.withUnsafeBytes { input in
            try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
        }
        return file.arrays(of: output)
    }

    /// `rk3588, librknnrt.so 2.3.2`.
    var words: String {
        let library = session.library
        return [chip, [library?.name, library?.version].compactMap { $0 }.joined(separator: " ")]
            .filter { !$0.isEmpty }.joined(separator: ", ")
    }

    var summary: String {
        let time = session.lastTiming.map { ", the last in \(Format.fixed($0.wall / .microseconds(1), 0)) us" } ?? ""
        return "\(words): \(session.accelerated) inferences\(time); \(session.takenOver) by the CPU"
            + (session.reason.map { ": \($0)" } ?? "")
    }
}
