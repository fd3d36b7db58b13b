import Plant
import Testing

@testable import Drivers

@Suite struct ModbusDecodeTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var encoding: ModbusValue.Encoding
        var order: ModbusValue.ByteOrder
        var words: [UInt16]
        var value: Double
        var testDescription: String { "\(encoding) \(order) \(words.map { String($0, radix: 16) })" }
    }

    /// The bytes A B C D of 123456.789f are 47 F1 20 65 (IEEE 754), of -2 as int32 FF FF FF FE, of 305419896 12 34 56 78.
    static let vectors: [Vector] = [
        Vector(encoding: .float32, order: .abcd, words: [0x47F1, 0x2065], value: Double(Float(123_456.789))),
        Vector(encoding: .float32, order: .badc, words: [0xF147, 0x6520], value: Double(Float(123_456.789))),
        Vector(encoding: .float32, order: .cdab, words: [0x2065, 0x47F1], value: Double(Float(123_456.789))),
        Vector(encoding: .float32, order: .dcba, words: [0x6520, 0xF147], value: Double(Float(123_456.789))),
        Vector(encoding: .int32, order: .abcd, words: [0xFFFF, 0xFFFE], value: -2),
        Vector(encoding: .int32, order: .badc, words: [0xFFFF, 0xFEFF], value: -2),
        Vector(encoding: .int32, order: .cdab, words: [0xFFFE, 0xFFFF], value: -2),
        Vector(encoding: .int32, order: .dcba, words: [0xFEFF, 0xFFFF], value: -2),
        Vector(encoding: .uint32, order: .abcd, words: [0x1234, 0x5678], value: 305_419_896),
        Vector(encoding: .uint32, order: .badc, words: [0x3412, 0x7856], value: 305_419_896),
        Vector(encoding: .uint32, order: .cdab, words: [0x5678, 0x1234], value: 305_419_896),
        Vector(encoding: .uint32, order: .dcba, words: [0x7856, 0x3412], value: 305_419_896),
        Vector(encoding: .uint32, order: .abcd, words: [0xFFFF, 0xFFFF], value: 4_294_967_295),
        Vector(encoding: .int16, order: .abcd, words: [0x8000], value: -32_768),
        Vector(encoding: .int16, order: .badc, words: [0xFEFF], value: -2),
        Vector(encoding: .int16, order: .cdab, words: [0xFFFE], value: -2),
        Vector(encoding: .int16, order: .dcba, words: [0xFEFF], value: -2),
        Vector(encoding: .uint16, order: .abcd, words: [0xFFFE], value: 65_534),
        Vector(encoding: .uint16, order: .badc, words: [0x3412], value: 0x1234),
        Vector(encoding: .bool, order: .abcd, words: [0], value: 0),
        Vector(encoding: .bool, order: .abcd, words: [0x0100], value: 1),
    ]

    /// Of 64 bits: -2 is FF FF FF FF FF FF FF FE, 81985529216486895 (rounded by a double) 01 23 45 67 89 AB CD EF, and the double 123456.789
    /// 40 FE 24 0C 9F BE 76 C9 (IEEE 754). Of BCD: each digit four bits.
    static let wide: [Vector] = [
        Vector(encoding: .int64, order: .abcd, words: [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], value: -2),
        Vector(encoding: .int64, order: .cdab, words: [0xFFFE, 0xFFFF, 0xFFFF, 0xFFFF], value: -2),
        Vector(encoding: .int64, order: .badc, words: [0xFFFF, 0xFFFF, 0xFFFF, 0xFEFF], value: -2),
        Vector(encoding: .int64, order: .dcba, words: [0xFEFF, 0xFFFF, 0xFFFF, 0xFFFF], value: -2),
        Vector(
            encoding: .uint64, order: .abcd, words: [0x0123, 0x4567, 0x89AB, 0xCDEF], value: 81_985_529_216_486_896),
        Vector(
            encoding: .uint64, order: .dcba, words: [0xEFCD, 0xAB89, 0x6745, 0x2301], value: 81_985_529_216_486_896),
        Vector(
            encoding: .uint64, order: .badc, words: [0x2301, 0x6745, 0xAB89, 0xEFCD], value: 81_985_529_216_486_896),
        Vector(encoding: .float64, order: .abcd, words: [0x40FE, 0x240C, 0x9FBE, 0x76C9], value: 123_456.789),
        Vector(encoding: .float64, order: .cdab, words: [0x76C9, 0x9FBE, 0x240C, 0x40FE], value: 123_456.789),
        Vector(encoding: .bcd16, order: .abcd, words: [0x1234], value: 1_234),
        Vector(encoding: .bcd16, order: .badc, words: [0x3412], value: 1_234),
        Vector(encoding: .bcd32, order: .abcd, words: [0x1234, 0x5678], value: 12_345_678),
        Vector(encoding: .bcd32, order: .cdab, words: [0x5678, 0x1234], value: 12_345_678),
        Vector(encoding: .bcd32, order: .abcd, words: [0x9999, 0x9999], value: 99_999_999),
    ]

    private func value(
        _ encoding: ModbusValue.Encoding, _ order: ModbusValue.ByteOrder = .abcd, scale: Double = 1, offset: Double = 0,
        range: ClosedRange<Double>? = nil
    ) -> ModbusValue {
        ModbusValue(
            tag: TagDefinition(name: "t", unit: "", kind: .number), address: 0, encoding: encoding, order: order,
            scaling: Scaling(scale: scale, offset: offset, range: range))
    }

    private func decode(_ value: ModbusValue, _ words: [UInt16]) -> (Sample.Value, Quality) {
        value.decode(words.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }[...], from: 0)
    }

    @Test(arguments: vectors + wide) func decodes(_ vector: Vector) {
        let (decoded, quality) = decode(value(vector.encoding, vector.order), vector.words)
        #expect(decoded == .number(vector.value))
        #expect(quality == .good)
    }

    @Test func scalesThenShifts() {
        let (decoded, _) = decode(value(.int16, scale: 0.5, offset: -40), [0xFFF6])
        #expect(decoded == .number(-45))
    }

    @Test func aFloatThatIsNoNumberIsBad() {
        for words: [UInt16] in [[0x7FC0, 0], [0x7F80, 0], [0xFF80, 0]] {
            #expect(decode(value(.float32), words) == (.none, .bad(.notFinite)))
        }
        #expect(decode(value(.float64), [0x7FF8, 0, 0, 0]) == (.none, .bad(.notFinite)))
    }

    @Test func aValueOutsideOfItsRangeIsBadButKept() {
        let (decoded, quality) = decode(value(.uint16, range: 0...100), [101])
        #expect(decoded == .number(101))
        #expect(quality == .bad(.outOfRange))
    }

    @Test func aValueBeyondAClampIsSetToTheLimitAndUncertain() {
        var clamped = value(.int16, range: -100...100)
        clamped.scaling.clamp = 0...10
        #expect(decode(clamped, [11]) == (.number(10), .uncertain(.clamped)))
        #expect(decode(clamped, [0xFFFF]) == (.number(0), .uncertain(.clamped)))
        #expect(decode(clamped, [10]) == (.number(10), .good))
        #expect(decode(clamped, [101]) == (.number(101), .bad(.outOfRange)))
    }

    @Test func aDigitBeyondNineIsNoNumber() {
        for words: [UInt16] in [[0x123A], [0xF000]] {
            #expect(decode(value(.bcd16), words) == (.none, .bad(.malformed)))
        }
    }

    @Test func aRawNumberMayMeanThatThereIsNoValue() {
        var sensor = value(.int16, scale: 0.1)
        sensor.invalid = [0x8000, 0x7FFF]
        #expect(decode(sensor, [0x8000]) == (.none, .bad(.source)))
        #expect(decode(sensor, [0x7FFF]) == (.none, .bad(.source)))
        #expect(decode(sensor, [0x7FFE]).1 == .good)
        var meter = value(.float32, .cdab)
        meter.invalid = [0x7FC0_0000]
        #expect(decode(meter, [0, 0x7FC0]) == (.none, .bad(.source)))
    }

    @Test func bitsOfARegisterAreValuesOfTheirOwn() {
        var field = value(.uint16)
        field.bits = 4...7
        #expect(decode(field, [0x1234]) == (.number(3), .good))
        field.bits = 15...15
        #expect(decode(field, [0x8000]) == (.number(1), .good))
        #expect(decode(field, [0x7FFF]) == (.number(0), .good))
        var long = value(.uint64)
        long.bits = 0...63
        #expect(decode(long, [0xFFFF, 0, 0, 1]) == (.number(Double(0xFFFF_0000_0000_0001 as UInt64)), .good))
    }

    /// SunSpec's `W` with its scale factor `W_SF`: 4321 * 10^-1. Its "not implemented" is 0x8000.
    @Test func aScaleFactorStandsInARegisterOfItsOwn() {
        var power = value(.int16)
        power.exponentAddress = 2
        #expect(power.span == 0..<3)
        #expect(decode(power, [4_321, 0, 0xFFFF]) == (.number(4_321 * 0.1), .good))
        #expect(decode(power, [4_321, 0, 2]) == (.number(432_100), .good))
        #expect(decode(power, [4_321, 0, 0x8000]) == (.none, .bad(.source)))
        #expect(decode(power, [4_321, 0, 11]) == (.none, .bad(.malformed)))
    }

    private func text(_ bytes: [UInt8], _ order: ModbusValue.ByteOrder = .abcd) -> (Sample.Value, Quality) {
        var value = value(.string, order)
        value.length = bytes.count / 2
        return value.decode(bytes[...], from: 0)
    }

    @Test func aTextEndsAtItsFirstNulAndLosesItsFilling() {
        #expect(text(Array("SDM72D  ".utf8)) == (.text("SDM72D"), .good))
        #expect(text(Array("AB".utf8) + [0, 0x43]) == (.text("AB"), .good))
        #expect(text(Array("BADC".utf8), .badc) == (.text("ABCD"), .good))
        #expect(text(Array("温度".utf8)) == (.text("温度"), .good))
        #expect(text([0, 0]) == (.text(""), .good))
        #expect(text([0x41, 0xFF]) == (.none, .bad(.malformed)))
        #expect(text([0x1B, 0x5B]) == (.none, .bad(.malformed)))
    }
}

@Suite struct ScanScheduleTests {
    private func at(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func neverDrifts() {
        var schedule = ScanSchedule(interval: .milliseconds(100), start: at(0))
        for scan in 0..<1_000 {
            #expect(schedule.due == at(Int64(scan) * 100))
            // Each scan takes a different time, none as long as the interval.
            #expect(schedule.advance(at(Int64(scan) * 100 + Int64(scan * 7 % 99))) == 0)
        }
    }

    @Test func missedScansAreCountedAndLeftOut() {
        var schedule = ScanSchedule(interval: .milliseconds(100), start: at(0))
        // Of 100, 200 and 300 the last one follows at once.
        #expect(schedule.advance(at(350)) == 2)
        #expect(schedule.due == at(300))
        #expect(schedule.advance(at(360)) == 0)
        #expect(schedule.due == at(400))
        #expect(schedule.advance(at(600)) == 1)
        #expect(schedule.due == at(600))
    }

    @Test func waitsGrowToTheLimitAndStartSmallAgain() {
        var backOff = BackOff(first: .milliseconds(100), limit: .seconds(2), seed: 1)
        var steps: [Duration] = []
        for _ in 0..<10 { steps.append(backOff.wait()) }
        for (index, wait) in steps.enumerated() {
            let step = min(Duration.milliseconds(100) * (1 << index), .seconds(2))
            #expect(wait >= step / 2 && wait <= step)
        }
        backOff.reset()
        #expect(backOff.wait() <= .milliseconds(100))
        var other = BackOff(first: .milliseconds(100), limit: .seconds(2), seed: 2)
        #expect(other.wait() != steps[0])
    }
}
