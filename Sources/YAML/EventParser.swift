import CYAML

/// Builds the tree of one document from libyaml's events; owns the C parser.
struct EventParser: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeBufferPointer<UInt8>
    private let file: String
    private let limits: YAML.Limits
    private var nodes = 0

    /// - Parameter input: must stay alive and unchanged until the parser is gone.
    init(_ input: UnsafeBufferPointer<UInt8>, file: String, limits: YAML.Limits) throws(YAMLError) {
        // SAFETY: allocated here, initialized by libyaml before any use, freed in `deinit` and nowhere else; the type
        // cannot be copied, so there is one owner.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLError(file: file, mark: Mark(line: 1, column: 1), reason: .outOfMemory)
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        self.parser = parser
        self.input = input
        self.file = file
        self.limits = limits
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func document() throws(YAMLError) -> Node {
        var root: Node?
        while true {
            let event = try next()
            switch event.kind {
            case .documentStart:
                guard root == nil else { throw failure(.severalDocuments, at: event.mark) }
                root = try node(from: try next(), depth: 1)
            case .streamEnd:
                guard let root else { throw failure(.empty, at: Mark(line: 1, column: 1)) }
                return root
            default:
                break  // start of the stream, end of the document
            }
        }
    }

    private mutating func node(from event: Event, depth: Int) throws(YAMLError) -> Node {
        guard depth <= limits.depth else { throw failure(.tooDeep(limit: limits.depth), at: event.mark) }
        nodes += 1
        guard nodes <= limits.nodes else { throw failure(.tooManyNodes(limit: limits.nodes), at: event.mark) }
        switch event.kind {
        case .scalar(let text, let plain):
            return Node(.scalar(text, plain: plain), mark: event.mark)
        case .sequenceStart:
            var elements: [Node] = []
            while true {
                let element = try next()
                if case .end = element.kind { return Node(.sequence(elements), mark: event.mark) }
                elements.append(try node(from: element, depth: depth + 1))
            }
        case .mappingStart:
            var pairs: [Node.Pair] = []
            while true {
                let key = try next()
                if case .end = key.kind { return Node(.mapping(pairs), mark: event.mark) }
                guard case .scalar = key.kind else { throw failure(.keyNotScalar, at: key.mark) }
                pairs.append(
                    Node.Pair(
                        key: try node(from: key, depth: depth + 1), value: try node(from: try next(), depth: depth + 1))
                )
            }
        case .documentStart, .end, .streamEnd, .other:
            throw failure(.syntax("a value is missing"), at: event.mark)
        }
    }

    private struct Event {
        enum Kind {
            case documentStart, sequenceStart, mappingStart, end, streamEnd, other
            case scalar(String, plain: Bool)
        }
        var kind: Kind
        var mark: Mark
    }

    private mutating func next() throws(YAMLError) -> Event {
        // SAFETY: `event` is filled by libyaml and released before this returns; every text is copied out before that.
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw parserFailure() }
        defer { yaml_event_delete(&event) }
        let mark = Mark(line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            return Event(kind: .documentStart, mark: mark)
        case YAML_STREAM_END_EVENT:
            return Event(kind: .streamEnd, mark: mark)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT, YAML_DOCUMENT_END_EVENT:
            return Event(kind: .end, mark: mark)
        case YAML_ALIAS_EVENT:
            throw failure(.anchorOrAlias(string(event.data.alias.anchor)), at: mark)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try refuse(anchor: scalar.anchor, tag: scalar.tag, at: mark)
            // libyaml has checked that the input is UTF-8, so nothing is repaired here.
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return Event(kind: .scalar(text, plain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark: mark)
        case YAML_SEQUENCE_START_EVENT:
            try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: mark)
            return Event(kind: .sequenceStart, mark: mark)
        case YAML_MAPPING_START_EVENT:
            try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: mark)
            return Event(kind: .mappingStart, mark: mark)
        default:
            return Event(kind: .other, mark: mark)
        }
    }

    private func refuse(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?, at mark: Mark
    ) throws(YAMLError) {
        if let anchor { throw failure(.anchorOrAlias(string(anchor)), at: mark) }
        if let tag { throw failure(.tag(string(tag)), at: mark) }
    }

    // SAFETY: libyaml ends its names with a NUL byte, and the event that holds them is still alive.
    private func string(_ name: UnsafeMutablePointer<yaml_char_t>?) -> String {
        guard let name else { return "" }
        return String(decodingCString: UnsafePointer(name), as: UTF8.self)
    }

    private func failure(_ reason: YAMLError.Reason, at mark: Mark) -> YAMLError {
        YAMLError(file: file, mark: mark, reason: reason)
    }

    private func parserFailure() -> YAMLError {
        let state = parser.pointee
        // SAFETY: a static C string inside libyaml.
        let problem = state.problem.map { String(cString: $0) } ?? "the reason is unknown"
        switch state.error {
        case YAML_MEMORY_ERROR:
            return failure(.outOfMemory, at: Mark(line: 1, column: 1))
        case YAML_READER_ERROR:
            return failure(.notUTF8(problem), at: mark(ofByte: state.problem_offset))
        default:
            let at = Mark(line: Int(state.problem_mark.line) + 1, column: Int(state.problem_mark.column) + 1)
            return failure(.syntax(problem), at: at)
        }
    }

    /// The reader knows a byte offset only. Columns count bytes here: the line is not valid text anyway.
    private func mark(ofByte offset: Int) -> Mark {
        var mark = Mark(line: 1, column: 1)
        for byte in input.prefix(max(0, offset)) {
            if byte == UInt8(ascii: "\n") {
                mark = Mark(line: mark.line + 1, column: 1)
            } else {
                mark.column += 1
            }
        }
        return mark
    }
}
