import Glibc

extension ToolProcess {
    /// The mark of the one line that says why a script failed.
    private static let reasonMark = "error: "

    /// One run whose progress is passed on as it comes.
    ///
    /// - Parameters:
    ///   - name: of the step, for messages.
    ///   - place: where whoever looks for the reason should look.
    ///   - line: what becomes of each line; they pass through unless somebody takes them.
    /// - Throws: `.failed` with the reason that the tool gave, else with what it said last.
    static func step(
        _ name: String, place: String, _ arguments: [String], line: (String) -> Void = { Output.error($0) }
    ) throws(VendorToolError) {
        var (reason, last) = ("", "")
        let exit = try run(arguments, reading: .everything) { said in
            if said.hasPrefix(reasonMark) {
                reason = String(said.dropFirst(reasonMark.count))
            } else {
                line(said)
            }
            if !said.isEmpty { last = said }
        }
        guard exit != .code(0) else { return }
        if reason.isEmpty { reason = last.isEmpty ? "\(exit)" : "\(exit): \(last)" }
        throw .failed(step: name, reason: reason, place: place)
    }

    /// The path of a program, nil where PATH leads to none.
    static func onPath(_ program: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return path.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }
}

/// Where programs keep what they can make again.
enum UserCache {
    /// - Parameter option: what names another folder, where there is no home.
    static func folder(_ name: String, option: String) throws(VendorToolError) -> String {
        func folder(_ variable: String) -> String? {
            getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        }
        if let cache = folder("XDG_CACHE_HOME") { return "\(cache)/\(name)" }
        guard let home = folder("HOME") else {
            throw .system(call: "getenv", path: "HOME", reason: "not set, so \(option) must say where the folder is")
        }
        return "\(home)/.cache/\(name)"
    }
}
