import Accelerators
import Glibc
import Graph
import Runtime
import Seeded
import Testing

@Suite("vendor libraries: faults, and the CPU that takes over")
struct FaultTests {
    /// A fault of the conforming library and what must be said about it.
    struct Fault: Sendable, CustomTestStringConvertible {
        var interface: VendorInterface
        var name: String
        var code: String
        /// Each must stand in the message.
        var words: [String]
        /// AscendCL tells its version when the library is opened, before there is a session that could take over.
        var isAtLoad: Bool { interface != .acl || name != "version" }
        var testDescription: String { "\(interface.rawValue) \(name)" }
    }

    static let faults: [Fault] = VendorInterface.allCases.flatMap { interface in
        let (run, code, meaning, load): (String, Int, String, String) =
            switch interface {
            case .rknn: ("rknn_run", -3, "RKNN_ERR_DEVICE_UNAVAILABLE", "rknn_init returned -6: RKNN_ERR_MODEL_INVALID")
            case .acl:
                (
                    "aclmdlExecute", 507_015, "ACL_ERROR_RT_AICORE_EXCEPTION",
                    "aclmdlLoadFromMem returned 100013: ACL_ERROR_PARSE_MODEL"
                )
            case .bmrt: ("bm_thread_sync", 3, "BM_ERR_TIMEOUT", "bmrt_load_bmodel_data")
            case .cvi:
                ("CVI_NN_Forward", 3, "CVI_RC_TIMEOUT", "CVI_NN_RegisterModelFromBuffer returned 7: CVI_RC_DATA_ERR")
            }
        return [
            Fault(interface: interface, name: "version", code: "accelerator.wrong_version", words: ["expected", "9."]),
            Fault(interface: interface, name: "load", code: "accelerator.call_failed", words: [load]),
            Fault(
                interface: interface, name: "code=\(code)", code: "accelerator.call_failed",
                words: [run, "returned \(code)", meaning]),
            Fault(
                interface: interface, name: "wrong", code: "accelerator.wrong_answer",
                words: ["case 0", "element 0", "1 element differs", "none may"]),
            Fault(
                interface: interface, name: "size", code: "accelerator.wrong_tensor",
                words: ["out", "expected", "found"]),
            Fault(
                interface: interface, name: "crash", code: "accelerator.host_ended",
                words: ["an inference", "signal 11"]),
            Fault(
                interface: interface, name: "hang", code: "accelerator.timed_out", words: ["an inference", "within"]),
        ]
    }

    private static func open(_ fault: String, _ interface: VendorInterface) throws -> IsolatedAccelerator {
        try Vendor.open(
            interface, fault: fault, limits: .init(run: fault.hasPrefix("hang") ? .milliseconds(300) : .seconds(5)))
    }

    @Test(
        "each fault is a typed error with names in it, and refused where the CPU may not take over", arguments: faults)
    func refused(fault: Fault) throws {
        let plan = try Vendor.plan()
        let error = #expect(throws: AcceleratorError.self) {
            let session = AcceleratedSession(
                session: try Vendor.session(plan), accelerator: try Self.open(fault.name, fault.interface),
                policy: .refused)
            try session.load(plan.bytes)
        }
        let found = try #require(error)
        #expect(found.code == fault.code, "\(found)")
        for word in fault.words { #expect("\(found)".contains(word), "\(word) is not in \(found)") }
    }

    @Test(
        "each fault at the first load: the CPU computes the same, and the reason is kept",
        arguments: faults.filter(\.isAtLoad))
    func takenOver(fault: Fault) throws {
        let plan = try Vendor.plan()
        let session = AcceleratedSession(
            session: try Vendor.session(plan), accelerator: try Self.open(fault.name, fault.interface),
            policy: .cpuTakesOver)
        try session.load(plan.bytes)
        #expect(session.reason?.code == fault.code)
        try Self.expectCPU(session, runs: 2)
        #expect(session.takenOver == 2)
    }

    private static func expectCPU(_ session: AcceleratedSession, runs: Int) throws {
        var random = SplitMix64(seed: 9)
        for _ in 0..<runs {
            let input = Vendor.bytes(session.session.inputBytes, &random)
            var output = [UInt8](repeating: 0, count: session.session.outputBytes)
            let runner = try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
            #expect(runner == .cpu)
            #expect(try output == session.session.plan.reference(input))
        }
    }

    @Test(
        "a library that fails after its proof: the CPU computes that very inference, and a reload takes the chip back",
        arguments: VendorInterface.allCases, ["crash=3", "hang=3"])
    func later(interface: VendorInterface, fault: String) throws {
        let plan = try Vendor.plan()
        let session = AcceleratedSession(
            session: try Vendor.session(plan), accelerator: try Self.open(fault, interface), policy: .cpuTakesOver)
        try session.load(plan.bytes)
        #expect(session.reason == nil)
        try Self.expectCPU(session, runs: 3)
        let reason = try #require(session.reason)
        #expect(["accelerator.host_ended", "accelerator.timed_out"].contains(reason.code))
        // The count of runs begins anew in the new process.
        try session.load(plan.bytes)
        #expect(session.reason == nil)
    }

    @Test("a difference that was allowed is no fault", arguments: VendorInterface.allCases)
    func allowed(interface: VendorInterface) throws {
        let plan = try Vendor.plan()
        let session = AcceleratedSession(
            session: try Vendor.session(plan), accelerator: try Self.open("wrong", interface), policy: .refused,
            allowance: .init(elements: 1, steps: 255))
        try session.load(plan.bytes)
        #expect(session.reason == nil)
    }

    @Test("nothing is believed without a receipt")
    func noReceipt() throws {
        let plan = try Vendor.plan(receipt: false)
        let session = AcceleratedSession(
            session: try Vendor.session(plan), accelerator: try Vendor.open(.rknn), policy: .refused)
        #expect(throws: AcceleratorError.noReceipt) { try session.load(plan.bytes) }
        #expect(throws: AcceleratorError.noReceipt) {
            let input = [UInt8](repeating: 0, count: session.session.inputBytes)
            var output = [UInt8](repeating: 0, count: session.session.outputBytes)
            _ = try input.withUnsafeBytes { input in
                try output.withUnsafeMutableBytes { try session.run(bytes: input, output: $0) }
            }
        }
    }

    @Test("a model of another plan is refused by tensor", arguments: VendorInterface.allCases)
    func otherModel(interface: VendorInterface) throws {
        var builder = PlanBuilder(contract: "tflite")
        let input = builder.input(name: "x", shape: [2], quantization: .init(scale: 1, zeroPoint: 0))
        builder.output(
            try builder.fullyConnected(
                input, Weights.Source(elements: [1, 0, 0, 1], scales: [1, 1], bias: [0, 0]),
                output: .init(scale: 1, zeroPoint: 0)))
        let other = PlanMemory(copying: try builder.encode())
        let session = AcceleratedSession(
            session: try Vendor.session(Vendor.plan()), accelerator: try Vendor.open(interface), policy: .refused)
        let error = #expect(throws: AcceleratorError.self) { try session.load(other.bytes) }
        #expect(error?.code == "accelerator.wrong_tensor")
    }

    @Test("a library that is not there is named", arguments: VendorInterface.allCases)
    func notFound(interface: VendorInterface) throws {
        let error = #expect(throws: AcceleratorError.self) {
            try IsolatedAccelerator(interface, library: "/nowhere/\(interface.libraryName)", program: Vendor.program())
        }
        #expect(error?.code == "accelerator.library_not_found")
        #expect(error.map { "\($0)".contains(interface.libraryName) } == true)
    }

    @Test("the first function that a library lacks is named")
    func missingSymbol() throws {
        let library = try Vendor.file("libIncompleteRuntime.so")
        for (interface, symbol) in [
            (VendorInterface.rknn, "rknn_destroy"), (.acl, "aclFinalize"), (.bmrt, "bm_dev_request"),
            (.cvi, "CVI_NN_GetModelVersion"),
        ] {
            #expect(throws: AcceleratorError.missingSymbol(library: library, symbol: symbol)) {
                try IsolatedAccelerator(interface, library: library, program: Vendor.program())
            }
            #expect(throws: AcceleratorError.missingSymbol(library: library, symbol: symbol)) {
                try interface.openHere(library: library)
            }
        }
    }

    @Test("a program that is no host, or none at all, is an error and not a wait")
    func noHost() throws {
        let library = try Vendor.library()
        for (path, code) in [("/bin/true", "accelerator.host_ended"), ("/nowhere/host", "accelerator.host")] {
            let error = #expect(throws: AcceleratorError.self) {
                try IsolatedAccelerator(.rknn, library: library, program: HostProgram(path: path, arguments: []))
            }
            #expect(error?.code == code)
        }
    }
}
