/// Why a vendor's tool gave no model.
enum VendorToolError: Error, Hashable, CustomStringConvertible {
    case noToolchain(chip: String, expected: String, known: [String])
    case unknownChip(chip: String, script: String, known: [String])
    case noPython(expected: String, looked: String)
    case wrongPython(path: String, expected: String, found: String)
    /// - Parameter reason: what the process said last, or how it ended.
    case failed(step: String, reason: String, place: String)
    case wrongAnswer(file: String, expected: String, found: String)
    case noReceipt(plan: String)
    case otherModel(plan: String, expected: String, found: String)
    case system(call: String, path: String, reason: String)

    var description: String {
        switch self {
        case .noToolchain(let chip, let expected, let known):
            "vendor.no_toolchain: \(chip): expected \(expected), found none; there are toolchains for "
                + known.joined(separator: ", ") + " (firmware-profiles/README.md says why no others)"
        case .unknownChip(let chip, let script, let known):
            "vendor.unknown_chip: \(script): expected one of \(known.joined(separator: ", ")), found \(chip)"
        case .noPython(let expected, let looked):
            "vendor.no_python: expected Python \(expected), found none: \(looked); --python names one"
        case .wrongPython(let path, let expected, let found):
            "vendor.wrong_python: \(path): expected Python \(expected), found \(found); --python names another"
        case .failed(let step, let reason, let place): "vendor.failed: \(step): \(reason) (see \(place))"
        case .wrongAnswer(let file, let expected, let found):
            "vendor.wrong_answer: \(file): expected \(expected), found \(found)"
        case .noReceipt(let plan):
            "vendor.no_receipt: \(plan): expected golden inputs to compare on, found none; make the plan with --receipt 2 "
                + "or more"
        case .otherModel(let plan, let expected, let found):
            "vendor.other_model: \(plan): expected the plan of that model for that chip, \(expected); found \(found)"
        case .system(let call, let path, let reason): "vendor.system: \(path): \(call): \(reason)"
        }
    }
}
