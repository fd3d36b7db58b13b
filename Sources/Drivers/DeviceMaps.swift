import Glibc
import Plant
import YAML

/// Puts what a device map says where a link names it: `device: devices/modbus/eastron-sdm630.yaml` with `prefix: press-3.`
///
/// A map is the part of a link that belongs to the model of a device. It is put in before a driver reads its link, so that
/// no driver knows of maps; what is wrong in a map is reported with its own file and line.
struct DeviceMaps {
    /// The longest map has 200 values and 20 kB.
    static let maxBytes = 256 << 10

    /// What a map says of itself; everything else in it belongs into the link.
    private static let about: Set<String> = ["device", "capture"]

    private let directory: String
    private let shared: String?
    private let diagnostics: Diagnostics
    /// Each map is read once, however many links name it; nil for one that could not be read.
    private var read: [String: Node?] = [:]

    /// - Parameters:
    ///   - directory: where relative paths start; "" leaves them as they stand.
    ///   - shared: where a file is looked for that is not there; nil for nowhere.
    init(directory: String, shared: String? = nil, diagnostics: Diagnostics) {
        self.directory = directory
        self.shared = shared
        self.diagnostics = diagnostics
    }

    /// The link with each map in its place.
    ///
    /// Beside other keys, `device` brings those of the map: a key that both have counts as the link has it, lists are put
    /// together. An entry of `topics` or `blocks` that is only a `device` stands for the map's own such list.
    ///
    /// - Returns: nil when a map could not be read; then it has been reported.
    mutating func expanded(_ link: Node, path: String) -> Node? {
        guard var pairs = link.pairs else { return link }
        var isWhole = true
        for index in pairs.indices {
            guard let entries = pairs[index].value.elements, let key = pairs[index].key.text else { continue }
            var all: [Node] = []
            for (position, entry) in entries.enumerated() {
                let place = "\(path).\(key)[\(position)]"
                guard let whole = expanded(entry, path: place) else {
                    isWhole = false
                    continue
                }
                // The map's list of the same name takes the place of an entry that says nothing else.
                if entry["device"] != nil, whole.pairs?.count == 1, let list = whole[key]?.elements {
                    all += list
                } else {
                    all.append(whole)
                }
            }
            pairs[index].value = Node(.sequence(all), mark: pairs[index].value.mark)
        }
        guard link["device"] != nil else { return isWhole ? Node(.mapping(pairs), mark: link.mark) : nil }
        guard let map = map(of: link, path: path), isWhole else { return nil }
        return Node(.mapping(Self.merged(pairs, map)), mark: link.mark)
    }

    /// The keys that the map of a link brings, tags with the link's prefix.
    private mutating func map(of link: Node, path: String) -> [Node.Pair]? {
        guard var reader = MappingReader(link, path: path, diagnostics: diagnostics),
            let name = reader.required("device", .string)
        else { return nil }
        let hasPrefix = link["prefix"] != nil
        let prefix = reader.optional("prefix", .tagPrefix)
        guard !hasPrefix || prefix != nil,
            let map = document(name, at: link["device"] ?? link, path: reader.path("device"))
        else { return nil }
        return map.pairs?.filter { !Self.about.contains($0.key.text ?? "") }.map {
            Node.Pair(key: $0.key, value: Self.prefixed($0.value, with: prefix ?? ""))
        }
    }

    private mutating func document(_ name: String, at node: Node, path: String) -> Node? {
        if let known = read[name] { return known }
        let file = place(of: name)
        var map: Node?
        do {
            let document = try YAML.parse(Self.bytes(of: file), file: file)
            if document["device"] != nil {
                map = Self.placed(document, in: file)
            } else {
                diagnostics.report(
                    at: node, path: path, expected: "a device map, which says `device:` of itself", found: file)
            }
        } catch let error as YAMLError {
            diagnostics.report(at: node, path: path, expected: "a device map", found: error.description)
        } catch {
            diagnostics.report(
                at: node, path: path, expected: "the file of a device map", found: "\(file): \(error)")
        }
        read[name] = .some(map)
        return map
    }

    /// The plant's own map goes before the one of that name that was installed with the program.
    private func place(of name: String) -> String {
        guard !name.hasPrefix("/") else { return name }
        let own = directory.isEmpty ? name : "\(directory)/\(name)"
        guard let shared, access(own, F_OK) != 0, access("\(shared)/\(name)", F_OK) == 0 else { return own }
        return "\(shared)/\(name)"
    }

    private static func merged(_ own: [Node.Pair], _ map: [Node.Pair]) -> [Node.Pair] {
        var pairs = own.filter { $0.key.text != "device" && $0.key.text != "prefix" }
        for pair in map {
            guard let index = pairs.firstIndex(where: { $0.key.text == pair.key.text }) else {
                pairs.append(pair)
                continue
            }
            if let first = pair.value.elements, let second = pairs[index].value.elements {
                pairs[index].value = Node(.sequence(first + second), mark: pairs[index].value.mark)
            }
        }
        return pairs
    }

    /// The same with a prefix before each tag.
    private static func prefixed(_ node: Node, with prefix: String) -> Node {
        let value: Node.Value =
            switch node.value {
            case .scalar: node.value
            case .sequence(let elements): .sequence(elements.map { prefixed($0, with: prefix) })
            case .mapping(let pairs): .mapping(pairs.map { prefixed($0, with: prefix) })
            }
        return Node(value, mark: node.mark)
    }

    private static func prefixed(_ pair: Node.Pair, with prefix: String) -> Node.Pair {
        guard pair.key.text == "tag", case .scalar(let text, let plain) = pair.value.value else {
            return Node.Pair(key: pair.key, value: prefixed(pair.value, with: prefix))
        }
        return Node.Pair(key: pair.key, value: Node(.scalar(prefix + text, plain: plain), mark: pair.value.mark))
    }

    /// The same with marks that name their file.
    private static func placed(_ node: Node, in file: String) -> Node {
        let value: Node.Value =
            switch node.value {
            case .scalar: node.value
            case .sequence(let elements): .sequence(elements.map { placed($0, in: file) })
            case .mapping(let pairs):
                .mapping(pairs.map { Node.Pair(key: placed($0.key, in: file), value: placed($0.value, in: file)) })
            }
        return Node(value, mark: Mark(line: node.mark.line, column: node.mark.column, file: file))
    }

    private struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    private static func bytes(of file: String) throws -> [UInt8] {
        // Without waiting, so that a named pipe does not hold the program up.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Unreadable(description: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(description: String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= maxBytes else { throw Unreadable(description: "more than \(maxBytes) bytes") }
        }
    }
}

extension Kind where T == String {
    /// What stands before each tag of a map.
    fileprivate static var tagPrefix: Kind<String> {
        Kind.string.map(expected: "the beginning of a tag name: letters, digits, . - _ and /, such as press-3.") {
            TagDefinition.isValid(name: $0 + "x") ? $0 : nil
        }
    }
}
