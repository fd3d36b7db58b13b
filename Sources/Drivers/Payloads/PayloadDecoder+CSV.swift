import Plant

extension PayloadDecoder {
    mutating func csv(_ text: Span<UInt8>, _ layout: CSVLayout) {
        do throws(CSVReader.Mistake) {
            try lines(text, layout)
        } catch {
            fail(.csv, at: error.at)
        }
    }

    private mutating func lines(_ text: Span<UInt8>, _ layout: CSVLayout) throws(CSVReader.Mistake) {
        var at = 0
        var places = CSVPlaces(layout)
        if layout.hasHeader {
            guard try lines.next(text, &at) else { return fail(.missing) }
            places.find(layout, lines, text)
        }
        var count = 0
        while true {
            let start = at
            guard try lines.next(text, &at) else { break }
            count += 1
            // Without times, one line could not be told from the next.
            guard count <= (layout.time == nil ? 1 : Self.maxReadings / rule.tags.count) else {
                return fail(.tooMany, at: start)
            }
            line(text, layout, places, start)
        }
        if count == 0 { fail(.missing) }
    }

    private mutating func line(_ text: Span<UInt8>, _ layout: CSVLayout, _ places: CSVPlaces, _ start: Int) {
        var time: WallTime?
        if let stamp = layout.time?.stamp {
            time = field(places.time).flatMap { stamp.time(text, $0.range) }
            if time == nil {
                for tag in rule.tags.indices { add(tag, PayloadValue(.wrongTime), nil, at: start) }
                return
            }
        }
        for (tag, place) in places.values.enumerated() {
            guard let field = field(place) else {
                add(tag, PayloadValue(.missing), time, at: start)
                continue
            }
            let meaning = rule.tags[tag].meaning
            let value: PayloadValue
            if field.hasQuotes {
                let bytes = lines.bytes(of: field, text)
                value = meaning.value(ofText: bytes.span, 0..<bytes.count)
            } else {
                value = meaning.value(ofText: text, field.range)
            }
            add(tag, value, time, at: field.range.lowerBound)
        }
    }

    private func field(_ place: Int?) -> CSVReader.Field? {
        guard let place, place < lines.fields.count else { return nil }
        return lines.fields[place]
    }
}

/// Which field of a line is wanted for what; nil for a name that the header does not have.
private struct CSVPlaces {
    var values: [Int?]
    var time: Int?

    init(_ layout: CSVLayout) {
        values = layout.columns.map(\.number)
        time = layout.time?.column.number
    }

    /// Looks the names up in the line of names.
    mutating func find(_ layout: CSVLayout, _ header: CSVReader, _ text: Span<UInt8>) {
        let names = header.fields.map { field in
            let bytes = header.bytes(of: field, text)
            return Array(bytes.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed())
        }
        func place(_ column: CSVLayout.Column) -> Int? {
            switch column {
            case .number(let number): number
            case .name(let name): names.firstIndex(of: name)
            }
        }
        values = layout.columns.map(place)
        time = layout.time.flatMap { place($0.column) }
    }
}

extension CSVLayout {
    /// Columns of a line with a header; a device that sends more is a mistake.
    static let maxColumns = 1_000

    /// How many fields of a line are looked at.
    var maxFields: Int {
        if hasHeader { return Self.maxColumns }
        return (columns + (time.map { [$0.column] } ?? [])).compactMap(\.number).reduce(0) { max($0, $1 + 1) }
    }
}

extension CSVLayout.Column {
    /// Where it stands when no header is needed to know.
    var number: Int? {
        if case .number(let number) = self { number } else { nil }
    }
}
