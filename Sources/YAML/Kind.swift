/// What may stand behind a key: how it is read, and how it is called in a message.
package struct Kind<T> {
    /// Follows the word "expected": `a whole number 1...65535`.
    package let expected: String
    /// Gives the value, or reports why not and gives nil.
    let read: (_ node: Node, _ path: String, _ diagnostics: Diagnostics) -> T?

    /// A kind of the caller's own.
    ///
    /// - Parameter read: gives the value; or nil, after a report of its own.
    package init(expected: String, read: @escaping (_ node: Node, _ path: String, _ diagnostics: Diagnostics) -> T?) {
        self.expected = expected
        self.read = read
    }

    /// A kind whose only mistake is "not what was expected".
    private init(
        _ expected: String, suggest: @escaping (Node) -> String? = { _ in nil }, _ read: @escaping (Node) -> T?
    ) {
        self.init(expected: expected) { node, path, diagnostics in
            if let value = read(node) { return value }
            diagnostics.report(at: node, path: path, expected: expected, suggestion: suggest(node))
            return nil
        }
    }

    /// The same value, made into another; nil from `transform` is reported as not what was expected.
    package func map<U>(expected: String? = nil, _ transform: @escaping (T) -> U?) -> Kind<U> {
        let expected = expected ?? self.expected
        return Kind<U>(expected: expected) { node, path, diagnostics in
            guard let value = read(node, path, diagnostics) else { return nil }
            if let result = transform(value) { return result }
            diagnostics.report(at: node, path: path, expected: expected)
            return nil
        }
    }
}

extension Kind where T == String {
    /// A line of text: 1 to 4,096 bytes, without control characters. A plain number or boolean is taken as its text.
    package static var string: Kind<String> {
        Kind("a text") { node in
            guard let text = node.text, !node.isNothing, (1...4_096).contains(text.utf8.count),
                text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
            else { return nil }
            return text
        }
    }

    /// Text of several lines, may be `""`, at most `maxLength` characters; no control characters but line ends and tabs.
    package static func text(_ maxLength: Int) -> Kind<String> {
        Kind("a text of at most \(maxLength) characters") { node in
            guard let text = node.text, !node.isNothing, text.count <= maxLength,
                text.unicodeScalars.allSatisfy({
                    $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
                })
            else { return nil }
            return text
        }
    }

    /// One of some words.
    package static func choice(_ words: [String]) -> Kind<String> {
        Kind("one of \(words.joined(separator: ", "))", suggest: { Nearest.match($0.text ?? "", among: words) }) {
            node in
            node.text.flatMap { words.contains($0) ? $0 : nil }
        }
    }
}

extension Kind where T: CaseIterable & RawRepresentable, T.RawValue == String {
    /// One case of an enumeration, by its raw value.
    package static func choice(_ type: T.Type) -> Kind<T> {
        let words = T.allCases.map(\.rawValue)
        return Kind("one of \(words.joined(separator: ", "))", suggest: { Nearest.match($0.text ?? "", among: words) })
        {
            $0.text.flatMap(T.init(rawValue:))
        }
    }
}

extension Kind where T == Int {
    /// A whole number without quotes, decimal or `0x` hexadecimal.
    package static func integer(_ range: ClosedRange<Int>) -> Kind<Int> {
        Kind("a whole number \(range.lowerBound)...\(range.upperBound)") { node in
            guard case .scalar(let text, plain: true) = node.value, let number = Quantity.integer(text),
                range.contains(number)
            else { return nil }
            return number
        }
    }

    /// An amount of memory with its unit: `512KiB`, `2GB`.
    package static var bytes: Kind<Int> { bytes(0...Int.max) }

    /// An amount of memory with its unit, in bytes; the range enters the message.
    package static func bytes(_ range: ClosedRange<Int>) -> Kind<Int> {
        let bounds =
            range.upperBound == .max && range.lowerBound == 0
            ? "" : " \(Quantity.text(bytes: range.lowerBound))...\(Quantity.text(bytes: range.upperBound))"
        return Kind("an amount of memory\(bounds) such as 512KiB or 2GB") { node in
            guard let text = node.text, let bytes = Quantity.bytes(text), range.contains(bytes) else { return nil }
            return bytes
        }
    }
}

extension Kind where T == Double {
    /// A finite number without quotes.
    package static func number(_ range: ClosedRange<Double>) -> Kind<Double> {
        let bounds =
            switch (range.lowerBound == -.greatestFiniteMagnitude, range.upperBound == .greatestFiniteMagnitude) {
            case (true, true): ""
            case (false, true): " of at least \(range.lowerBound)"
            case (true, false): " of at most \(range.upperBound)"
            case (false, false): " \(range.lowerBound)...\(range.upperBound)"
            }
        return Kind("a number\(bounds)") { node in
            guard case .scalar(let text, plain: true) = node.value, let number = Quantity.number(text),
                range.contains(number)
            else { return nil }
            return number
        }
    }

    /// Any finite number without quotes.
    package static var number: Kind<Double> {
        number(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    }
}

extension Kind where T == Bool {
    /// `true` or `false`; the other words of YAML 1.1 (`yes`, `on`) are refused, with the right one as suggestion.
    package static var boolean: Kind<Bool> {
        let meant = [
            "yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false", "true": "true",
            "false": "false",
        ]
        return Kind("true or false", suggest: { meant[($0.text ?? "").lowercased()] }) { node in
            switch node.value {
            case .scalar("true", plain: true): true
            case .scalar("false", plain: true): false
            default: nil
            }
        }
    }
}

extension Kind where T == Duration {
    /// A whole number with its unit: `250ms`, `10s`, `5m`, `1h`, `30d`.
    package static func duration(_ range: ClosedRange<Duration>) -> Kind<Duration> {
        let bounds = "\(Quantity.text(range.lowerBound))...\(Quantity.text(range.upperBound))"
        return Kind(
            "a duration \(bounds) such as 250ms, 10s, 5m, 1h or 30d",
            suggest: { node in
                guard let text = node.text, let seconds = Quantity.integer(text), seconds > 0 else { return nil }
                return "\(seconds)s"
            }
        ) { node in
            guard let text = node.text, let span = Quantity.duration(text), range.contains(span) else { return nil }
            return span
        }
    }
}

extension Kind where T == Node {
    /// Whatever stands there but nothing, for the caller to look at.
    package static var node: Kind<Node> { Kind("a value") { $0.isNothing ? nil : $0 } }
}

extension Kind where T == [Node] {
    /// A list of whatever, for the caller to look at; element i has the path `path[i]`.
    package static var nodes: Kind<[Node]> { Kind("a list") { $0.elements } }
}

extension Kind {
    /// A list of one kind. A wrong element is reported with its index, and then there is no list.
    ///
    /// - Parameter count: how many elements there may be.
    package static func sequence<Element>(
        of kind: Kind<Element>, count: ClosedRange<Int> = 0...Int.max
    ) -> Kind<[Element]> where T == [Element] {
        let amount =
            switch (count.lowerBound, count.upperBound) {
            case (0, .max): ""
            case (let least, .max): " of at least \(least)"
            case (let least, let most) where least == most: " of \(least)"
            case (let least, let most): " of \(least) to \(most)"
            }
        let expected = "a list\(amount), each \(kind.expected)"
        return Kind<[Element]>(expected: expected) { node, path, diagnostics in
            guard let nodes = node.elements, count.contains(nodes.count) else {
                diagnostics.report(at: node, path: path, expected: expected)
                return nil
            }
            let elements = nodes.enumerated().map { index, node in kind.read(node, "\(path)[\(index)]", diagnostics) }
            let good = elements.compactMap(\.self)
            return good.count == elements.count ? good : nil
        }
    }

    /// A mapping, read by a closure; unknown keys are reported when it returns.
    package static func mapping(_ read: @escaping (inout MappingReader) -> T?) -> Kind<T> {
        Kind(expected: "a mapping (key: value)") { node, path, diagnostics in
            guard var reader = MappingReader(node, path: path, diagnostics: diagnostics) else { return nil }
            let value = read(&reader)
            reader.finish()
            return value
        }
    }
}
