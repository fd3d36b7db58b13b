package import Graph

/// What went wrong with a vendor's library, or with what it answered.
package enum AcceleratorError: Error, Hashable, Sendable {
    /// The system's loader found no such file, or could not load it.
    case libraryNotFound(name: String, reason: String)
    /// The library, or the model's format, is of a version whose interface is another one.
    case wrongVersion(library: String, expected: String, found: String)
    /// The library lacks a published function.
    case missingSymbol(library: String, symbol: String)
    /// A function of the library failed.
    case callFailed(function: String, code: Int, meaning: String)
    /// There is no such device or core.
    case noSuchPlace(what: String, expected: String, found: String)
    /// A tensor is not what the plan, or the library itself, said before.
    case wrongTensor(name: String, what: String, expected: String, found: String)
    /// A golden case's output that is not what the plan computes, by more than was allowed.
    case wrongAnswer(case: Int, difference: AnswerDifference, allowed: AnswerAllowance)
    /// The vendor's own simulator was further off than is allowed unless somebody who has looked at it says so.
    case poorAgreement(VendorModel.Agreement, ceiling: AnswerAllowance)
    /// The plan carries no model for the chip and the interface.
    case noModel(interface: String, chip: String, found: [String])
    /// Nothing that could prove an answer right.
    case noReceipt
    /// A call that needs a loaded model and bound buffers.
    case notReady(needs: String)
    /// The process in which the library ran ended by a signal, or by itself.
    case hostEnded(during: String, how: String)
    /// No answer in time; the process in which the library ran was ended.
    case timedOut(during: String, limit: Duration)
    /// The process in which the library ran was killed and is still there.
    case stuck(during: String, process: Int32, limit: Duration)
    /// The process in which the library is to run could not be started or talked to.
    case host(call: String, reason: String)

    /// Stable word for logs and interfaces.
    package var code: String {
        switch self {
        case .libraryNotFound: "accelerator.library_not_found"
        case .wrongVersion: "accelerator.wrong_version"
        case .missingSymbol: "accelerator.missing_symbol"
        case .callFailed: "accelerator.call_failed"
        case .noSuchPlace: "accelerator.no_such_place"
        case .wrongTensor: "accelerator.wrong_tensor"
        case .wrongAnswer: "accelerator.wrong_answer"
        case .poorAgreement: "accelerator.poor_agreement"
        case .noModel: "accelerator.no_model"
        case .noReceipt: "accelerator.no_receipt"
        case .notReady: "accelerator.not_ready"
        case .hostEnded: "accelerator.host_ended"
        case .timedOut: "accelerator.timed_out"
        case .stuck: "accelerator.stuck"
        case .host: "accelerator.host"
        }
    }
}

extension AcceleratorError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .libraryNotFound(let name, let reason): "\(code): \(name): \(reason)"
        case .wrongVersion(let library, let expected, let found):
            "\(code): \(library): expected version \(expected), found \(found)"
        case .missingSymbol(let library, let symbol):
            "\(code): \(library): expected the function \(symbol), found none of that name"
        case .callFailed(let function, let number, let meaning): "\(code): \(function) returned \(number): \(meaning)"
        case .noSuchPlace(let what, let expected, let found): "\(code): \(what): expected \(expected), found \(found)"
        case .wrongTensor(let name, let what, let expected, let found):
            "\(code): tensor \(name): \(what): expected \(expected), found \(found)"
        case .wrongAnswer(let index, let difference, let allowed):
            "\(code): receipt case \(index): \(difference), \(allowed)"
        case .poorAgreement(let agreement, let ceiling):
            "\(code): the vendor's simulator differed from the plan in \(agreement.mostDifferingElements) outputs of a "
                + "case, by \(agreement.largestDifference) steps; expected at most \(ceiling.elements), by "
                + "\(ceiling.steps): whoever has looked at it allows it (plant.yaml: accelerator.allow; commands: "
                + "--allow-elements, --allow-steps)"
        case .noModel(let interface, let chip, let found):
            "\(code): expected an \(interface) model for \(chip) in the plan, found "
                + (found.isEmpty ? "no vendor's model" : found.joined(separator: ", "))
        case .noReceipt: "\(code): expected a receipt in the plan, found none: no answer can be proven"
        case .notReady(let needs): "\(code): expected \(needs) first"
        case .hostEnded(let what, let how): "\(code): the vendor library's process ended during \(what): \(how)"
        case .timedOut(let what, let limit): "\(code): \(what): no answer within \(limit)"
        case .stuck(let what, let process, let limit):
            "\(code): \(what): the vendor library's process \(process) is still there \(limit) after SIGKILL: the kernel "
                + "holds it, most likely in the NPU's driver"
        case .host(let call, let reason): "\(code): \(call): \(reason)"
        }
    }
}
