import Seeded
import Testing

@testable import Store

@Suite("History: rollups")
struct RollupTests {
    private struct Given {
        var time: Int64
        var value: Double?
    }

    private static func given(_ count: Int, seed: UInt64) -> [Given] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            Given(
                time: Int64(random.below(500)),
                value: random.below(10) == 0 ? nil : Double(random.below(2_000) - 1_000) / 8)
        }
    }

    private static func rollup(_ given: ArraySlice<Given>) -> Rollup {
        var rollup = Rollup()
        for sample in given { rollup.add(sample.value, at: sample.time) }
        return rollup
    }

    @Test(arguments: 1...20)
    func agreesWithBruteForceHoweverItIsCut(_ seed: UInt64) throws {
        let given = Self.given(300, seed: seed)
        let good = given.compactMap { sample in sample.value.map { (time: sample.time, value: $0) } }
        let whole = Self.rollup(given[...])
        #expect(whole.good == UInt64(good.count))
        #expect(whole.notGood == UInt64(given.count - good.count))
        #expect(whole.minimum == good.map(\.value).min())
        #expect(whole.maximum == good.map(\.value).max())
        // Eighths up to 125: any order of adding them is exact.
        #expect(whole.sum == good.map(\.value).reduce(0, +))
        #expect(whole.mean == good.map(\.value).reduce(0, +) / Double(good.count))
        let firstTime = try #require(good.map(\.time).min())
        let lastTime = try #require(good.map(\.time).max())
        #expect(whole.first.value == good.first { $0.time == firstTime }?.value)
        #expect(whole.last.value == good.last { $0.time == lastTime }?.value)
        for cut in [0, 1, 150, 299, 300] {
            var merged = Self.rollup(given[..<cut])
            merged.merge(Self.rollup(given[cut...]))
            #expect(merged == whole, "cut at \(cut)")
        }
    }

    @Test func theSumKeepsWhatADoubleWouldLose() {
        var rollup = Rollup()
        for value in [1e16, 1, 1, 1, 1, -1e16] { rollup.add(value, at: 0) }
        #expect(rollup.sum == 4)
        var half = Rollup()
        half.add(1e16, at: 0)
        var other = Rollup()
        for value in [1, -1e16] { other.add(value, at: 0) }
        half.merge(other)
        #expect(half.sum == 1)
    }

    @Test func whatIsNoNumberIsCountedOnly() {
        var rollup = Rollup()
        for value in [nil, .nan, .infinity] as [Double?] { rollup.add(value, at: 1) }
        #expect(rollup.mean == nil)
        #expect(rollup.notGood == 3 && rollup.good == 0)
        var merged = Rollup()
        merged.add(-4, at: 9)
        rollup.merge(merged)
        #expect(rollup.notGood == 3 && rollup.good == 1)
        #expect(rollup.minimum == -4 && rollup.maximum == -4 && rollup.first == rollup.last)
    }

    @Test(arguments: [(0, 0), (59, 0), (60, 60), (-1, -60), (-60, -60), (-61, -120)] as [(Int64, Int64)])
    func bucketsStartAtOrBefore(_ time: Int64, _ start: Int64) { #expect(Rollup.start(of: time, width: 60) == start) }

    @Test(arguments: 1...10 as ClosedRange<UInt64>) func aRowComesBackToTheBit(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var start: Int64 = -120
        let buckets = (0..<1 + random.below(60)).map { _ -> (start: Int64, rollup: Rollup) in
            start += 60 * Int64(1 + random.below(3))
            let rollup = Self.rollup(Self.given(random.below(4), seed: random.next())[...])
            return (start, rollup)
        }
        let back = try RollupCodec.decode(RollupCodec.encode(buckets))
        #expect(back.map(\.start) == buckets.map(\.start) && back.map(\.rollup) == buckets.map(\.rollup))
    }

    @Test func aRowThatIsCutOrChangedIsAnErrorOrARowAndNeverMore() {
        let row = RollupCodec.encode(
            (0..<60).map { (Int64($0) * 60, Self.rollup(Self.given(20, seed: UInt64($0) + 1)[...])) })
        for count in row.indices { #expect(throws: HistoryError.self) { try RollupCodec.decode(Array(row[..<count])) } }
        #expect(throws: HistoryError.self) { try RollupCodec.decode(row + [0]) }
        var random = SplitMix64(seed: 11)
        for _ in 0..<2_000 {
            var changed = row
            changed[random.below(row.count)] ^= 1 << UInt8(random.below(8))
            guard let read = try? RollupCodec.decode(changed) else { continue }
            #expect(read.count <= 1_440 && zip(read, read.dropFirst()).allSatisfy { $0.start < $1.start })
        }
    }
}
