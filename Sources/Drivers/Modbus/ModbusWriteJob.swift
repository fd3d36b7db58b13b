import Plant

/// What became of a write.
package enum WriteOutcome: Sendable, Hashable {
    /// Read back and found as it was asked for; `old` is what stood there before.
    case written(old: Double)
    /// The device said yes or nothing, and then another value was read.
    case notConfirmed(old: Double, read: Double)
    /// Nothing was written.
    case refused(reason: String)
    /// The device cannot be asked whether it was written.
    case unknown(old: Double, reason: String)

    package var word: String {
        switch self {
        case .written: "written"
        case .notConfirmed: "not_confirmed"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}

/// One write: read what stands there, write once, read back. Nothing is ever written twice: after a timeout only reading tells.
struct ModbusWriteJob: Sendable {
    private enum Step { case readBefore, write, readBack }

    let table: ModbusTable
    let value: ModbusValue
    let number: Double
    /// Beyond it the write is not begun any more.
    let deadline: MonotonicTime
    let done: @Sendable (WriteOutcome) -> Void
    private let style: ModbusWriteStyle
    private let raw: UInt64
    private var step = Step.readBefore
    private var old = 0.0
    private var readsLeft = Self.maxReadsBack
    private var trouble: String?

    /// A device that did not answer a write is asked for the value as often as this.
    private static let maxReadsBack = 3

    /// - Returns: nil when the number cannot be told in this value's type, or may not be written.
    init?(
        table: ModbusTable, value: ModbusValue, number: Double, style: ModbusWriteStyle, deadline: MonotonicTime,
        done: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        guard value.writing?.allows(number) == true, let raw = value.raw(of: number) else { return nil }
        (self.table, self.value, self.number, self.style) = (table, value, number, style)
        (self.deadline, self.done, self.raw) = (deadline, done, raw)
    }

    /// What to ask now.
    var action: ModbusRequest.Action {
        guard step == .write else { return .read(table, start: value.address, count: value.width) }
        if table == .coils {
            let isOn = raw != 0
            return style == .single ? .writeCoil(at: value.address, isOn) : .writeCoils(at: value.address, [isOn])
        }
        if let bits = value.bits, value.width == 1 {
            let mask = UInt16(truncatingIfNeeded: (1 << UInt32(bits.count) - 1) << UInt32(bits.lowerBound))
            let swap = value.order.isByteSwapped
            let field = UInt16(truncatingIfNeeded: raw)
            return .maskRegister(
                at: value.address, and: swap ? (~mask).byteSwapped : ~mask, or: swap ? field.byteSwapped : field)
        }
        let words = value.words(of: raw)
        switch style {
        case .single where words.count == 1: return .writeRegister(at: value.address, words[0])
        case .readWrite:
            return .writeAndRead(at: value.address, words, readStart: value.address, count: words.count)
        default: return .writeRegisters(at: value.address, words)
        }
    }

    /// Whether the write itself has been sent: from then on the job is carried through.
    var hasBegun: Bool { step != .readBefore }

    /// Takes what came of ``action``.
    ///
    /// - Returns: the end of the job; nil when something else is to be asked.
    mutating func take(_ result: Result<ModbusReply, LinkFailure>) -> WriteOutcome? {
        switch (step, result) {
        case (.readBefore, .success(.data(let data))):
            guard let read = read(data) else { return .refused(reason: "what stands there now is no value") }
            old = read
            step = .write
            return nil
        case (.readBefore, .success(.exception(let code))):
            return .refused(reason: "it cannot be read first: exception \(code)")
        case (.readBefore, .failure(let failure)): return .refused(reason: "it cannot be read first: \(failure)")
        case (.write, .success(.exception(let code))):
            return .refused(reason: "the device refused: exception \(code)")
        case (.write, .success(.data(let data))):
            if style == .readWrite, value.bits == nil, table == .holding { return compare(data) }
            step = .readBack
            return nil
        case (.write, .failure(let failure)):
            // It may or may not have been done: only reading tells.
            (step, trouble) = (.readBack, "\(failure)")
            return nil
        case (.readBack, .success(.data(let data))): return compare(data)
        case (.readBack, .success(.exception(let code))):
            return .unknown(old: old, reason: "it cannot be read back: exception \(code)")
        case (.readBack, .failure(let failure)):
            readsLeft -= 1
            return readsLeft > 0
                ? nil : .unknown(old: old, reason: "it cannot be read back: \(trouble ?? "\(failure)")")
        }
    }

    private func compare(_ data: ArraySlice<UInt8>) -> WriteOutcome {
        guard let now = read(data) else { return .unknown(old: old, reason: "what was read back is no value") }
        return value.isSame(now, number) ? .written(old: old) : .notConfirmed(old: old, read: now)
    }

    private func read(_ data: ArraySlice<UInt8>) -> Double? {
        let (decoded, _) =
            table.isBits
            ? value.decode(bit: data.first.map { $0 & 1 == 1 } ?? false) : value.decode(data, from: value.address)
        if case .number(let number) = decoded { return number }
        return nil
    }
}

/// Which functions a device takes for writes.
enum ModbusWriteStyle: String, CaseIterable, Sendable {
    /// 5 and 6, and 16 for values of several registers.
    case single
    /// 15 and 16.
    case multiple
    /// 15 and 23.
    case readWrite = "read_write"
}

extension ModbusValue {
    /// The raw bits that mean a number, before the byte order; nil when this type has none.
    func raw(of number: Double) -> UInt64? {
        let plain = (number - scaling.offset) / scaling.scale
        guard plain.isFinite else { return nil }
        if let bits {
            let whole = plain.rounded()
            guard let field = UInt64(exactly: whole), bits.count == 64 || field < 1 << UInt64(bits.count) else {
                return nil
            }
            return field << UInt64(bits.lowerBound)
        }
        let whole = plain.rounded()
        switch encoding {
        case .uint16: return UInt16(exactly: whole).map(UInt64.init)
        case .uint32: return UInt32(exactly: whole).map(UInt64.init)
        case .uint64: return UInt64(exactly: whole)
        case .int16: return Int16(exactly: whole).map { UInt64(UInt16(bitPattern: $0)) }
        case .int32: return Int32(exactly: whole).map { UInt64(UInt32(bitPattern: $0)) }
        case .int64: return Int64(exactly: whole).map { UInt64(bitPattern: $0) }
        case .float32: return Float(plain).isFinite ? UInt64(Float(plain).bitPattern) : nil
        case .float64: return plain.bitPattern
        case .bcd16: return Self.digits(whole, count: 4)
        case .bcd32: return Self.digits(whole, count: 8)
        case .bool: return whole == 0 || whole == 1 ? UInt64(whole) : nil
        case .string: return nil
        }
    }

    /// Raw bits as registers in the device's order.
    func words(of raw: UInt64) -> [UInt16] {
        let plain = (0..<width).map { UInt16(truncatingIfNeeded: raw >> UInt64(16 * (width - 1 - $0))) }
        let swapped = order.isByteSwapped ? plain.map(\.byteSwapped) : plain
        return order.isWordSwapped ? swapped.reversed() : swapped
    }

    /// Whether two numbers are told by the same raw bits.
    func isSame(_ a: Double, _ b: Double) -> Bool { raw(of: a) == raw(of: b) }

    private static func digits(_ whole: Double, count: Int) -> UInt64? {
        guard var rest = UInt64(exactly: whole) else { return nil }
        var raw: UInt64 = 0
        for digit in 0..<count {
            raw |= rest % 10 << UInt64(4 * digit)
            rest /= 10
        }
        return rest == 0 ? raw : nil
    }
}
