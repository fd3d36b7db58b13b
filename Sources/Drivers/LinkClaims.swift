package import YAML

/// What the links of one configuration have taken for themselves: each thing may be taken once.
package struct LinkClaims {
    /// A thing that two links must not both have.
    package enum Thing: Hashable {
        case link(String)
        case tag(String)
        /// A device: two masters that poll one unit confuse many of them.
        case device(line: String, unit: Int)
        /// An MQTT client id at a broker: the broker would throw out one of the two, again and again.
        case client(host: String, port: Int, id: String)

        /// A stream of pictures.
        case pictures(String)
        /// Where a link listens.
        case door(address: String, port: Int)
        /// The device of a camera, which gives its frames to one.
        case camera(String)
        /// Files of a folder: two links would judge, delete or move them both.
        case files(folder: String, names: String)

        var description: String {
            switch self {
            case .link(let name): "the link name \"\(name)\""
            case .tag(let name): "the tag \"\(name)\""
            case .device(let line, let unit): "the device \(line) unit \(unit)"
            case .pictures(let name): "the pictures \"\(name)\""
            case .door(let address, let port): "the door \(address) port \(port)"
            case .camera(let path): "the camera \(path)"
            case .files(let folder, let names): "the files \(names) of \(folder)"
            case .client(let host, let port, let id): "the client id \"\(id)\" at \(host):\(port)"
            }
        }
    }

    private let diagnostics: Diagnostics
    private var taken: [Thing: Mark] = [:]
    private var shared: [SharedThing: (manner: AnyHashable, mark: Mark)] = [:]

    private let directory: String

    /// - Parameter directory: where relative paths in the configuration start; "" leaves them as they stand.
    package init(diagnostics: Diagnostics, directory: String = "") {
        self.diagnostics = diagnostics
        self.directory = directory
    }

    /// A path of the configuration, wherever the program was started.
    func resolve(_ path: String?) -> String? {
        guard let path, !path.hasPrefix("/"), !directory.isEmpty else { return path }
        return "\(directory)/\(path)"
    }

    /// Takes a thing, or reports that it is taken.
    package mutating func take(_ thing: Thing, at mark: Mark, path: String) {
        if let first = taken[thing] {
            diagnostics.report(
                at: mark, path: path, expected: "each of these once",
                found: "\(thing.description) again (first at \(first.place))")
        } else {
            taken[thing] = mark
        }
    }

    /// A thing that several links may use, as long as they agree on how.
    enum SharedThing: Hashable {
        /// A connection or serial port with several slaves.
        case line(String)
    }

    /// Takes part in a thing, or reports that another link uses it in another way.
    mutating func share(
        _ thing: SharedThing, as manner: some Hashable & Sendable, at mark: Mark, path: String, expected: String
    ) {
        let manner = AnyHashable(manner)
        guard let first = shared[thing] else {
            shared[thing] = (manner, mark)
            return
        }
        guard first.manner != manner else { return }
        diagnostics.report(
            at: mark, path: path, expected: expected, found: "a difference from the link at line \(first.mark.line)")
    }
}
