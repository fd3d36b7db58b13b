internal import Checksum
internal import Plant

/// One recent sample as it lies in a chunk: 44 bytes, little-endian like both ISAs that this runs on.
///
/// | at | bytes | |
/// |---|---|---|
/// | 0 | 4 | number of the tag; 0 where a damaged record was taken out |
/// | 4 | 4 | ``SampleState`` |
/// | 8 | 8 | source time, 0 without one |
/// | 16 | 8 | arrival |
/// | 24 | 8 | monotonic time |
/// | 32 | 8 | bits of the number; how many values a waveform has; 0 for a text or nothing |
/// | 40 | 4 | CRC-32C of the sample's number and the 40 bytes before |
struct SampleRecord {
    static let bytes = 44
    private static let checkedBytes = 40

    var tag: Int32
    var state: SampleState
    var sourceTime: Int64
    var arrival: Int64
    var monotonic: Int64
    var value: UInt64

    init(_ sample: Sample) {
        var quality = sample.quality
        let kind: SampleState.Kind
        switch sample.value {
        case .number(let number) where number.isFinite: (kind, value) = (.number, number.bitPattern)
        case .number:
            // What has no value is stored as such. A driver marks it; where one forgot, the store does.
            if quality.isGood { quality = .bad(.notFinite) }
            (kind, value) = (.none, 0)
        case .waveform(let waveform): (kind, value) = (.waveform, UInt64(waveform.count))
        case .text: (kind, value) = (.text, 0)
        case .none: (kind, value) = (.none, 0)
        }
        tag = sample.tag.rawValue
        state = SampleState(
            quality: quality, clock: sample.clock, kind: kind, hasSourceTime: sample.sourceTime != nil)
        sourceTime = sample.sourceTime?.nanoseconds ?? 0
        arrival = sample.arrival.nanoseconds
        monotonic = sample.monotonic.nanoseconds
    }

    init(
        tag: Int32, state: SampleState, sourceTime: Int64, arrival: Int64, monotonic: Int64, value: UInt64
    ) {
        self.tag = tag
        self.state = state
        self.sourceTime = sourceTime
        self.arrival = arrival
        self.monotonic = monotonic
        self.value = value
    }

    /// Stands where a damaged record was, so that the ones behind it keep their numbers.
    static let takenOut = SampleRecord(
        Sample(
            tag: TagID(rawValue: 0), value: .none, quality: .good, arrival: WallTime(nanoseconds: 0),
            monotonic: MonotonicTime(nanoseconds: 0)))

    var isTakenOut: Bool { tag == 0 }
    /// As ``Sample/isNews``.
    var isNews: Bool { state.quality != .uncertain(.outOfOrder) }
    /// The time to order by, as of ``Sample/time``.
    var time: Int64 { state.isOrderedBySource ? sourceTime : arrival }

    // SAFETY: the stores are unaligned ones within the 44 bytes, which the slice's bounds check.
    func write(to bytes: UnsafeMutableRawBufferPointer, number: Int64) {
        bytes.storeBytes(of: tag, toByteOffset: 0, as: Int32.self)
        bytes.storeBytes(of: state.rawValue, toByteOffset: 4, as: UInt32.self)
        bytes.storeBytes(of: sourceTime, toByteOffset: 8, as: Int64.self)
        bytes.storeBytes(of: arrival, toByteOffset: 16, as: Int64.self)
        bytes.storeBytes(of: monotonic, toByteOffset: 24, as: Int64.self)
        bytes.storeBytes(of: value, toByteOffset: 32, as: UInt64.self)
        let checksum = Self.checksum(UnsafeRawBufferPointer(bytes), number: number)
        bytes.storeBytes(of: checksum, toByteOffset: Self.checkedBytes, as: UInt32.self)
    }

    /// Nil when the checksum does not hold.
    // SAFETY: unaligned loads within the 44 bytes, bounds checked.
    init?(_ bytes: UnsafeRawBufferPointer, number: Int64) {
        guard
            bytes.loadUnaligned(fromByteOffset: Self.checkedBytes, as: UInt32.self)
                == Self.checksum(bytes, number: number)
        else { return nil }
        tag = bytes.loadUnaligned(fromByteOffset: 0, as: Int32.self)
        state = SampleState(rawValue: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        sourceTime = bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self)
        arrival = bytes.loadUnaligned(fromByteOffset: 16, as: Int64.self)
        monotonic = bytes.loadUnaligned(fromByteOffset: 24, as: Int64.self)
        value = bytes.loadUnaligned(fromByteOffset: 32, as: UInt64.self)
    }

    /// The tag alone, not checked: to pass over records of other tags.
    static func tag(_ bytes: UnsafeRawBufferPointer) -> Int32 { bytes.loadUnaligned(as: Int32.self) }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, number: Int64) -> UInt32 {
        var crc = CRC32C()
        crc.add(UInt64(bitPattern: number))
        crc.add(UnsafeRawBufferPointer(rebasing: bytes[..<checkedBytes]))
        return crc.value
    }

    /// How many records of a chunk are sound.
    static func sound(_ chunkBytes: UnsafeRawBufferPointer, chunk: Int64) -> Int {
        (0..<chunkBytes.count / bytes).count { index in
            let part = UnsafeRawBufferPointer(rebasing: chunkBytes[index * bytes..<(index + 1) * bytes])
            return SampleRecord(part, number: chunk &+ Int64(index)) != nil
        }
    }

    /// When the newest sound record of a chunk arrived; 0 when there is none.
    static func newestArrival(_ chunkBytes: UnsafeRawBufferPointer, chunk: Int64) -> Int64 {
        var newest: Int64?
        for index in 0..<chunkBytes.count / bytes {
            let part = UnsafeRawBufferPointer(rebasing: chunkBytes[index * bytes..<(index + 1) * bytes])
            guard let record = SampleRecord(part, number: chunk &+ Int64(index)), !record.isTakenOut else { continue }
            newest = max(newest ?? record.arrival, record.arrival)
        }
        return newest ?? 0
    }

    /// As a sample; a waveform and a text are filled in later. Nil for a state that no sample has.
    func stored(number: Int64, thisBoot: Int64) -> StoredSample? {
        guard let quality = state.quality, let clock = state.clock else { return nil }
        return StoredSample(
            id: number,
            sample: Sample(
                tag: TagID(rawValue: tag),
                value: state.kind == .number ? .number(Double(bitPattern: value)) : .none, quality: quality,
                sourceTime: state.hasSourceTime ? WallTime(nanoseconds: sourceTime) : nil,
                arrival: WallTime(nanoseconds: arrival), monotonic: MonotonicTime(nanoseconds: monotonic), clock: clock),
            isThisBoot: number >= thisBoot)
    }
}
