package import Graph
package import Runtime
package import Scoring
package import Signals

/// Why a line made no model.
package enum LineError: Error, Sendable, CustomStringConvertible {
    /// A file of the pack, with every mistake and its place.
    case pack(String)
    case file(path: String, operation: String, errno: Int32)
    /// What there is to learn from is not enough or not usable.
    case recording(String)
    case window(SignalError)
    case card(ScoringError)
    case plan(PlanError)
    case proof(RuntimeError)
    /// A script of the pack that did not end well, or what it needs that could not be had.
    case script(name: String, reason: String)
    /// A stage's output that could not be written or read as JSON, or not hashed.
    case artefact(stage: String, reason: String)

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .pack: "line.pack"
        case .file: "line.file"
        case .recording: "line.recording"
        case .window: "line.window"
        case .card: "line.card"
        case .plan: "line.plan"
        case .proof: "line.proof"
        case .script: "line.script"
        case .artefact: "line.artefact"
        }
    }

    package var description: String {
        switch self {
        case .pack(let text), .recording(let text): text
        case .file(let path, let operation, let errno): "\(path): \(operation) failed (errno \(errno))"
        case .window(let error): error.description
        case .card(let error): error.description
        case .plan(let error): "\(error)"
        case .proof(let error): error.description
        case .script(let name, let reason): "\(name): \(reason)"
        case .artefact(let stage, let reason): "stage \(stage): \(reason)"
        }
    }
}
