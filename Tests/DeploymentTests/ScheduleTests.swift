import Deployment
import Graph
import Profiles
import Testing

@Suite("a schedule of tiles: one mover, one core, every buffer twice")
struct ScheduleTests {
    private static let one = Quantization(scale: 0.1, zeroPoint: 0)

    private static func made() throws -> Plans.Made {
        var builder = PlanBuilder(contract: "rockchip")
        let input = builder.input(name: "x", shape: [1, 40, 40, 32], quantization: one)
        let window = Window(kernel: (3, 3), padding: (1, 1, 1, 1))
        let first = try builder.convolution(
            input, Plans.weights(9 * 32 * 64, channels: 64), window: window, output: one)
        let second = try builder.convolution(
            first, Plans.weights(9 * 64 * 64, channels: 64), window: window, output: one)
        let averaged = try builder.mean(second, axes: 1..<3, shape: [1, 64], output: one)
        builder.output(try builder.fullyConnected(averaged, Plans.weights(64 * 10, channels: 10), output: one))
        return try Plans.made(builder)
    }

    private static func deployment(kibibytes: Int) throws -> Deployment {
        var profile = try Plans.profile("rk3588")
        profile.onChipBytes = Fact(value: kibibytes * 1_024, status: .measured, source: "test")
        return Deployment(try made().plan, on: profile)
    }

    @Test("a layer of one tile: fetched, computed, stored, one after the other")
    func oneTile() throws {
        let made = try Plans.dense(inputs: 64, outputs: 10)
        let schedule = try #require(Deployment(made.plan, on: try Plans.profile("rk3588")).schedule)
        #expect(schedule.events.map(\.action) == [.fetchWeights, .fetchInput, .compute, .store])
        // 640 weights, 32 records of 8 bytes, 64 inputs, 10 outputs filled up to 32, at 23.65 a cycle; 16 positions of 4
        // steps.
        let fetched = (640 + 256 + 64) / 23.65
        #expect(abs(schedule.events[0].end - 896 / 23.65) < 1e-9)
        #expect(abs(schedule.events[1].end - fetched) < 1e-9)
        #expect(abs(schedule.cycles - (fetched + 64 + 32 / 23.65)) < 1e-9)
    }

    @Test("a layer is cut so that most of its fetching is hidden behind multiplying")
    func hidden() throws {
        let shape = RockchipRuleTests.Shape(height: 64, width: 64, inputs: 32, outputs: 32, kernel: 3, cycles: [])
        let deployment = Deployment(try Plans.convolution(shape).plan, on: try Plans.profile("rk3588"))
        let schedule = try #require(deployment.schedule)
        // Multiplying takes longer: of 11,500 cycles of moving only the first and the last tile's are left to see.
        #expect(schedule.computingCycles == 64 * 64 * 9)
        #expect(schedule.movingCycles > 11_000)
        #expect(schedule.cycles - schedule.computingCycles < 0.15 * schedule.movingCycles)
    }

    @Test("nothing overlaps what it must not", arguments: [384, 128, 96])
    func order(kibibytes: Int) throws {
        let deployment = try Self.deployment(kibibytes: kibibytes)
        let schedule = try #require(deployment.schedule)
        func events(_ isWanted: (Schedule.Event) -> Bool) -> [Schedule.Event] { schedule.events.filter(isWanted) }
        for lane in [events { $0.action == .compute }, events { $0.action != .compute }] {
            for (first, second) in zip(lane, lane.dropFirst()) { #expect(first.end <= second.start + 1e-9) }
        }
        var ends: [Int: [Schedule.Action: [Int: Double]]] = [:]
        for event in schedule.events {
            ends[event.layer, default: [:]][event.action, default: [:]][event.piece] = event.end
        }
        for event in events({ $0.action == .compute }) {
            for fetch in [Schedule.Action.fetchInput, .fetchWeights] {
                let last = ends[event.layer]?[fetch]?.filter { $0.key <= event.piece }.map(\.value).max() ?? 0
                #expect(last <= event.start + 1e-9, "\(event)")
            }
        }
        for event in events({ $0.action == .store }) where deployment.layers[event.layer].operation == "convolution" {
            #expect((ends[event.layer]?[.compute]?[event.piece] ?? .infinity) <= event.start + 1e-9)
        }
        for event in events({ $0.action == .fetchInput }) {
            // Two buffers: the third fetch waits until the first piece has been worked on.
            if let done = ends[event.layer]?[.compute]?[event.piece - 2] { #expect(done <= event.start + 1e-9) }
            for source in deployment.layers[event.layer].sources {
                let written = ends[source]?[.store]?.values.max() ?? .infinity
                #expect(written <= event.start + 1e-9, "layer \(event.layer) reads what is not there yet")
            }
        }
    }

    @Test(
        "never quicker than multipliers or mover alone, never slower than both one after the other; less memory, more time"
    )
    func bounds() throws {
        var last = 0.0
        for kibibytes in [1_024, 384, 128, 96] {
            let schedule = try #require(try Self.deployment(kibibytes: kibibytes).schedule)
            #expect(schedule.cycles >= max(schedule.computingCycles, schedule.movingCycles) - 1e-6)
            #expect(schedule.cycles <= schedule.computingCycles + schedule.movingCycles + 1e-6)
            #expect(schedule.onlyMoved == [2])
            last = max(last, schedule.movingCycles)
            #expect(schedule.movingCycles >= last - 1e-6)
        }
    }

    @Test("no schedule where a fact is missing")
    func missing() throws {
        let made = try Self.made()
        for id in ["rk3576", "bm1684x", "k230"] {
            let profile = try Plans.profile(id)
            let deployment = Deployment(made.plan, on: profile)
            #expect(
                (deployment.schedule == nil)
                    == (profile.onChipBytes == nil || profile.movedBytesPerCycle == nil
                        || deployment.engineCycles == nil),
                "\(id)")
        }
        #expect(try Self.deployment(kibibytes: 16).schedule == nil)
    }
}
