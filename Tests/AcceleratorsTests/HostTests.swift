import Glibc
import Graph
import Runtime
import Testing

@testable import Accelerators

/// The process of a vendor's library that has gone wrong in every way but a crash.
@Suite("a vendor library's process: hostile, hung, not to be killed") struct HostTests {
    /// 8,192 elements in and out, as the hostile library describes itself.
    private static let bytes = 8_192

    private static func hostile(_ mode: String, _ limits: IsolatedAccelerator.Limits = .init()) throws
        -> IsolatedAccelerator
    {
        try IsolatedAccelerator(
            .rknn, library: Vendor.file("libHostileRuntime.so"),
            program: Vendor.program(more: ["MILLWRIGHT_HOSTILE": mode]), limits: limits)
    }

    private static func load(_ accelerator: IsolatedAccelerator) throws {
        try [UInt8](repeating: 1, count: 64).withUnsafeBytes { try accelerator.load($0, placement: .init()) }
    }

    /// Runs with buffers of the size that it describes.
    private static func run(_ accelerator: IsolatedAccelerator, times: Int) throws -> AcceleratorTiming? {
        let input = [UInt8](repeating: 7, count: bytes)
        var output = [UInt8](repeating: 0, count: bytes)
        return try input.withUnsafeBytes { input in
            try output.withUnsafeMutableBytes { output in
                try accelerator.bind(input: input, output: output)
                var last: AcceleratorTiming?
                for _ in 0..<times { last = try accelerator.run() }
                return last
            }
        }
    }

    /// A bus error in this program, where a file is mapped that the library may still shrink.
    @Test("memory that both sides see cannot be taken away from this one")
    func shrinking() throws {
        let accelerator = try Self.hostile("shrink")
        try Self.load(accelerator)
        // The library tells in the place of its time what came of shrinking the file.
        #expect(try Self.run(accelerator, times: 3)?.library == .nanoseconds(Int64(EPERM)))
    }

    @Test("a file that shrinks between size and seal is refused, and one that shrinks later does not")
    func racing() throws {
        for _ in 0..<20 {
            let accelerator = try Self.hostile("race")
            do {
                try Self.load(accelerator)
            } catch let error as AcceleratorError {
                #expect(error.code == "accelerator.host", "\(error)")
                continue
            }
            #expect(try Self.run(accelerator, times: 3)?.library == .nanoseconds(Int64(EPERM)))
        }
    }

    @Test(
        "what it may describe has limits",
        arguments: [
            ("huge", "accelerator.wrong_tensor", "bytes of all tensors"),
            ("many", "accelerator.wrong_tensor", "number of tensors"),
            ("seal", "accelerator.host", "F_ADD_SEALS"),
        ])
    func describing(mode: String, code: String, says: String) throws {
        let accelerator = try Self.hostile(mode)
        let error = #expect(throws: AcceleratorError.self) { try Self.load(accelerator) }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error.map { "\($0)".contains(says) } == true, "\(String(describing: error))")
        #expect(accelerator.processID == nil)
    }

    @Test("requests that are never read end in time")
    func mute() throws {
        let accelerator = try Self.hostile("mute", .init(run: .milliseconds(200)))
        let error = #expect(throws: AcceleratorError.self) {
            try Self.load(accelerator)
            _ = try Self.run(accelerator, times: 100_000)
        }
        #expect(error?.code == "accelerator.timed_out", "\(String(describing: error))")
    }

    @Test("a file that is not sealed against another size is not mapped")
    func unsealed() throws {
        let descriptor = try SharedMemory.file("test")
        defer { close(descriptor) }
        ftruncate(descriptor, 64)
        #expect(throws: AcceleratorError.self) { try SharedMemory(descriptor, bytes: 64) }
        #expect(try SharedMemory.sized(descriptor, bytes: 32).bytes.count == 32)
        #expect(throws: AcceleratorError.self) { try SharedMemory(descriptor, bytes: 31) }
        #expect(ftruncate(descriptor, 0) == -1 && errno == EPERM)
    }

    @Test("a library that does not let go of its model is ended after a second", arguments: VendorInterface.allCases)
    func hangingUnload(interface: VendorInterface) throws {
        let plan = try Vendor.plan()
        let accelerator = try Vendor.open(interface, fault: "hang_unload")
        try accelerator.load(plan.bytes, placement: .init())
        let process = try #require(accelerator.processID)
        let took = ContinuousClock().measure { accelerator.unload() }
        #expect(took < .seconds(3))
        #expect(kill(process, 0) == -1)
    }

    @Test("loading ends as soon as it is told to, and so does what is loaded later")
    func stopping() async throws {
        let plan = try Vendor.plan()
        let stop = HostStop()
        let program = try Vendor.program(fault: "hang_load")
        let library = try Vendor.library()
        async let outcome = Self.outcome(library, program, plan, stop)
        // Stopped at any moment of its life: before it has started, while it opens, while it loads.
        stop.stop()
        let error = try #require(await outcome)
        #expect(error.code == "accelerator.host_ended", "\(error)")
        #expect(Self.outcome(library, program, plan, stop)?.code == "accelerator.host_ended")
    }

    private static func outcome(_ library: String, _ program: HostProgram, _ plan: PlanMemory, _ stop: HostStop)
        -> AcceleratorError?
    {
        do throws(AcceleratorError) {
            let accelerator = try IsolatedAccelerator(.rknn, library: library, program: program, stop: stop)
            try accelerator.load(plan.bytes, placement: .init())
            return nil
        } catch { return error }
    }

    @Test("a process that SIGKILL does not end is waited for later, and nobody waits longer than two seconds")
    func left() throws {
        // Signal 0 does to a process what SIGKILL does to one that a driver holds.
        let process = try HostProcess(HostProgram(path: "/bin/sleep", arguments: ["600"]), [], signal: 0)
        let pid = process.pid
        let clock = ContinuousClock()
        var began = clock.now
        #expect(process.end() == nil)
        #expect(clock.now - began < .seconds(3))
        began = clock.now
        #expect(process.end() == nil)
        #expect(clock.now - began < .seconds(1))
        #expect(LeftProcesses.look().contains(pid))
        kill(pid, SIGKILL)
        #expect(HostLife(pid: pid).wait(within: .seconds(20)) != nil)
        #expect(!LeftProcesses.look().contains(pid))
    }
}
