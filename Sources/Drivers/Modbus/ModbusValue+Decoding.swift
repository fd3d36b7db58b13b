import Plant

extension ModbusValue {
    /// More powers of ten than a device may scale by; the standard models of SunSpec use -10...10.
    private static let exponents = -10...10
    private static let powersOfTen: [Double] = exponents.map { exponent in
        (0..<abs(exponent)).reduce(1.0) { power, _ in exponent < 0 ? power / 10 : power * 10 }
    }

    /// Reads the value out of the data of a reply.
    ///
    /// - Parameters:
    ///   - data: registers as they stood on the wire, two bytes each.
    ///   - start: the address of the first one; `data` holds every address of ``span``.
    func decode(_ data: ArraySlice<UInt8>, from start: Int) -> (Sample.Value, Quality) {
        let first = data.startIndex + 2 * (address - start)
        if encoding.isText { return text(data[first..<(first + 2 * length)]) }
        let raw = number(data, at: first)
        if !invalid.isEmpty, invalid.contains(raw) { return (.none, .bad(.source)) }
        guard let value = meaning(of: raw) else { return (.none, .bad(.malformed)) }
        guard let exponentAddress else { return scaling.value(of: value) }
        let exponent = Int16(
            truncatingIfNeeded: number(data, words: 1, at: data.startIndex + 2 * (exponentAddress - start)))
        // SunSpec: 0x8000 says that there is no scale factor, and so no value.
        if exponent == .min { return (.none, .bad(.source)) }
        guard Self.exponents.contains(Int(exponent)) else { return (.none, .bad(.malformed)) }
        return scaling.value(of: value * Self.powersOfTen[Int(exponent) - Self.exponents.lowerBound])
    }

    func decode(bit: Bool) -> (Sample.Value, Quality) { scaling.value(of: bit ? 1 : 0) }

    /// The raw number with the device's byte order undone.
    private func number(_ data: ArraySlice<UInt8>, at first: Int) -> UInt64 {
        number(data, words: encoding.words, at: first)
    }

    private func number(_ data: ArraySlice<UInt8>, words: Int, at first: Int) -> UInt64 {
        var raw: UInt64 = 0
        for index in 0..<words {
            let at = first + 2 * (order.isWordSwapped ? words - 1 - index : index)
            let word = UInt16(data[at]) << 8 | UInt16(data[at + 1])
            raw = raw << 16 | UInt64(order.isByteSwapped ? word.byteSwapped : word)
        }
        return raw
    }

    /// - Returns: nil for what is no number of this type: a digit beyond 9.
    private func meaning(of raw: UInt64) -> Double? {
        if let bits {
            let field = raw >> UInt64(bits.lowerBound)
            return Double(bits.count == 64 ? field : field & (1 << UInt64(bits.count) - 1))
        }
        switch encoding {
        case .uint16, .uint32, .uint64: return Double(raw)
        case .int16: return Double(Int16(truncatingIfNeeded: raw))
        case .int32: return Double(Int32(truncatingIfNeeded: raw))
        case .int64: return Double(Int64(bitPattern: raw))
        case .float32: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: raw)))
        case .float64: return Double(bitPattern: raw)
        case .bcd16: return Self.decimal(raw, digits: 4)
        case .bcd32: return Self.decimal(raw, digits: 8)
        case .bool: return raw == 0 ? 0 : 1
        case .string: return nil
        }
    }

    private static func decimal(_ raw: UInt64, digits: Int) -> Double? {
        var value = 0
        for digit in (0..<digits).reversed() {
            let figure = Int(raw >> UInt64(4 * digit) & 0xF)
            guard figure < 10 else { return nil }
            value = value * 10 + figure
        }
        return Double(value)
    }

    /// A text ends at its first NUL; blanks behind it only fill the registers up.
    private func text(_ data: ArraySlice<UInt8>) -> (Sample.Value, Quality) {
        var bytes = Array(data)
        if order.isByteSwapped {
            for index in stride(from: 0, to: bytes.count - 1, by: 2) { bytes.swapAt(index, index + 1) }
        }
        bytes = Array(bytes.prefix { $0 != 0 })
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), let text = String(validating: bytes, as: UTF8.self) else {
            return (.none, .bad(.malformed))
        }
        return (.text(text), .good)
    }
}
