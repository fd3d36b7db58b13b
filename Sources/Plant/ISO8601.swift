/// Dates as ISO 8601 in UTC, `2026-11-23T20:15:03.123Z`, without a calendar library: the leaf modules need no more.
package enum ISO8601 {
    /// Milliseconds are cut off, not rounded, so that a time never shows as later than it is.
    package static func string(_ time: WallTime) -> String {
        let parts = Parts(time)
        return "\(pad(parts.year, 4))-\(pad(parts.month, 2))-\(pad(parts.day, 2))T"
            + "\(pad(parts.hour, 2)):\(pad(parts.minute, 2)):\(pad(parts.second, 2)).\(pad(parts.millisecond, 3))Z"
    }

    /// `20261123-201503`: for names that sort by time.
    package static func compact(_ time: WallTime) -> String {
        let parts = Parts(time)
        return "\(pad(parts.year, 4))\(pad(parts.month, 2))\(pad(parts.day, 2))-"
            + "\(pad(parts.hour, 2))\(pad(parts.minute, 2))\(pad(parts.second, 2))"
    }

    /// Reads ``parse(_:zone:)``'s form from any bytes.
    package static func parse(_ text: some Collection<UInt8>) -> WallTime? { parse(Array(text).span, zone: nil) }

    /// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; nil for anything else, also for a day that does not exist. A blank may
    /// stand for `T`, a comma for the point, and the zone may be written `±hhmm` or `±hh`.
    ///
    /// - Parameter zone: seconds ahead of UTC of a text that says no zone; nil where each has to say one.
    package static func parse(_ text: Span<UInt8>, zone: Int?) -> WallTime? {
        guard text.count >= 19, text.count <= 40 else { return nil }
        guard let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2),
            let hour = number(text, 11, 2), let minute = number(text, 14, 2), let second = number(text, 17, 2),
            text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t") || text[10] == UInt8(ascii: " "), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), (1...12).contains(month), (1...daysInMonth(month, year)).contains(day),
            hour < 24, minute < 60, second < 61
        else { return nil }
        var at = 19
        var nanoseconds = 0
        if at < text.count, text[at] == UInt8(ascii: ".") || text[at] == UInt8(ascii: ",") {
            at += 1
            var unit = 100_000_000
            let start = at
            while at < text.count, (48...57).contains(text[at]) {
                nanoseconds += Int(text[at] - 48) * unit
                unit /= 10
                at += 1
            }
            guard at > start else { return nil }
        }
        guard let ahead = at == text.count ? zone : Self.zone(text, at) else { return nil }
        let seconds = (days(year, month, day) * 24 + hour) * 3600 + minute * 60 + second - ahead
        // Int64 nanoseconds reach from 1677 to 2262; a time outside of that is no time of a plant.
        guard abs(seconds) < 9_200_000_000 else { return nil }
        return WallTime(nanoseconds: Int64(seconds) * 1_000_000_000 + Int64(nanoseconds))
    }

    /// Reads `Z`, `±hh:mm`, `±hhmm` or `±hh` up to the end, as seconds ahead of UTC; nil for anything else.
    package static func zone(_ text: Span<UInt8>, _ at: Int) -> Int? {
        let count = text.count - at
        guard count >= 1 else { return nil }
        if count == 1 { return text[at] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-"), let hours = number(text, at + 1, 2),
            hours < 24
        else { return nil }
        var minutes = 0
        switch count {
        case 3: break
        case 5:
            guard let written = number(text, at + 3, 2) else { return nil }
            minutes = written
        case 6:
            guard text[at + 3] == UInt8(ascii: ":"), let written = number(text, at + 4, 2) else { return nil }
            minutes = written
        default: return nil
        }
        guard minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (text[at] == UInt8(ascii: "-") ? -60 : 60)
    }

    /// A number of so many digits.
    private static func number(_ text: Span<UInt8>, _ at: Int, _ count: Int) -> Int? {
        guard at + count <= text.count else { return nil }
        var value = 0
        for index in at..<(at + count) {
            guard (48...57).contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 48)
        }
        return value
    }

    private struct Parts {
        var year, month, day, hour, minute, second, millisecond: Int

        init(_ time: WallTime) {
            let milliseconds = Int(time.nanoseconds / 1_000_000) - (time.nanoseconds % 1_000_000 < 0 ? 1 : 0)
            let day = milliseconds >= 0 ? milliseconds / 86_400_000 : -((86_399_999 - milliseconds) / 86_400_000)
            let rest = milliseconds - day * 86_400_000
            (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
            (second, millisecond) = (rest / 1000 % 60, rest % 1000)
            // Days to civil date over 400-year eras that start on 1 March, so that the leap day comes last.
            let shifted = day + 719_468
            let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let marchMonth = (5 * dayOfYear + 2) / 153
            self.day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
            month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        }
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func pad(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
