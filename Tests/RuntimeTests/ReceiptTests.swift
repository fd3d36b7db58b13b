import Graph
import Kernels
import Runtime
import Testing

@Suite("receipt: proof before a model is believed")
struct ReceiptTests {
    @Test("a plan's receipt holds on every set of kernels", arguments: KernelSet.supported)
    func holds(isa: String) throws {
        let memory = try Networks.dense([20, 10, 20], seed: 11, golden: 16)
        let session = try Networks.session(memory, isa: isa)
        #expect(session.plan.receipt?.cases.count == 16)
        #expect(throws: Never.self) { try session.proveReceipt() }
    }

    @Test("a receipt that does not hold is refused by case and byte", arguments: KernelSet.supported)
    func differs(isa: String) throws {
        var builder = PlanBuilder(contract: "tflite")
        let input = builder.input(name: "x", shape: [2], quantization: .init(scale: 1, zeroPoint: 0))
        builder.output(
            try builder.fullyConnected(
                input, Weights.Source(elements: [1, 0, 0, 1], scales: [1, 1], bias: [0, 0]),
                output: .init(scale: 1, zeroPoint: 0)))
        builder.attach(
            receipt: Receipt(cases: [.init(input: [1, 2], output: [1, 2]), .init(input: [3, 4], output: [3, 5])]))
        let session = try Networks.session(PlanMemory(copying: try builder.encode()), isa: isa)
        #expect(throws: RuntimeError.receiptDiffers(case: 1, byte: 1, expected: 5, found: 4, isa: isa)) {
            try session.proveReceipt()
        }
    }

    @Test("a plan without a receipt proves nothing")
    func missing() throws {
        let session = try Networks.session(Networks.dense([2, 2], seed: 1))
        #expect(throws: RuntimeError.noReceipt) { try session.proveReceipt() }
    }
}
