import Foundation
import Testing

@testable import Compiler

@Suite("What each pass makes of a small model")
struct PassExampleTests {
    /// `MILLWRIGHT_REGOLD=1 swift test` writes them anew.
    private func golden(_ name: String, _ text: String) throws -> String {
        let url = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Golden/\(name.replacing(" ", with: "-").replacing(",", with: "")).txt")
        if ProcessInfo.processInfo.environment["MILLWRIGHT_REGOLD"] == "1" {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }

    private func expectSame(_ before: Model, _ after: Model) throws {
        try after.check()
        var numbers = SeededNumbers(7)
        for _ in 0..<4 {
            let inputs = randomInputs(before, &numbers)
            #expect(try Evaluator(before).run(inputs) == Evaluator(after).run(inputs))
        }
    }

    @Test("Listing before and after, and the same outputs", arguments: PassExample.all)
    func example(_ example: PassExample) throws {
        let before = try example.make()
        try before.check()
        let pass = try #require(Passes.order.first { $0.name == example.pass })
        var after = before
        let reports = try Passes.run(&after, passes: [pass])
        #expect(reports[0].changes > 0)
        #expect(reports[0].nodesBefore == before.nodes.count && reports[0].nodesAfter == after.nodes.count)
        try expectSame(before, after)
        let text = "\(pass.summary)\n\nbefore\n\(before.listing)\nafter\n\(after.listing)"
        #expect(try golden(example.description, text) == text)
    }

    @Test("Each pass has an example, a name of its own and a sentence")
    func catalogue() {
        #expect(Set(PassExample.all.map(\.pass)) == Set(Passes.order.map { $0.name }))
        #expect(Set(Passes.order.map { $0.name }).count == Passes.order.count)
        for pass in Passes.order { #expect(pass.summary.hasSuffix(".") && pass.summary.count > 20) }
    }

    @Test("A network as a channels-first file has it comes out on integers, with nothing transposed")
    func wholeNetwork() throws {
        var maker = ModelMaker("quantized residual")
        let integers = maker.input([1, 4, 4, 2], .uint8)
        var x = try maker.dequantize(maker.transpose(integers, [0, 3, 1, 2]), 0.5, 128)
        for _ in 0..<2 {
            let weights = try maker.transpose(maker.weights([2, 2, 3, 3], [0.5, 0.25], axis: 0), [0, 2, 3, 1])
            let bias = try maker.dequantize(maker.constant([2], .int32([4, -4])), 0.125)
            let side = try maker(maker.convolution(2, 3, of: 2), maker.transpose(x, [0, 2, 3, 1]), weights, bias)
            let clamped = try maker.clamp(maker.transpose(side, [0, 3, 1, 2]))
            let settled = try maker.dequantize(maker.quantize(clamped, 0.5, 100, .uint8), 0.5, 100)
            let sum = try maker.clamp(maker(Binary(.add), settled, x))
            x = try maker.dequantize(maker.quantize(sum, 0.5, 128, .uint8), 0.5, 128)
        }
        let image = try maker.transpose(x, [0, 2, 3, 1])
        let pooled = try maker.transpose(maker(Pool(.average, kernel: Pair(4, 4)), image), [0, 3, 1, 2])
        x = try maker.dequantize(maker.quantize(pooled, 0.5, 128, .uint8), 0.5, 128)
        let flat = try maker(Reshape(shape: [1, 2]), x)
        let product = try maker(MatrixProduct(), flat, maker.weights([2, 3], [0.5]))
        let sum = try maker(Binary(.add), product, maker.dequantize(maker.constant([3], .int32([1, 2, 3])), 0.25))
        maker.output(try maker.quantize(sum, 1, 128, .uint8))
        let before = maker.model
        var after = before
        try Passes.run(&after)
        try expectSame(before, after)
        #expect(after.floatNodes.isEmpty)
        #expect(!after.nodes.contains { $0.operation is Transpose })
        let text = "before\n\(before.listing)\nafter\n\(after.listing)"
        #expect(try golden("all passes", text) == text)
    }
}
