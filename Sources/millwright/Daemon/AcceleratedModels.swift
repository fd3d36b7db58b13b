import Accelerators
import Graph
import Kernels
import Logging
import Plant
import Runtime
import Store
import Threads

/// What computes a model: the accelerator once it has proved itself, and until then, or where it fails, the CPU if it may.
///
/// Not `Sendable`: it lives in the ``JudgeService``.
// SAFETY: buffers are handed on as they come; whoever computes compares their sizes.
final class ModelInference: Inference {
    let model: ProvedModel
    private let cpu: Session
    private let choice: AcceleratorChoice
    private var accelerated: AcceleratedSession?
    /// Why there is no accelerator yet, or none any more.
    private(set) var reason: AcceleratorError?
    private var counted = (accelerated: 0, byCPU: 0)

    init(_ model: ProvedModel, _ choice: AcceleratorChoice) throws {
        self.model = model
        self.choice = choice
        cpu = try Session(plan: Plan(bytes: model.file.bytes), keeping: model.file, kernels: .ofThisMachine)
    }

    /// Whether it was tried to load the model on the accelerator at least once.
    var isTried: Bool { accelerated != nil || reason != nil }
    /// Why the accelerator does not compute; nil while it does.
    var trouble: AcceleratorError? {
        if let accelerated { accelerated.reason } else { reason ?? .notReady(needs: "the model on the accelerator") }
    }
    var library: AcceleratorLibrary? { accelerated?.library }
    var inferences: Int { counted.accelerated + (accelerated?.accelerated ?? 0) }
    var byCPU: Int { counted.byCPU + (accelerated?.takenOver ?? 0) }
    var lastTiming: AcceleratorTiming? { accelerated?.lastTiming }

    func take(_ outcome: LoadOutcome) {
        counted = (inferences, byCPU)
        switch outcome {
        case .loaded(let session): (accelerated, reason) = (session, nil)
        case .failed(let error): (accelerated, reason) = (nil, error)
        }
    }

    func infer(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>) throws(InferenceError) {
        if let accelerated { return try accelerated.infer(input, output: output) }
        guard choice.policy == .cpuTakesOver else {
            throw .accelerator(reason ?? .notReady(needs: "the model on the accelerator"))
        }
        try cpu.infer(input, output: output)
        counted.byCPU += 1
    }
}

/// A model that is to be put on the accelerator.
struct LoadJob: Sendable {
    var model: ProvedModel
    var choice: AcceleratorChoice
}

/// What came of it.
enum LoadOutcome {
    /// Perhaps with the reason why the CPU computes.
    case loaded(AcceleratedSession)
    case failed(AcceleratorError)
}

/// Puts models on the accelerator, on a thread of its own: a vendor's library may take its time, and nobody waits for it.
actor AcceleratorLoader {
    private nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let program: HostProgram

    init(program: HostProgram = .own) { self.program = program }

    func load(_ job: LoadJob) -> sending LoadOutcome {
        do throws(AcceleratorError) {
            let session: Session
            do {
                session = try Session(
                    plan: Plan(bytes: job.model.file.bytes), keeping: job.model.file, kernels: .ofThisMachine)
            } catch { throw .host(call: "opening the plan", reason: "\(error)") }
            return .loaded(try job.choice.open(session, program: program))
        } catch { return .failed(error) }
    }
}

/// The models that run on this box's accelerator: which of them wait for it, and what is said of them.
///
/// Not `Sendable`: it lives in the ``JudgeService``.
final class AcceleratedModels {
    private struct Entry {
        var inference: ModelInference
        /// What the log was last told.
        var said: AcceleratorError??
        var failures = 0
        var nextAttempt: MonotonicTime
        var isLoading = false
    }

    private var choice: AcceleratorChoice?
    private var entries: [String: Entry] = [:]
    private let clock: any PlantClock
    private let logger: Logger

    /// A chip that failed is tried again after a minute, then after twice as long each time, up to an hour.
    private static let retry = (first: Duration.seconds(60), last: Duration.seconds(3_600))

    init(_ choice: AcceleratorChoice?, clock: any PlantClock, logger: Logger) {
        self.choice = choice
        self.clock = clock
        self.logger = logger
    }

    /// Forgets what runs by another choice.
    /// - Returns: whether models must be taken anew.
    func configure(_ choice: AcceleratorChoice?) -> Bool {
        guard choice != self.choice else { return false }
        self.choice = choice
        entries = [:]
        return true
    }

    /// What computes a model, the same for all assets that share it; nil for the CPU alone.
    func inference(for model: ProvedModel) throws -> ModelInference? {
        guard let choice else { return nil }
        if let known = entries[model.name], known.inference.model.digest == model.digest { return known.inference }
        let made = try ModelInference(model, choice)
        entries[model.name] = Entry(inference: made, nextAttempt: clock.monotonic())
        return made
    }

    /// The next model that is to be put on the accelerator; nil while there is nothing to do.
    func nextJob() -> LoadJob? {
        guard let choice else { return nil }
        let now = clock.monotonic()
        for name in entries.keys.sorted() {
            report(name)
            guard let entry = entries[name], !entry.isLoading, now >= entry.nextAttempt,
                let trouble = entry.inference.trouble, !entry.inference.isTried || trouble.mayPass
            else { continue }
            entries[name]?.isLoading = true
            return LoadJob(model: entry.inference.model, choice: choice)
        }
        return nil
    }

    func take(_ outcome: LoadOutcome, of job: LoadJob) {
        // Meanwhile another model, or another accelerator, may have come into use.
        guard var entry = entries[job.model.name], entry.inference.model.digest == job.model.digest,
            job.choice == choice
        else { return }
        entry.isLoading = false
        entry.inference.take(outcome)
        if entry.inference.trouble == nil {
            entry.failures = 0
        } else {
            entry.failures += 1
        }
        let delay = (1..<max(entry.failures, 1)).reduce(Self.retry.first) { delay, _ in
            min(delay * 2, Self.retry.last)
        }
        entry.nextAttempt = clock.monotonic() + delay
        entries[job.model.name] = entry
        report(job.model.name)
    }

    private func report(_ name: String) {
        guard let entry = entries[name], entry.inference.isTried else { return }
        let trouble = entry.inference.trouble
        guard entry.said != .some(trouble) else { return }
        entries[name]?.said = .some(trouble)
        if let trouble {
            logger.warning(
                "accelerator does not compute",
                metadata: ["model": "\(name)", "code": "\(trouble.code)", "reason": "\(trouble)"])
        } else {
            logger.notice(
                "accelerator in use",
                metadata: [
                    "model": "\(name)", "library": "\(entry.inference.library?.name ?? "")",
                    "version": "\(entry.inference.library?.version ?? "")",
                ])
        }
    }

    func status() -> [StatusReport.Accelerator] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            let inference = entry.inference
            let takesOver = choice?.policy == .cpuTakesOver
            return StatusReport.Accelerator(
                model: name, interface: choice?.interface.rawValue ?? "", chip: choice?.chip ?? "",
                library: inference.library?.name ?? "", version: inference.library?.version ?? "",
                state: inference.trouble == nil ? "in use" : takesOver ? "the CPU computes" : "not judged",
                reason: inference.trouble.map { "\($0)" }, inferences: inference.inferences, byCPU: inference.byCPU,
                lastMicroseconds: inference.lastTiming.map { $0.wall / .microseconds(1) })
        }
    }
}

extension AcceleratorError {
    /// Whether another attempt could end otherwise while nothing is changed by hand.
    fileprivate var mayPass: Bool {
        switch self {
        case .callFailed, .hostEnded, .timedOut, .host, .wrongAnswer, .notReady, .libraryNotFound: true
        case .wrongVersion, .missingSymbol, .noSuchPlace, .wrongTensor, .noModel, .noReceipt: false
        }
    }
}
