import Accelerators
import Graph
import Runtime
import Testing

/// How far a vendor's model may be off because its maker saw its simulator differ, without anybody having looked.
@Suite("vendor libraries: what a poor agreement allows") struct AgreementTests {
    /// A plan of 60 outputs that carries itself as the vendor's model.
    private static func plan(differing: Int, by steps: Int) throws -> PlanMemory {
        let plan = try Vendor.plan()
        let file = try Plan(bytes: plan.bytes).file(
            plan.bytes, with: Array(plan.bytes), interface: "rknn", chip: "rk3588", toolchain: "conforming 1.0",
            agreement: .init(
                cases: 3, elements: 180, equalElements: 180 - differing, mostDifferingElements: differing,
                largestDifference: steps, topOneEqual: 3))
        return PlanMemory(copying: file)
    }

    private static func open(
        _ plan: PlanMemory, fault: String? = nil, policy: AcceleratedSession.Policy = .refused,
        allow: AnswerAllowance? = nil
    ) throws -> AcceleratedSession {
        let choice = AcceleratorChoice(
            interface: .rknn, chip: "rk3588", library: try Vendor.library(), policy: policy, allowance: allow)
        return try choice.open(try Vendor.session(plan), program: Vendor.program(fault: fault))
    }

    @Test(
        "one output by one step is taken for rounding, more is not",
        arguments: [(1, 1, true), (2, 1, false), (1, 2, false)])
    func ceiling(differing: Int, steps: Int, isTaken: Bool) throws {
        let plan = try Self.plan(differing: differing, by: steps)
        if isTaken {
            #expect(try Self.open(plan).reason == nil)
            // And it is what the receipt then allows.
            #expect(try Self.open(plan, fault: "wrong").reason == nil)
            return
        }
        let error = #expect(throws: AcceleratorError.self) { try Self.open(plan) }
        #expect(error?.code == "accelerator.poor_agreement")
        for word in ["\(differing) outputs", "by \(steps) steps", "at most 1", "accelerator.allow", "--allow-elements"]
        {
            #expect(error.map { "\($0)".contains(word) } == true, "\(word): \(String(describing: error))")
        }
        let rescued = try Self.open(plan, policy: .cpuTakesOver)
        #expect(rescued.reason == error && rescued.library == nil)
    }

    @Test("whoever has looked at it may allow more")
    func allowed() throws {
        let plan = try Self.plan(differing: 40, by: 114)
        #expect(try Self.open(plan, allow: .init(elements: 40, steps: 114)).reason == nil)
        #expect(try Self.open(plan, allow: AnswerAllowance.none).reason == nil)
    }

    @Test("the ceiling is one per cent of a case's outputs, at least one, by a step")
    func onePerCent() {
        let tensor = { (count: Int) in
            Tensor(name: "y", type: .int8, shape: [1, count], quantization: .identity)
        }
        #expect(AnswerAllowance.ceiling([tensor(2_000), tensor(1_136)]) == .init(elements: 31, steps: 1))
        #expect(AnswerAllowance.ceiling([tensor(4)]) == .init(elements: 1, steps: 1))
    }
}
