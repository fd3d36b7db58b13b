import Graph
import Runtime

/// What the program and the process of a vendor's library say to each other: some words, all of them text.
struct HostMessage: Hashable {
    var words: [String]

    /// A model's description is the longest message by far.
    static let maximumBytes = 1 << 20

    init(_ words: [String]) { self.words = words }

    /// Each word with its length in front, four bytes, little-endian.
    var bytes: [UInt8] {
        var result: [UInt8] = []
        for word in words {
            let text = Array(word.utf8)
            result += Self.number(text.count)
            result += text
        }
        return result
    }

    static func number(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

    static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// - Returns: nil for bytes that are no message.
    init?(bytes: [UInt8]) {
        var words: [String] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let count = Self.number(rest.prefix(4))
            rest = rest.dropFirst(4)
            guard rest.count >= count else { return nil }
            words.append(String(decoding: rest.prefix(count), as: UTF8.self))
            rest = rest.dropFirst(count)
        }
        self.words = words
    }
}

extension AcceleratorError {
    /// The errors that a vendor's library can cause, as words; others do not cross the border.
    var words: [String] {
        switch self {
        case .libraryNotFound(let name, let reason): ["not_found", name, reason]
        case .wrongVersion(let library, let expected, let found): ["version", library, expected, found]
        case .missingSymbol(let library, let symbol): ["symbol", library, symbol]
        case .callFailed(let function, let code, let meaning): ["call", function, "\(code)", meaning]
        case .noSuchPlace(let what, let expected, let found): ["place", what, expected, found]
        case .wrongTensor(let name, let what, let expected, let found): ["tensor", name, what, expected, found]
        case .notReady(let needs): ["not_ready", needs]
        case .host(let call, let reason): ["host", call, reason]
        case .wrongAnswer, .poorAgreement, .noModel, .noReceipt, .hostEnded, .timedOut, .stuck:
            ["host", "vendor library's process", "\(self)"]
        }
    }

    init?(words: [String]) {
        let rest = Array(words.dropFirst())
        switch (words.first, rest.count) {
        case ("not_found", 2): self = .libraryNotFound(name: rest[0], reason: rest[1])
        case ("version", 3): self = .wrongVersion(library: rest[0], expected: rest[1], found: rest[2])
        case ("symbol", 2): self = .missingSymbol(library: rest[0], symbol: rest[1])
        case ("call", 3): self = .callFailed(function: rest[0], code: Int(rest[1]) ?? 0, meaning: rest[2])
        case ("place", 3): self = .noSuchPlace(what: rest[0], expected: rest[1], found: rest[2])
        case ("tensor", 4): self = .wrongTensor(name: rest[0], what: rest[1], expected: rest[2], found: rest[3])
        case ("not_ready", 1): self = .notReady(needs: rest[0])
        case ("host", 2): self = .host(call: rest[0], reason: rest[1])
        default: return nil
        }
    }
}

extension AcceleratorLibrary {
    var words: [String] { [name, version, detail] }

    init?(words: ArraySlice<String>) {
        guard words.count == 3, let first = words.first, let last = words.last else { return nil }
        self.init(name: first, version: words[words.startIndex + 1], detail: last)
    }
}

extension AcceleratorTensor {
    static let wordCount = 6

    var words: [String] {
        [
            name, element.rawValue, layout.rawValue, shape.map(String.init).joined(separator: "x"),
            quantization.map { "\($0.scale.bitPattern)" } ?? "", quantization.map { "\($0.zeroPoint)" } ?? "",
        ]
    }

    init?(words: ArraySlice<String>) {
        let words = Array(words)
        guard words.count == Self.wordCount, let element = AcceleratorElement(rawValue: words[1]),
            let layout = AcceleratorLayout(rawValue: words[2])
        else { return nil }
        let sizes = words[3].split(separator: "x").map { Int($0) ?? 0 }
        guard !sizes.isEmpty, sizes.count <= 16, sizes.allSatisfy({ (1...Self.maximumBytes).contains($0) }) else {
            return nil
        }
        var product = element.size
        for size in sizes {
            product = product.multipliedReportingOverflow(by: size).partialValue
            guard (1...Self.maximumBytes).contains(product) else { return nil }
        }
        var quantization: Quantization?
        if let scale = UInt32(words[4]), let zeroPoint = Int32(words[5]) {
            quantization = Quantization(scale: Float(bitPattern: scale), zeroPoint: zeroPoint)
        }
        self.init(name: words[0], element: element, shape: sizes, layout: layout, quantization: quantization)
    }
}
