import Glibc
import Logging
import Plant
import SQLite
import Store
import TestBench

/// A store in a directory of its own, with a number tag and a waveform tag.
struct Fixture {
    let folder: TempDirectory
    let clock: ManualClock
    let limits: Limits
    let store: Store
    let number: TagID
    let waveform: TagID

    static let numberTag = TagDefinition(name: "pump-7.speed", unit: "rpm", kind: .number)
    static let waveformTag = TagDefinition(
        name: "pump-7.vibration", unit: "m/s2", kind: .waveform(samples: 64, rateHertz: 25_600))
    /// Small, so that no test moves megabytes for the reserve.
    static let smallLimits = Limits(maximumBytes: 64 << 20, reserveBytes: 64 << 10)

    init(
        folder: TempDirectory? = nil, clock: ManualClock = ManualClock(), limits: Limits = smallLimits,
        bootID: String = "first"
    ) async throws {
        self.folder = try folder ?? TempDirectory()
        self.clock = clock
        self.limits = limits
        store = try Store(
            directory: self.folder.file("store"), limits: limits, clock: clock, logger: quietLogger, bootID: bootID)
        number = try await store.tagID(for: Self.numberTag)
        waveform = try await store.tagID(for: Self.waveformTag)
    }

    var databasePath: String { folder.file("store/store.sqlite") }

    /// Closes the store and opens it again.
    func reopened(bootID: String = "first") async throws -> Fixture {
        await store.close()
        return try await Fixture(folder: folder, clock: clock, limits: limits, bootID: bootID)
    }

    func sample(_ value: Double, quality: Quality = .good) -> Sample {
        Sample(
            tag: number, value: .number(value), quality: quality, sourceTime: clock.wall() + .milliseconds(-3),
            arrival: clock.wall(), monotonic: clock.monotonic())
    }

    func window(_ first: Float) -> Sample {
        Sample(
            tag: waveform, value: .waveform((0..<64).map { first + Float($0) }), quality: .good, arrival: clock.wall(),
            monotonic: clock.monotonic())
    }

    func batch(_ values: some Sequence<Double>, receipts: [MessageReceipt] = []) -> SampleBatch {
        SampleBatch(link: "plc-1", samples: values.map { sample($0) }, receipts: receipts)
    }

    /// Every sample that can be read, page by page.
    func everything(pageRows: Int = 1_000) async throws -> [StoredSample] {
        try await everySample(in: store, pageRows: pageRows)
    }

    /// Changes the file behind the store's back.
    func tamper(_ sql: String) throws {
        let other = try Connection(path: databasePath, access: .readWrite)
        try other.execute(sql)
        other.close()
    }
}

/// Every sample that can be read by number, page by page.
func everySample(in store: Store, pageRows: Int = 1_000) async throws -> [StoredSample] {
    var all: [StoredSample] = []
    var last: Int64 = 0
    while true {
        let page = try await store.samples(after: last, limit: pageRows)
        all += page.samples
        last = page.through
        if page.isEnd { return all }
    }
}

let quietLogger = Logger(label: "store-tests") { _ in SwiftLogNoOpLogHandler() }

extension Sample.Value {
    var asNumber: Double? { if case .number(let number) = self { number } else { nil } }
}

func makeAlert(_ id: String, at time: WallTime, state: AlertState = .active) -> Alert {
    Alert(
        id: id, asset: "pump-7", code: "bearing.outer_race", severity: .warning, state: state, raisedAt: time,
        score: 7.25,
        threshold: 3.5,
        features: [
            Contribution(feature: "envelope_bpfo", share: 0.625, deviation: 11.1),
            Contribution(feature: "kurtosis", share: 0.1, deviation: -2.0 / 3),
        ], modelDigest: String(repeating: "ab", count: 32),
        title: LocalizedText(english: "Outer race damage", chinese: "外圈损伤"),
        cause: LocalizedText(english: "Wear", chinese: "磨损"),
        action: LocalizedText(english: "Replace the bearing", chinese: "更换轴承"))
}
