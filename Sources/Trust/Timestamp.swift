package import Plant

/// Times in signed metadata: `2026-11-23T20:15:03Z`, seconds, always UTC.
package enum Timestamp {
    /// Writes a time, its fraction of a second cut off.
    package static func text(_ time: WallTime) -> String {
        let seconds = floorDivide(time.nanoseconds, 1_000_000_000)
        let days = floorDivide(seconds, 86_400)
        let second = seconds - days * 86_400
        let (year, month, day) = civil(days: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    /// Reads exactly the shape above; nil for another shape, a day that no calendar has or a year past 2200.
    package static func time(_ text: String) -> WallTime? {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        let shape = Array("0000-00-00T00:00:00Z".utf8)
        var numbers: [Int64] = []
        var current: Int64 = 0
        for (byte, form) in zip(bytes, shape) {
            if form == UInt8(ascii: "0") {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                current = current * 10 + Int64(byte - UInt8(ascii: "0"))
            } else {
                guard byte == form else { return nil }
                numbers.append(current)
                current = 0
            }
        }
        guard numbers.count == 6, (1970...2200).contains(numbers[0]), numbers[3] < 24, numbers[4] < 60,
            numbers[5] < 60
        else { return nil }
        let days = days(year: numbers[0], month: numbers[1], day: numbers[2])
        // Reading the day back finds the 31st of a short month and month 13.
        guard (1...12).contains(numbers[1]), civil(days: days) == (numbers[0], numbers[1], numbers[2]) else {
            return nil
        }
        let seconds = days * 86_400 + numbers[3] * 3_600 + numbers[4] * 60 + numbers[5]
        return WallTime(nanoseconds: seconds * 1_000_000_000)
    }

    /// Days since 1970-01-01. Source: the proleptic Gregorian calendar in 400-year cycles, years from March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let cycle = floorDivide(shifted, 400)
        let yearOfCycle = shifted - cycle * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let cycle = floorDivide(shifted, 146_097)
        let day = shifted - cycle * 146_097
        let yearOfCycle = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        a / b - (a % b < 0 ? 1 : 0)
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
