import Plant

/// What the messages of a topic contain.
struct PayloadRule: Hashable, Sendable {
    struct Tag: Hashable, Sendable {
        var template: TagTemplate
        var unit: String
        var meaning = ValueMeaning()
    }

    enum Format: Hashable, Sendable {
        /// `paths[i]` leads to the value of `tags[i]`; a path of a list to its window, or to many samples of it.
        case json(paths: [JSONPath], time: JSONTime?)
        /// Each line has the value of `tags[i]` in `columns[i]`.
        case csv(CSVLayout)
        /// The whole payload is one number in decimal.
        case number
        /// The whole payload is one text, or a number as people write it.
        case text
        /// `channels[i]`, counted from 0, is the window of `tags[i]`.
        case waveform(WaveformFormat, channels: [Int])
    }

    var tags: [Tag]
    var format: Format

    func definition(of tag: Tag, captures: [String]) -> TagDefinition {
        TagDefinition(name: tag.template.name(captures), unit: tag.unit, kind: tag.meaning.tagKind)
    }
}

/// Where a JSON payload says when it was measured.
struct JSONTime: Hashable, Sendable {
    /// To the time of the message; or, as a list, to the time of each sample.
    var path: JSONPath
    var stamp: TimeStamp
    /// From one sample of a list to the next, the first one being at the time of the message.
    var every: Duration?
}

/// What stands where in lines of separated values.
struct CSVLayout: Hashable, Sendable {
    enum Column: Hashable, Sendable {
        /// Counted from 0.
        case number(Int)
        /// As the first line names it.
        case name([UInt8])
    }

    var separator: UInt8
    /// Whether each message begins with a line of names.
    var hasHeader: Bool
    var columns: [Column]
    var time: Time?

    /// Where each line says when it was measured.
    struct Time: Hashable, Sendable {
        var column: Column
        var stamp: TimeStamp
    }
}
