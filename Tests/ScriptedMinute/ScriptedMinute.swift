import Glibc

/// A minute of store work, and the check of what is left of it; for runs in which the disk fails or the process is killed.
///
///     ScriptedMinute write FOLDER ATTEMPTS [early|split]   notes on standard output what it was told; status 3: gave up
///     ScriptedMinute check FOLDER NOTES [all]              prints what is wrong, and ends with status 1 when anything is
@main enum ScriptedMinute {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        switch (words.first, words.count) {
        case ("write", 3...4):
            let fault = words.count == 4 ? Writer.Fault(rawValue: words[4]) : nil
            guard let attempts = Int(words[3]), words.count == 3 || fault != nil else { exit(64) }
            exit(await Writer(folder: words[2], attempts: attempts, fault: fault).run() ? 0 : 3)
        case ("check", 3...4):
            let check = Check(folder: words[2], notes: try Notes(file: words[3]), wantsAll: words.count == 4)
            let faults = try await check.run()
            for fault in faults { print(fault) }
            exit(faults.isEmpty ? 0 : 1)
        default: exit(64)
        }
    }
}
