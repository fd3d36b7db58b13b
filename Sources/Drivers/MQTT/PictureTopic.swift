import Plant
import YAML

/// One entry of `topics:` whose messages are pictures.
struct PictureTopic: Hashable, Sendable {
    var filter: TopicFilter
    /// As in ``TopicRule``.
    var qos: Int
    /// The name of the stream, with what the wild cards match.
    var stream: TagTemplate
    /// The part's id; nil where the topic does not say it.
    var part: TagTemplate?
    var form: PictureForm

    /// Reads an entry; `payload` has been looked at.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading entry: inout MappingReader, claims: inout LinkClaims) {
        let filter = entry.required("topic", .topicFilter)
        qos = entry.optional("qos", .integer(0...2), default: 1)
        _ = entry.required("payload", .choice(["picture"]))
        let wildcards = filter?.wildcards ?? 99
        let stream = entry.required("pictures", .string).flatMap { text in
            TagTemplate(reading: text, at: "pictures", of: entry, wildcards: wildcards)
        }
        let part = entry.optional("part", .string)
        let partTemplate = part.flatMap { text in
            TagTemplate(reading: text, at: "part", of: entry, wildcards: wildcards)
        }
        let form = PictureForm(reading: &entry)
        guard let filter, let stream, let form, part == nil || partTemplate != nil else { return nil }
        if stream.isConstant {
            let mark = entry.node["pictures"]?.mark ?? entry.node.mark
            claims.take(.pictures(stream.name([])), at: mark, path: entry.path("pictures"))
        }
        self.filter = filter
        self.stream = stream
        self.part = partTemplate
        self.form = form
    }
}

extension TagTemplate {
    /// Reads a name with placeholders for wild cards of the entry's topic.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading text: String, at key: String, of entry: MappingReader, wildcards: Int) {
        do throws(Mistake) {
            try self.init(text, wildcards: wildcards)
        } catch {
            entry.diagnostics.report(
                at: entry.node[key] ?? entry.node, path: entry.path(key), expected: error.expected(wildcards: wildcards)
            )
            return nil
        }
    }
}

extension TagTemplate.Mistake {
    /// Follows the word "expected".
    func expected(wildcards: Int) -> String {
        switch self {
        case .unclosedBrace: "a closing } for each {"
        case .unknownPlaceholder(let name) where wildcards == 0:
            "no placeholder (the topic has no wild card), not \(name)"
        case .unknownPlaceholder(let name): "placeholders {1} to {\(wildcards)}, not \(name)"
        case .notATagName: "a tag name: letters, digits, . - _ and /, starting with a letter or digit"
        }
    }
}

extension Kind where T == TopicFilter {
    static var topicFilter: Kind<TopicFilter> {
        Kind<String>.string.map(
            expected: "an MQTT topic; + and # only as a whole level, # only as the last; $share/GROUP/ before it"
        ) { TopicFilter($0) }
    }
}
