import Glibc

/// A minute of store work, and the check of what is left of it; for runs in which the disk fails or the process is killed.
///
///     ScriptedMinute write FOLDER ATTEMPTS [upgrade] [early|split]     notes on standard output what it was told; status 3: gave up
///     ScriptedMinute check FOLDER NOTES [all] [full] [older=DATABASE]  prints what is wrong, and ends with status 1 when anything is
///
/// `upgrade`, `older=`: the store was left by an earlier version, as the database. `all`: everything must have been done.
/// `full`: the disk was full, so that gaps may say so.
@main enum ScriptedMinute {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 3 else { exit(64) }
        var options = Set(words.dropFirst(3))
        switch words[0] {
        case "write":
            let script = Script(isUpgrade: options.remove("upgrade") != nil)
            let fault = options.popFirst().map(Writer.Fault.init)
            guard let attempts = Int(words[2]), options.isEmpty, fault != .some(nil) else { exit(64) }
            let writer = Writer(folder: words[1], attempts: attempts, script: script, fault: fault ?? nil)
            exit(await writer.run() ? 0 : 3)
        case "check":
            let older = options.first { $0.hasPrefix("older=") }
            if let older { options.remove(older) }
            let (wantsAll, mayBeFull) = (options.remove("all") != nil, options.remove("full") != nil)
            guard options.isEmpty else { exit(64) }
            let check = Check(
                folder: words[1], notes: try Notes(file: words[2]), script: Script(isUpgrade: older != nil),
                wantsAll: wantsAll, mayBeFull: mayBeFull, older: older.map { String($0.dropFirst("older=".count)) })
            let faults = try await check.run()
            for fault in faults { print(fault) }
            exit(faults.isEmpty ? 0 : 1)
        default: exit(64)
        }
    }
}
