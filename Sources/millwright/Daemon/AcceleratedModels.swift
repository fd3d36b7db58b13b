import Accelerators
import Graph
import Logging
import Plant
import Runtime
import Store

/// The models that run on this box's accelerator: opened when they come into use, tried again after they failed.
///
/// Not `Sendable`: it lives in the ``JudgeService``, on whose thread the vendor's library is waited for.
final class AcceleratedModels {
    private struct Entry {
        var model: ProvedModel
        var session: AcceleratedSession
        /// What the log was last told.
        var said: State?
        var attempts = 0
        var nextAttempt: MonotonicTime
    }

    private enum State: Equatable {
        case inUse
        case failed(AcceleratorError)
    }

    private(set) var choice: AcceleratorChoice?
    private var entries: [String: Entry] = [:]
    private let program: HostProgram
    private let clock: any PlantClock
    private let logger: Logger

    /// A chip that failed is tried again after a minute, then after twice as long each time, up to an hour.
    private static let retry = (first: Duration.seconds(60), last: Duration.seconds(3_600))

    init(_ choice: AcceleratorChoice?, program: HostProgram = .own, clock: any PlantClock, logger: Logger) {
        self.choice = choice
        self.program = program
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

    /// What computes a model: nil for the CPU alone.
    ///
    /// - Throws: ``AcceleratorError`` where the accelerator fails and the CPU may not take over.
    func inference(for model: ProvedModel) throws -> (any Inference)? {
        guard let choice else { return nil }
        if let known = entries[model.name], known.model.digest == model.digest { return known.session }
        entries[model.name] = nil
        let plan = try Plan(bytes: model.file.bytes)
        let session = try choice.open(
            Session(plan: plan, keeping: model.file, kernels: .ofThisMachine), program: program)
        entries[model.name] = Entry(
            model: model, session: session, nextAttempt: clock.monotonic() + Self.retry.first)
        report(model.name)
        return session
    }

    /// Says what has changed, and tries again where it is time to.
    func tend() {
        let now = clock.monotonic()
        for name in entries.keys.sorted() {
            report(name)
            guard var entry = entries[name], let reason = entry.session.reason, reason.mayPass,
                now >= entry.nextAttempt
            else { continue }
            // A refusal leaves the reason where it is.
            try? entry.session.reload()
            entry.attempts += 1
            let delay = (0..<entry.attempts).reduce(Self.retry.first) { delay, _ in min(delay * 2, Self.retry.last) }
            entry.nextAttempt = clock.monotonic() + delay
            entries[name] = entry
            report(name)
        }
    }

    private func report(_ name: String) {
        guard let entry = entries[name] else { return }
        let session = entry.session
        let state = session.reason.map(State.failed) ?? .inUse
        guard entry.said != state else { return }
        entries[name]?.said = state
        switch state {
        case .failed(let reason):
            logger.warning(
                "accelerator does not compute, the CPU does",
                metadata: ["model": "\(name)", "code": "\(reason.code)", "reason": "\(reason)"])
        case .inUse:
            logger.notice(
                "accelerator in use",
                metadata: [
                    "model": "\(name)", "library": "\(session.library?.name ?? "")",
                    "version": "\(session.library?.version ?? "")",
                ])
        }
    }

    func status() -> [StatusReport.Accelerator] {
        entries.sorted { $0.key < $1.key }.map { name, entry in
            let session = entry.session
            return StatusReport.Accelerator(
                model: name, interface: choice?.interface.rawValue ?? "", chip: choice?.chip ?? "",
                library: session.library?.name ?? "", version: session.library?.version ?? "",
                state: session.reason == nil ? "in use" : "the CPU computes",
                reason: session.reason.map { "\($0)" }, inferences: session.accelerated, byCPU: session.takenOver,
                lastMicroseconds: session.lastTiming.map { $0.wall / .microseconds(1) })
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
