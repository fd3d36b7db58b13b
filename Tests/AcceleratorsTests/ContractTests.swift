import Accelerators
import Glibc
import Graph
import Runtime
import Seeded
import Testing

/// What every adapter does alike, against the conforming library. No board has confirmed any of it.
@Suite("vendor libraries: the same contract from each")
struct ContractTests {
    /// Loads a plan as the vendor's model, with every input and output where the test sees it.
    private static func loaded(
        _ accelerator: any Accelerator, _ plan: PlanMemory, _ placement: AcceleratorPlacement = .init()
    )
        throws -> AcceleratedSession
    {
        let session = AcceleratedSession(
            session: try Vendor.session(plan), accelerator: accelerator, policy: .refused)
        try session.load(plan.bytes, placement: placement)
        return session
    }

    private static func expectEqual(_ session: AcceleratedSession, runs: Int, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<runs {
            let input = Vendor.bytes(session.session.inputBytes, &random)
            var (ours, theirs) = (
                [UInt8](repeating: 0, count: session.session.outputBytes),
                [UInt8](repeating: 1, count: session.session.outputBytes)
            )
            let runner = try input.withUnsafeBytes { input in
                try ours.withUnsafeMutableBytes { try session.session.run(bytes: input, output: $0) }
                return try theirs.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
            #expect(ours == theirs)
            #expect(ours != [UInt8](repeating: ours[0], count: ours.count))
            guard case .accelerator(let timing) = runner else {
                Issue.record("the CPU took over: \(String(describing: session.reason))")
                return
            }
            #expect(timing.wall > .zero)
        }
        #expect(session.takenOver == 0)
    }

    @Test("in a process of its own: describe, prove, run equal to Session", arguments: VendorInterface.allCases)
    func isolated(interface: VendorInterface) throws {
        let plan = try Vendor.plan()
        let accelerator = try Vendor.open(interface)
        let session = try Self.loaded(accelerator, plan)
        #expect(accelerator.inputs.count == 1)
        #expect(accelerator.inputs[0].element == .int8)
        #expect(accelerator.inputs[0].shape.sorted() == [1, 3, 5, 7])
        #expect(accelerator.outputs[0].shape == [1, 4, 3, 5])
        #expect(accelerator.outputs[0].layout == .nchw)
        #expect(accelerator.library.version.contains("."))
        if interface != .acl {
            let stated = try #require(accelerator.inputs[0].quantization)
            #expect(abs(stated.scale - 0.02) < 1e-7)
            #expect(stated.zeroPoint == 3)
        }
        try Self.expectEqual(session, runs: 5, seed: 1)
    }

    @Test("in this process: the same", arguments: VendorInterface.allCases)
    func here(interface: VendorInterface) throws {
        let plan = try Vendor.plan(seed: 8)
        try Self.expectEqual(
            Self.loaded(interface.openHere(library: Vendor.library()), plan), runs: 3, seed: 2)
    }

    @Test("a model with real numbers at its doors computes the same", arguments: VendorInterface.allCases)
    func realDoors(interface: VendorInterface) throws {
        let model = try Vendor.plan(seed: 31, hasFloatDoors: true)
        let session = AcceleratedSession(
            session: try Vendor.session(Vendor.plan(seed: 31)), accelerator: try Vendor.open(interface),
            policy: .refused)
        try session.load(model.bytes)
        try Self.expectEqual(session, runs: 5, seed: 8)
    }

    @Test("two models at once, each in its own process", arguments: VendorInterface.allCases)
    func two(interface: VendorInterface) throws {
        let first = try Self.loaded(Vendor.open(interface), Vendor.plan(seed: 11))
        let second = try Self.loaded(Vendor.open(interface), Vendor.plan(seed: 12))
        for seed in 0..<2 {
            try Self.expectEqual(first, runs: 2, seed: UInt64(seed))
            try Self.expectEqual(second, runs: 2, seed: UInt64(seed))
        }
    }

    @Test("unload ends the process, and another model can be loaded", arguments: VendorInterface.allCases)
    func reload(interface: VendorInterface) throws {
        let accelerator = try Vendor.open(interface)
        let plan = try Vendor.plan(seed: 21)
        let session = try Self.loaded(accelerator, plan)
        let process = try #require(accelerator.processID)
        session.unload()
        #expect(accelerator.processID == nil)
        #expect(kill(process, 0) == -1)
        #expect(accelerator.inputs.isEmpty)
        #expect(throws: AcceleratorError.notReady(needs: "a loaded model and bound buffers")) {
            try accelerator.run()
        }
        try session.load(plan.bytes)
        #expect(accelerator.processID != process)
        try Self.expectEqual(session, runs: 2, seed: 3)
    }

    @Test("cores and devices are chosen, and those that are not there are refused by name")
    func places() throws {
        let plan = try Vendor.plan()
        for (interface, placement) in [
            (VendorInterface.rknn, AcceleratorPlacement(cores: [0, 1, 2])), (.rknn, .init(cores: [1])),
            (.acl, .init(device: 1)), (.bmrt, .init(device: 1, cores: [0, 1])), (.cvi, .init(cores: [0])),
        ] {
            try Self.expectEqual(Self.loaded(Vendor.open(interface), plan, placement), runs: 1, seed: 4)
        }
        for (interface, placement) in [
            (VendorInterface.rknn, AcceleratorPlacement(cores: [3])), (.rknn, .init(device: 1)),
            (.acl, .init(device: 2)), (.acl, .init(cores: [0])), (.bmrt, .init(device: 7)), (.cvi, .init(cores: [1])),
        ] {
            let error = #expect(throws: AcceleratorError.self) {
                try Self.loaded(Vendor.open(interface), plan, placement)
            }
            #expect(error?.code == "accelerator.no_such_place")
        }
    }

    @Test("the library's own time is passed on where it tells one, and only there", arguments: VendorInterface.allCases)
    func timing(interface: VendorInterface) throws {
        let plan = try Vendor.plan()
        let session = try Self.loaded(Vendor.open(interface), plan)
        let input = [UInt8](repeating: 1, count: session.session.inputBytes)
        var output = [UInt8](repeating: 0, count: session.session.outputBytes)
        let runner = try input.withUnsafeBytes { input in
            try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
        }
        guard case .accelerator(let timing) = runner else {
            Issue.record("not run by the accelerator")
            return
        }
        #expect(timing.library == (interface == .rknn ? .microseconds(17) : nil))
    }

    @Test("memory stays as it is over many runs", arguments: VendorInterface.allCases)
    func memory(interface: VendorInterface) throws {
        let plan = try Vendor.plan()
        let accelerator = try Vendor.open(interface)
        let session = try Self.loaded(accelerator, plan)
        let process = try #require(accelerator.processID)
        try Self.expectEqual(session, runs: 300, seed: 5)
        let before = try Self.residentPages(process)
        try Self.expectEqual(session, runs: 2_000, seed: 6)
        // 2,000 leaks of one tensor of 105 bytes would be 51 pages; the heap's own ups and downs are fewer.
        #expect(try Self.residentPages(process) - before < 32)
    }

    private static func residentPages(_ process: Int32) throws -> Int {
        let descriptor = open("/proc/\(process)/statm", O_RDONLY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        return try #require(words.count > 1 ? Int(words[1]) : nil)
    }
}
