import Accelerators
import Graph
import Kernels
import Logging
import Runtime
import Store
import Threads

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

/// What the judge has for the loader to do.
enum AcceleratorJob: Sendable {
    /// Before anything is loaded: the chip may have room for one of both only.
    case close([ClosingSession])
    case load(LoadJob)
}

/// Puts models on the accelerator and takes them off, on a thread of its own: a vendor's library may take its time, and
/// nobody waits for it.
actor AcceleratorLoader {
    private nonisolated let executor = ThreadExecutor.required()
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private let program: HostProgram
    private let logger: Logger
    private nonisolated let halt = HostStop()
    private var leftProcesses: [Int32] = []

    init(program: HostProgram = .own, logger: Logger) {
        self.program = program
        self.logger = logger
    }

    /// Ends what is being loaded, whatever the library is doing; nothing is loaded after it.
    nonisolated func stop() { halt.stop() }

    /// Does what the judge has to do next.
    /// - Returns: false where there was nothing, or this loader was stopped.
    func work(for judge: JudgeService) async -> Bool {
        guard !halt.isStopped, let job = await judge.nextAcceleratorJob() else { return false }
        switch job {
        case .close(let sessions): for session in sessions { session.close() }
        case .load(let job):
            let outcome = load(job)
            // A load that the daemon's end has cut short says nothing of the chip.
            guard !halt.isStopped else { return false }
            await judge.take(outcome, of: job)
        }
        reportLeft()
        return true
    }

    private func load(_ job: LoadJob) -> sending LoadOutcome {
        do throws(AcceleratorError) {
            let session: Session
            do {
                session = try Session(
                    plan: Plan(bytes: job.model.file.bytes), keeping: job.model.file, kernels: .ofThisMachine)
            } catch { throw .host(call: "opening the plan", reason: "\(error)") }
            return .loaded(try job.choice.open(session, program: program, stop: halt))
        } catch { return .failed(error) }
    }

    /// Processes that do not go away are the driver's fault, and somebody has to look at it.
    private func reportLeft() {
        let left = LeftProcesses.look()
        guard left != leftProcesses else { return }
        leftProcesses = left
        guard !left.isEmpty else { return }
        logger.error(
            "processes of a vendor's library are still there after SIGKILL",
            metadata: ["processes": "\(left.map(String.init).joined(separator: " "))"])
    }
}
