import Accelerators
import Graph
import Logging
import Plant
import Runtime
import Store

/// The models that run on this box's accelerator: which of them wait for it, and what is said of them.
///
/// Not `Sendable`: it lives in the ``JudgeService``.
final class AcceleratedModels {
    private struct Entry {
        var inference: ModelInference
        /// What the log was last told.
        var said: AcceleratorError??
        /// In a row: as often as it failed since it last worked well.
        var failures = 0
        var nextAttempt: MonotonicTime
        /// Whether the last failure is counted already.
        var hasFailed = false
        /// Nil while it does not compute.
        var worksSince: MonotonicTime?
        var isLoading = false
    }

    private var choice: AcceleratorChoice?
    private var entries: [String: Entry] = [:]
    /// Sessions that the loader is to end.
    private var closing: [ClosingSession] = []
    private let clock: any PlantClock
    private let logger: Logger

    /// A chip that failed is tried again after a minute, then after twice as long each time, up to an hour.
    private static let retry = (first: Duration.seconds(60), last: Duration.seconds(3_600))
    /// The waits begin anew when it has worked this long, and as long as the last wait: a chip that fails every few
    /// minutes must not be started every few minutes for ever.
    private static let goodService = Duration.seconds(600)

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
        for name in entries.keys { drop(name) }
        return true
    }

    /// Forgets models that no asset uses any more.
    func keep(only models: Set<String>) {
        for name in entries.keys where !models.contains(name) { drop(name) }
    }

    private func drop(_ name: String) {
        guard let entry = entries.removeValue(forKey: name) else { return }
        if let session = entry.inference.release() { closing.append(session) }
    }

    /// What computes a model, the same for all assets that share it; nil for the CPU alone.
    func inference(for model: ProvedModel) throws -> ModelInference? {
        guard let choice else { return nil }
        if let known = entries[model.name], known.inference.model.digest == model.digest { return known.inference }
        let made = try ModelInference(model, choice)
        drop(model.name)
        entries[model.name] = Entry(inference: made, nextAttempt: clock.monotonic())
        return made
    }

    /// What the loader is to do next; nil while there is nothing to do.
    func nextJob() -> AcceleratorJob? {
        for name in entries.keys.sorted() { look(at: name) }
        if !closing.isEmpty {
            defer { closing = [] }
            return .close(closing)
        }
        guard let choice else { return nil }
        let now = clock.monotonic()
        for name in entries.keys.sorted() {
            guard let entry = entries[name], !entry.isLoading, now >= entry.nextAttempt,
                let trouble = entry.inference.trouble, !entry.inference.isTried || trouble.mayPass
            else { continue }
            entries[name]?.isLoading = true
            return .load(LoadJob(model: entry.inference.model, choice: choice))
        }
        return nil
    }

    func take(_ outcome: LoadOutcome, of job: LoadJob) {
        // Meanwhile another model, or another accelerator, may have come into use.
        guard let entry = entries[job.model.name], entry.inference.model.digest == job.model.digest,
            job.choice == choice
        else {
            if case .loaded(let session) = outcome { closing.append(ClosingSession(session: session)) }
            return
        }
        if let session = entry.inference.release() { closing.append(session) }
        entry.inference.take(outcome)
        entries[job.model.name]?.isLoading = false
        // A load is an attempt of its own, though the one before failed too.
        entries[job.model.name]?.hasFailed = false
        look(at: job.model.name)
    }

    /// Sees whether it still computes: a failure is counted once, and the wait begins when it is seen.
    private func look(at name: String) {
        guard var entry = entries[name], entry.inference.isTried, !entry.isLoading else { return }
        let now = clock.monotonic()
        if entry.inference.trouble == nil {
            let since = entry.worksSince ?? now
            entry.worksSince = since
            if now - since >= max(Self.goodService, Self.wait(after: entry.failures)) { entry.failures = 0 }
        } else if !entry.hasFailed {
            entry.hasFailed = true
            entry.worksSince = nil
            entry.failures += 1
            entry.nextAttempt = now + Self.wait(after: entry.failures)
            // What it still holds is freed beside the judge, long before it is loaded again.
            if let session = entry.inference.release() { closing.append(session) }
        }
        entries[name] = entry
        report(name)
    }

    private static func wait(after failures: Int) -> Duration {
        (1..<max(failures, 1)).reduce(retry.first) { wait, _ in min(wait * 2, retry.last) }
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
        case .callFailed, .hostEnded, .timedOut, .stuck, .host, .wrongAnswer, .notReady, .libraryNotFound: true
        case .wrongVersion, .missingSymbol, .noSuchPlace, .wrongTensor, .poorAgreement, .noModel, .noReceipt: false
        }
    }
}
