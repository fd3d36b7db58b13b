import Accelerators
import Graph
import Kernels
import Runtime
import Scoring
import Store

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
    private var reason: AcceleratorError?
    private var counted = (accelerated: 0, byCPU: 0)
    private var last: (library: AcceleratorLibrary?, timing: AcceleratorTiming?)

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
    /// As it was last.
    var library: AcceleratorLibrary? { accelerated?.library ?? last.library }
    var lastTiming: AcceleratorTiming? { accelerated?.lastTiming ?? last.timing }
    var inferences: Int { counted.accelerated + (accelerated?.accelerated ?? 0) }
    var byCPU: Int { counted.byCPU + (accelerated?.takenOver ?? 0) }

    /// - Precondition: ``release()`` was called since the last one that was loaded.
    func take(_ outcome: LoadOutcome) {
        switch outcome {
        case .loaded(let session): (accelerated, reason) = (session, nil)
        case .failed(let error): reason = error
        }
    }

    /// Gives the accelerator away, for whoever has the time to end it; what is judged from now on is the CPU's, or nobody's.
    func release() -> ClosingSession? {
        guard let accelerated else { return nil }
        reason = trouble
        counted = (inferences, byCPU)
        last = (library, lastTiming)
        self.accelerated = nil
        return ClosingSession(session: accelerated)
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

/// A session that is on its way from the judge to the ``AcceleratorLoader``, which ends it.
// SAFETY: whoever makes one gives up its only reference to the session, and only the loader's thread calls `close`.
struct ClosingSession: @unchecked Sendable {
    fileprivate let session: AcceleratedSession

    init(session: AcceleratedSession) { self.session = session }

    func close() { session.unload() }
}
