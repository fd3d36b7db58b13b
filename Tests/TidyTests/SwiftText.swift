/// A Swift file line by line, with code and comments apart; what stands in string literals is blanked out of the code,
/// what is interpolated into them stays.
struct SwiftText {
    private(set) var code: [String] = [""]
    private(set) var comments: [String] = [""]

    private enum Place {
        case code(parentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    init(_ text: String) {
        let scalars = Array(text.unicodeScalars)
        var places: [Place] = [.code(parentheses: 0)]
        var at = 0
        func isAt(_ word: String, _ start: Int) -> Bool {
            var index = start
            for letter in word.unicodeScalars {
                guard index < scalars.count, scalars[index] == letter else { return false }
                index += 1
            }
            return true
        }
        while at < scalars.count {
            let scalar = scalars[at]
            if scalar == "\n" {
                newLine()
                if case .string(_, isMultiline: false)? = places.last { places.removeLast() }
                at += 1
                continue
            }
            switch places[places.count - 1] {
            case .code(let parentheses):
                if isAt("//", at) {
                    while at < scalars.count, scalars[at] != "\n" {
                        comments[comments.count - 1].unicodeScalars.append(scalars[at])
                        at += 1
                    }
                } else if isAt("/*", at) {
                    while at < scalars.count, !isAt("*/", at) {
                        if scalars[at] == "\n" {
                            newLine()
                        } else {
                            comments[comments.count - 1].unicodeScalars.append(scalars[at])
                        }
                        at += 1
                    }
                    at += 2
                } else if isAt("#/", at) {
                    // An extended regular expression on one line; what stands in it is no code.
                    at += 2
                    while at < scalars.count, scalars[at] != "\n", !isAt("/#", at) { at += 1 }
                    if isAt("/#", at) { at += 2 }
                } else {
                    var hashes = 0
                    while at + hashes < scalars.count, scalars[at + hashes] == "#" { hashes += 1 }
                    if at + hashes < scalars.count, scalars[at + hashes] == "\"" {
                        let isMultiline = isAt("\"\"\"", at + hashes)
                        places.append(.string(hashes: hashes, isMultiline: isMultiline))
                        append("\"")
                        at += hashes + (isMultiline ? 3 : 1)
                        continue
                    }
                    if scalar == "(" { places[places.count - 1] = .code(parentheses: parentheses + 1) }
                    if scalar == ")" {
                        if parentheses == 0, places.count > 1 {
                            places.removeLast()
                            append(scalar)
                            at += 1
                            continue
                        }
                        places[places.count - 1] = .code(parentheses: parentheses - 1)
                    }
                    append(scalar)
                    at += 1
                }
            case .string(let hashes, let isMultiline):
                // Most of a text is neither the one nor the other.
                guard scalar == "\\" || scalar == "\"" else {
                    at += 1
                    continue
                }
                let escape = "\\" + String(repeating: "#", count: hashes)
                let end = (isMultiline ? "\"\"\"" : "\"") + String(repeating: "#", count: hashes)
                if isAt(escape + "(", at) {
                    places.append(.code(parentheses: 0))
                    append("(")
                    at += escape.unicodeScalars.count + 1
                } else if isAt(escape, at) {
                    at += escape.unicodeScalars.count + 1
                } else if isAt(end, at) {
                    places.removeLast()
                    append("\"")
                    at += end.unicodeScalars.count
                } else {
                    at += 1
                }
            }
        }
    }

    private mutating func newLine() {
        code.append("")
        comments.append("")
    }

    private mutating func append(_ scalar: Unicode.Scalar) { code[code.count - 1].unicodeScalars.append(scalar) }
}
