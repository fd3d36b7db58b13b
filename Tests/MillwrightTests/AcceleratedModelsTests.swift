import Accelerators
import Glibc
import Graph
import Logging
import Plant
import Runtime
import Store
import TestBench
import Testing

@testable import millwright

/// Which models wait for the accelerator, when one that failed is tried again, and who ends what is no longer used.
@Suite struct AcceleratedModelsTests {
    private struct Bench {
        let clock = ManualClock()
        let models: AcceleratedModels
        let model: ProvedModel

        init() throws {
            models = AcceleratedModels(AcceleratedModelsTests.choice("rk3588"), clock: clock, logger: JudgeBench.logger)
            let path = "\(Files.pack)/model/rotating-machine.mwplan"
            model = ProvedModel(name: "m", version: 1, digest: "d", file: try MappedFile(path: path))
        }

        /// The model that is to be loaded now, once everything is closed that was to be closed.
        func job() -> LoadJob? {
            switch models.nextJob() {
            case .close: job()
            case .load(let job): job
            case nil: nil
            }
        }

        func session() throws -> AcceleratedSession {
            let session = try Session(plan: Plan(bytes: model.file.bytes), keeping: model.file)
            return AcceleratedSession(session: session, policy: .cpuTakesOver) { () throws(AcceleratorError) in
                throw .notReady(needs: "nothing")
            }
        }

        /// Loads, and fails after it has worked so long.
        func fail(after span: Duration) throws {
            let job = try #require(self.job())
            let session = try session()
            models.take(.loaded(session), of: job)
            #expect(models.status().first?.state == "in use")
            clock.advance(by: span)
            #expect(self.job() == nil)
            try session.giveUp(AcceleratedModelsTests.failure)
        }

        /// How long it is until it is tried again.
        func wait(atMost most: Duration = .seconds(4_000)) -> Duration? {
            var waited = Duration.zero
            while waited <= most {
                switch models.nextJob() {
                case .close: continue
                case .load(let job):
                    // As if nobody had taken it: the next attempt fails at once.
                    models.take(.failed(AcceleratedModelsTests.failure), of: job)
                    return waited
                case nil: break
                }
                clock.advance(by: .seconds(1))
                waited += .seconds(1)
            }
            return nil
        }
    }

    private static func choice(_ chip: String) -> AcceleratorChoice {
        AcceleratorChoice(interface: .rknn, chip: chip, policy: .cpuTakesOver)
    }
    private static let failure = AcceleratorError.callFailed(function: "rknn_run", code: -1, meaning: "failed")

    @Test func theWaitBeginsWhenTheFailureIsSeenAndDoubles() throws {
        let bench = try Bench()
        _ = try bench.models.inference(for: bench.model)
        // Long after it was loaded, it waits a minute all the same.
        try bench.fail(after: .seconds(500))
        var waits: [Int64] = []
        for _ in 0..<8 { waits.append(try #require(bench.wait()).components.seconds) }
        #expect(waits == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
    }

    @Test func aProofAloneDoesNotMakeTheWaitsBeginAnew() throws {
        let bench = try Bench()
        _ = try bench.models.inference(for: bench.model)
        for wait in [60, 120, 240] {
            try bench.fail(after: .seconds(300))
            #expect(bench.job() == nil)
            bench.clock.advance(by: .seconds(wait - 1))
            #expect(bench.job() == nil)
            bench.clock.advance(by: .seconds(1))
        }
        // Ten minutes of good service do.
        try bench.fail(after: .seconds(600))
        #expect(bench.wait() == .seconds(60))
    }

    @Test func aLongWaitNeedsAsLongAServiceBeforeItIsForgotten() throws {
        let bench = try Bench()
        _ = try bench.models.inference(for: bench.model)
        try bench.fail(after: .zero)
        // After 60, 120, 240 and 480 s it failed again; the wait that counts is 960 s.
        for _ in 0..<4 { _ = bench.wait() }
        #expect(bench.job() == nil)
        bench.clock.advance(by: .seconds(960))
        try bench.fail(after: .seconds(700))
        #expect(bench.job() == nil)
        bench.clock.advance(by: .seconds(1_919))
        #expect(bench.job() == nil)
        bench.clock.advance(by: .seconds(1))
        try bench.fail(after: .seconds(1_920))
        #expect(bench.wait() == .seconds(60))
    }

    /// Sessions that the loader is told to end.
    private static func closed(_ models: AcceleratedModels) -> Int? {
        guard case .close(let sessions) = models.nextJob() else { return nil }
        return sessions.count
    }

    @Test func whatIsNoLongerUsedIsEndedByTheLoader() throws {
        let bench = try Bench()
        let inference = try #require(try bench.models.inference(for: bench.model))
        func load() throws { bench.models.take(.loaded(try bench.session()), of: try #require(bench.job())) }
        try load()
        #expect(inference.trouble == nil)
        // Another model under the name.
        var next = bench.model
        next.digest = "e"
        _ = try bench.models.inference(for: next)
        #expect(inference.trouble != nil)
        #expect(Self.closed(bench.models) == 1)
        // Another accelerator.
        try load()
        #expect(bench.models.configure(Self.choice("rk3576")))
        #expect(Self.closed(bench.models) == 1)
        // What was loaded for a choice that is none any more.
        _ = try bench.models.inference(for: next)
        let late = try #require(bench.job())
        #expect(bench.models.configure(nil))
        bench.models.take(.loaded(try bench.session()), of: late)
        #expect(Self.closed(bench.models) == 1)
        #expect(bench.models.nextJob() == nil && bench.models.status().isEmpty)
    }

    @Test func aModelThatNoAssetUsesIsForgotten() throws {
        let bench = try Bench()
        _ = try bench.models.inference(for: bench.model)
        bench.models.take(.loaded(try bench.session()), of: try #require(bench.job()))
        bench.models.keep(only: ["m"])
        #expect(bench.models.status().count == 1 && bench.models.nextJob() == nil)
        bench.models.keep(only: [])
        #expect(bench.models.status().isEmpty)
        #expect(Self.closed(bench.models) == 1)
        bench.clock.advance(by: .seconds(4_000))
        #expect(bench.models.nextJob() == nil)
    }

    @Test func whatFailedIsEndedByTheLoaderToo() throws {
        let bench = try Bench()
        let inference = try #require(try bench.models.inference(for: bench.model))
        try bench.fail(after: .seconds(1))
        #expect(Self.closed(bench.models) == 1)
        #expect(inference.trouble == Self.failure)
    }
}
