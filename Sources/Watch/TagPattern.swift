/// A name of tags in which `*` stands for any characters, none too: `pump-*.temperature`.
package struct TagPattern: Hashable, Sendable {
    package let text: String

    /// - Returns: nil for a text in which something can stand in no tag name, or of more than 200 characters.
    package init?(_ text: String) {
        let isPossible = text.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-/*".utf8.contains(byte)
        }
        guard isPossible, (1...200).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    /// Whether it stands for one name only.
    package var isName: Bool { !text.utf8.contains(UInt8(ascii: "*")) }

    package func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.utf8), Array(name.utf8))
        var (at, here) = (0, 0)
        // Where to go on when the last star has to take one character more.
        var retry: (pattern: Int, name: Int)?
        while here < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                at += 1
                retry = (at, here)
            } else if at < pattern.count, pattern[at] == name[here] {
                at += 1
                here += 1
            } else if let last = retry {
                at = last.pattern
                here = last.name + 1
                retry = (at, here)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
