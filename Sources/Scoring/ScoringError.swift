package import Runtime
package import Signals

/// Why there is no score; shown as the reason of "not judged", or when a model is refused.
package enum ScoringError: Error, Hashable, Sendable {
    /// The model's card is not readable or contradicts itself.
    case card(String)
    /// The plan does not take or give what its card says.
    case planMismatch(what: String, expected: Int, found: Int)
    case inference(InferenceError)
    case window(SignalError)
    case rateDiffers(expectedHertz: Double, foundHertz: Double)
    /// A process value that the model was trained with is not at hand.
    case conditionMissing(ModelCard.Condition.Name)
    /// A process value where the model has seen no normal running.
    case conditionOutsideLearntRange(ModelCard.Condition.Name, value: Double, lowest: Double, highest: Double)

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .card: "scoring.card"
        case .planMismatch: "scoring.plan_mismatch"
        case .inference: "scoring.inference"
        case .window: "scoring.window"
        case .rateDiffers: "scoring.rate_differs"
        case .conditionMissing: "scoring.condition_missing"
        case .conditionOutsideLearntRange: "scoring.outside_learnt_range"
        }
    }
}

extension ScoringError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .card(let text): "model card: \(text)"
        case .planMismatch(let what, let expected, let found): "plan's \(what): expected \(expected), found \(found)"
        case .inference(let error): error.description
        case .window(let error): error.description
        case .rateDiffers(let expected, let found): "expected a window at \(expected) Hz, found \(found) Hz"
        case .conditionMissing(let name): "no good value of \(name.words) at the window's time"
        case .conditionOutsideLearntRange(let name, let value, let lowest, let highest):
            "\(name.words) \(value.rounded()) is outside the learnt range \(lowest.rounded())...\(highest.rounded())"
        }
    }
}
