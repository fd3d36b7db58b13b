import CAllocationCounter
import Plant
import Seeded
import Testing
import Watch

/// What holds whatever comes: random samples of several tags, with times that jump, values of every kind, and a store that
/// refuses now and then.
@Suite struct PropertyTests {
    static let rules: [WatchRule] = {
        var strict = WatchRule()
        (strict.stillness, strict.resolution, strict.noise) = (.values(3), 0.5, .limit(0.1))
        (strict.largestStep, strict.largestRate, strict.late) = (1, 2, .seconds(1))
        strict.silence = .after(.seconds(2))
        var learned = WatchRule()
        (learned.stillness, learned.noise, learned.silence) = (.learned, .learned, .learned)
        var timed = strict
        (timed.stillness, timed.duplicates, timed.future) = (.after(.seconds(1)), .keep, nil)
        return [WatchRule(), strict, learned, timed]
    }()

    static func field() -> Field {
        var field = Field()
        field.watch = TagWatch(
            rules: WatchRules(
                rules.enumerated().map { index, rule in
                    WatchRules.Entry(patterns: [TagPattern("t\(index).*")].compactMap(\.self), rule: rule)
                }))
        for tag in 0..<12 {
            field.watch.watch(TagID(rawValue: Int32(tag)), name: "t\(tag % rules.count).\(tag)", at: field.steady)
        }
        return field
    }

    static func value(_ random: inout SplitMix64) -> Sample.Value {
        switch random.below(20) {
        case 0: .none
        case 1: .text(["a", "b"][random.below(2)])
        case 2: .waveform((0..<random.below(4)).map { _ in Float(random.below(2)) })
        case 3: .number([Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude][random.below(4)])
        default: .number(Double(random.below(8)) / 4)
        }
    }

    static func samples(_ field: inout Field, _ random: inout SplitMix64) -> [Sample] {
        var samples: [Sample] = []
        for _ in 0..<random.below(12) {
            if let last = samples.last, random.below(8) == 0 {
                samples.append(last)
                continue
            }
            field.pass(.milliseconds(random.below(400)))
            if random.below(200) == 0 { field.wall = field.wall + .seconds(random.below(200_000) - 100_000) }
            let others: [Quality] = [.uncertain(.source), .bad(.timedOut), .uncertain(.stale), .bad(.notConnected)]
            let quality = random.below(8) == 0 ? others[random.below(4)] : .good
            let source: WallTime? =
                switch random.below(10) {
                case 0: nil
                case 1: WallTime(nanoseconds: Int64(bitPattern: random.next()))
                case 2: field.wall + .seconds(random.below(20) - 10)
                default: field.wall
                }
            // The last two tags are nobody's.
            let tag = TagID(rawValue: Int32(random.below(14)))
            samples.append(field.sample(value(&random), quality: quality, source: source, tag: tag))
        }
        return samples
    }

    static func rank(_ quality: Quality) -> Int {
        switch quality {
        case .good: 0
        case .uncertain: 1
        case .bad: 2
        }
    }

    @Test(arguments: 0..<40) func qualityOnlyFallsAndOnlyDuplicatesGo(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var field = Self.field()
        for _ in 0..<400 {
            let given = Self.samples(&field, &random)
            let before = field.found["duplicate"] ?? 0
            let kept = field.send(given)
            #expect(given.count - kept.count == (field.found["duplicate"] ?? 0) - before)
            // What is kept is what was given, in its order, with the same values.
            var rest = given[...]
            for sample in kept {
                rest = rest.drop { !Self.isSame($0, sample) }
                guard let original = rest.popFirst() else {
                    Issue.record("seed \(seed): a sample that nobody gave")
                    break
                }
                #expect(Self.rank(sample.quality) >= Self.rank(original.quality))
                #expect((Self.rank(sample.quality) == 2) == (Self.rank(original.quality) == 2))
                #expect(sample.clock == .synchronized)
            }
            _ = field.silent()
        }
        #expect(field.found.count == WatchFlag.allCases.count, "seed \(seed) has not met everything: \(field.found)")
    }

    private static func isSame(_ a: Sample, _ b: Sample) -> Bool {
        let isSameValue =
            if case .number(let first) = a.value, case .number(let second) = b.value {
                first.bitPattern == second.bitPattern
            } else { a.value == b.value }
        return a.tag == b.tag && isSameValue && a.arrival == b.arrival && a.monotonic == b.monotonic
    }

    @Test(arguments: 0..<20) func aBatchThatWasNotStoredComesAgainAsIfForTheFirstTime(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &+ 1_000)
        var (once, again) = (Self.field(), Self.field())
        for _ in 0..<300 {
            let given = Self.samples(&once, &random)
            (again.wall, again.steady) = (once.wall, once.steady)
            for _ in 0..<random.below(3) {
                _ = again.send(given)
                if let undo = again.undo { again.watch.undo(undo) }
            }
            let (first, second) = (once.send(given), again.send(given))
            #expect(first.map(\.quality) == second.map(\.quality), "seed \(seed)")
            #expect(once.found == again.found, "seed \(seed)")
        }
    }

    @Test func aWatchedSampleCostsNoAllocation() {
        var field = Self.field()
        func allocations(_ count: Int) -> UInt64 {
            func batch() -> SampleBatch {
                SampleBatch(
                    link: "link",
                    samples: (0..<count).map { index in
                        field.sample(.number(Double(index % 3)), tag: TagID(rawValue: Int32(index % 12)))
                    })
            }
            var given = batch()
            _ = field.watch.look(at: &given, clock: .free)
            given = batch()
            mw_allocation_counter_start()
            let undo = field.watch.look(at: &given, clock: .free)
            let counted = mw_allocation_counter_stop()
            field.watch.undo(undo)
            return counted
        }
        // What a batch costs, it costs once, however many samples it has.
        let (few, many) = (allocations(100), allocations(10_000))
        #expect(many <= few + 1 && few < 16, "\(few), \(many)")
    }
}
