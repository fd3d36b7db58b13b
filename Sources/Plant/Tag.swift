/// The number of a tag in one store; given by the store when the tag is first declared and never used again for another.
package struct TagID: Hashable, Sendable {
    package var rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// One named signal of the plant.
package struct TagDefinition: Hashable, Sendable {
    /// Dotted name, unique in the plant: `press-3.spindle.vibration`.
    package var name: String
    /// Unit symbol from ``Unit/known``; empty for a plain number.
    package var unit: String
    package var kind: Kind

    package enum Kind: Hashable, Sendable {
        case number
        /// Windows of this many samples at this rate.
        case waveform(samples: Int, rateHertz: Double)
        case text
    }

    package init(name: String, unit: String, kind: Kind) {
        self.name = name
        self.unit = unit
        self.kind = kind
    }

    /// Letters, digits, `.`, `-`, `_` and `/`, 1 to 200 characters, starting with a letter or digit.
    package static func isValid(name: String) -> Bool {
        guard (1...200).contains(name.utf8.count), let first = name.utf8.first, first.isLetterOrDigit else {
            return false
        }
        return name.utf8.allSatisfy { $0.isLetterOrDigit || "._-/".utf8.contains($0) }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}

/// The unit symbols that a configuration may name.
package enum Unit {
    package static let known: [String] = [
        "", "g", "m/s2", "mm/s", "m/s", "um", "degC", "degF", "K", "rpm", "Hz", "kHz", "%", "deg", "A", "mA", "kA", "V",
        "mV",
        "kV", "W", "kW", "MW", "Wh", "kWh", "MWh", "VA", "kVA", "VAh", "kVAh", "var", "kvar", "varh", "kvarh", "Ah",
        "Ohm",
        "bar", "mbar", "Pa", "kPa", "MPa", "N", "kN", "Nm", "m3", "m3/h", "l", "l/min", "kg", "kg/h", "m", "mm", "s",
        "ms",
        "min", "h", "dB", "ppm", "pH", "lx",
    ]
}
