import Glibc
import Store

/// What the writer was told about each action, by the action's number.
struct Notes {
    var begun: Set<Int> = []
    var done: Set<Int> = []
    var taken: Set<Int> = []
    var failures: [String] = []
    /// The minute was finished and the store closed.
    var isClosed = false

    init(file: String) throws {
        let text = try MappedFile(path: file).withBytes { String(decoding: $0, as: UTF8.self) }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else {
                if line == "closed" { isClosed = true }
                if words.contains(where: { $0.hasPrefix("store.") }) { failures.append(String(line)) }
                continue
            }
            switch words[0] {
            case "begin": begun.insert(number)
            case "ok": done.insert(number)
            default: taken.insert(number)
            }
        }
    }
}
