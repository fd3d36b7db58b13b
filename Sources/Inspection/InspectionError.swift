package import Graph
package import Runtime

/// Why a model for inspection cannot be made or used.
package enum InspectionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file itself.
    case file(PlanError)
    /// What was fitted contradicts itself or the network beside it.
    case model(what: String, expected: String, found: String)
    /// Pictures to fit to that are too few, or do not belong together.
    case pictures(expected: String, found: String)
    case runtime(RuntimeError)

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .file(let error): error.code
        case .model: "inspection.model"
        case .pictures: "inspection.pictures"
        case .runtime(let error): error.code
        }
    }

    package var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .model(let what, let expected, let found): "\(code): \(what): expected \(expected), found \(found)"
        case .pictures(let expected, let found): "\(code): expected \(expected), found \(found)"
        case .runtime(let error): "\(error)"
        }
    }
}
