import ArgumentParser
import Graph
import TestBench
import Testing

@testable import millwright

@Suite("model verify: a plan's receipt on this machine") struct ModelVerifyTests {
    /// Two inputs, doubled and rounded.
    private static func builder() throws -> PlanBuilder {
        var builder = PlanBuilder(contract: "fp32")
        let input = builder.input(name: "x", shape: [1, 2], quantization: .init(scale: 1, zeroPoint: 0))
        let weights = Weights.Source(elements: [2, 0, 0, 2], scales: [1], bias: [0, 0])
        builder.output(try builder.fullyConnected(input, weights, output: .init(scale: 1, zeroPoint: 0)))
        return builder
    }

    private static func verify(_ receipt: Receipt?) throws {
        var builder = try builder()
        if let receipt { builder.attach(receipt: receipt) }
        let directory = try TempDirectory()
        let path = directory.file("plan.mwplan")
        try OutputFile.write(try builder.encode(), to: path)
        try ModelVerify.parse([path]).run()
    }

    @Test func aPlanWithoutACardIsProved() throws {
        try Self.verify(Self.builder().receipt(goldenInputs: [[1, 2], [0xFF, 100]]))
        try Self.verify(Receipt(cases: [.init(input: [3, 0xFE], output: [6, 0xFC])]))
    }

    @Test func anotherOutputThanTheReceiptSaysIsRefused() {
        #expect {
            try Self.verify(Receipt(cases: [.init(input: [3, 0xFE], output: [6, 0xFD])]))
        } throws: {
            "\($0)".hasPrefix("runtime.receipt_differs: case 0, output byte 1: expected 253, found 252")
        }
    }

    @Test func aPlanWithoutAReceiptProvesNothing() {
        #expect {
            try Self.verify(nil)
        } throws: {
            "\($0)".hasPrefix("runtime.no_receipt")
        }
    }
}
