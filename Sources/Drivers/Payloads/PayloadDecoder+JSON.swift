import Plant

extension PayloadDecoder {
    mutating func json(_ text: Span<UInt8>) {
        do throws(JSONError) {
            try scanner.scan(text)
        } catch {
            return fail(.json, at: error.at)
        }
        var messageTime: WallTime?
        if let stamp, !isTimeList {
            let place = scanner.found(scalings.count)
            messageTime = stamp.time(place, in: text)
            // Without its time the value would be put at the wrong place of the history.
            if messageTime == nil { return fail(.wrongTime, at: place.value == .missing ? nil : place.at) }
        }
        for index in singleSlots.indices {
            let tag = singleSlots[index]
            if isNumber[tag], let number = scanner.number(tag) {
                let (value, quality) = scalings[tag].value(of: number)
                add(tag, PayloadValue(value, quality), messageTime, at: scanner.position(tag))
                continue
            }
            let place = scanner.found(tag)
            if case .waveform(let samples, _) = rule.tags[tag].meaning.kind {
                window(tag, place, samples, messageTime)
            } else {
                let value = rule.tags[tag].meaning.value(of: place.value, in: text)
                add(tag, value, messageTime, at: place.value == .missing ? nil : place.at)
            }
        }
        if !rowSlots.isEmpty { rows(text, jsonTime, messageTime) }
    }

    /// An array of numbers as a window.
    private mutating func window(_ tag: Int, _ place: JSONPlace, _ count: Int, _ time: WallTime?) {
        guard place.value == .list else { return add(tag, PayloadValue(Self.noList(place)), time, at: place.at) }
        let scaling = rule.tags[tag].meaning.scaling
        let list = scanner.list(tag)
        guard list.count == count else { return add(tag, PayloadValue(.wrongLength), time, at: place.at) }
        var samples = list.samples(scaling)
        if samples.count < count {
            let element = list[samples.count]
            let fault: PayloadFault
            switch element.value {
            case .number, .notFinite: fault = .notFinite
            case .missing, .null: fault = .missing
            case .boolean, .string, .container, .list: fault = .notANumber
            }
            return add(tag, PayloadValue(fault), time, at: element.value == .missing ? place.at : element.at)
        }
        let quality = scaling.judge(&samples)
        add(tag, PayloadValue(.waveform(samples), quality), time, at: place.at)
    }

    /// Lists of samples, the i-th elements of which belong together.
    private mutating func rows(_ text: Span<UInt8>, _ time: JSONTime?, _ messageTime: WallTime?) {
        var count: Int?
        for tag in rowSlots where scanner.found(tag).value == .list {
            let own = scanner.list(tag).count
            guard count == nil || count == own else { return fail(.wrongLength, at: scanner.found(tag).at) }
            count = own
        }
        var times: JSONList?
        if let time, time.path.isList {
            let place = scanner.found(rule.tags.count)
            guard place.value == .list else { return fail(.wrongTime, at: place.value == .missing ? nil : place.at) }
            let list = scanner.list(rule.tags.count)
            guard count == nil || count == list.count else { return fail(.wrongLength, at: place.at) }
            times = list
        }
        guard (count ?? 0) <= Self.maxReadings / rowSlots.count else { return fail(.tooMany) }
        for tag in rowSlots where scanner.found(tag).value != .list {
            let place = scanner.found(tag)
            add(tag, PayloadValue(Self.noList(place)), nil, at: place.value == .missing ? nil : place.at)
        }
        for row in 0..<(count ?? 0) {
            var rowTime = messageTime.map { $0 + (time?.every ?? .zero) * row }
            var isTimed = true
            if let times {
                rowTime = time?.stamp.time(times[row], in: text)
                isTimed = rowTime != nil
            }
            for tag in rowSlots where scanner.found(tag).value == .list {
                let place = scanner.list(tag)[row]
                let value = isTimed ? rule.tags[tag].meaning.value(of: place.value, in: text) : PayloadValue(.wrongTime)
                add(tag, value, rowTime, at: place.value == .missing ? scanner.found(tag).at : place.at)
            }
        }
    }

    private static func noList(_ place: JSONPlace) -> PayloadFault {
        place.value == .missing || place.value == .null ? .missing : .notAList
    }
}
