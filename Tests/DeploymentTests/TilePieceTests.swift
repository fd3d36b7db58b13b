import Deployment
import Graph
import Profiles
import Testing

@Suite("tiles cover a layer, and their traffic is what is reckoned")
struct TilePieceTests {
    static let shapes = [
        RockchipRuleTests.Shape(height: 17, width: 9, inputs: 40, outputs: 70, kernel: 3, cycles: []),
        RockchipRuleTests.Shape(height: 5, width: 31, inputs: 33, outputs: 129, kernel: 1, cycles: []),
        RockchipRuleTests.Shape(
            height: 12, width: 12, inputs: 80, outputs: 80, kernel: 5, cycles: [], isDepthwise: true),
    ]

    @Test("each output once, each read row within the image, bytes summed up", arguments: shapes)
    func cover(shape: RockchipRuleTests.Shape) throws {
        let made = try Plans.convolution(shape)
        var profile = try Plans.profile("rk3588")
        var orders: Set<Tiling.Order> = []
        for kibibytes in [400, 100, 50, 32, 24] {
            profile.onChipBytes = Fact(value: kibibytes * 1_024, status: .measured, source: "test")
            let layer = Deployment(made.plan, on: profile).layers[0]
            guard case .fits(let tiling) = layer.tiling else { continue }
            orders.insert(tiling.order)
            var seen = [Int](repeating: 0, count: shape.height * shape.width * shape.outputs)
            var traffic = 0
            for piece in layer.pieces {
                for row in piece.isLast ? piece.rows : 0..<0 {
                    for column in piece.columns {
                        for channel in piece.channels {
                            seen[(row * shape.width + column) * shape.outputs + channel] += 1
                        }
                    }
                }
                let reach = shape.kernel / 2
                #expect(piece.inputRows.lowerBound == max(piece.rows.lowerBound - reach, 0))
                #expect(piece.inputRows.upperBound == min(piece.rows.upperBound + reach, shape.height))
                traffic += piece.loadedInputBytes + piece.loadedWeightBytes + piece.outputBytes
            }
            #expect(seen.allSatisfy { $0 == 1 })
            #expect(layer.pieces.count == tiling.tiles)
            #expect(traffic == tiling.trafficBytes)
            #expect(traffic >= layer.estimate.dramBytes)
            if tiling.tiles == 1 { #expect(traffic == layer.estimate.dramBytes) }
        }
        #expect(!orders.isEmpty)
    }

    @Test(
        "the way with the least traffic is taken: small weights stay when the image is large, and the other way round")
    func leastTraffic() throws {
        var profile = try Plans.profile("rk3588")
        profile.onChipBytes = Fact(value: 64 * 1_024, status: .measured, source: "test")
        func tiling(_ shape: RockchipRuleTests.Shape) throws -> Tiling {
            let layer = Deployment(try Plans.convolution(shape).plan, on: profile).layers[0]
            guard case .fits(let tiling) = layer.tiling else { throw Unexpected() }
            return tiling
        }
        // 9 kB of weights, 200 kB of image: everything once but for seams.
        let wide = try tiling(.init(height: 80, width: 80, inputs: 32, outputs: 32, kernel: 3, cycles: []))
        #expect(wide.channels == 32 && wide.tiles > 1)
        #expect(wide.trafficBytes < 80 * 80 * 64 * 14 / 10 + 9 * 32 * 32 + 32 * 8)
        // 4 kB of image, 256 kB of weights: everything once.
        let deep = try tiling(.init(height: 4, width: 2, inputs: 512, outputs: 512, kernel: 1, cycles: []))
        #expect(deep.rows == 4 && deep.channels < 512)
        #expect(deep.trafficBytes == 8 * 1_024 + 512 * 512 + 512 * 8)
    }

    private struct Unexpected: Error {}
}

@Suite("weights in a chip's order")
struct WeightBlocksTests {
    private static func walk(_ words: [String], outputs: Int, inputs: Int, height: Int = 1, width: Int = 1) throws
        -> (bytes: Int, places: [WeightBlocks.Place?])
    {
        let order = try #require(WeightOrder(words: words))
        let blocks = WeightBlocks(order: order, outputs: outputs, inputs: inputs, height: height, width: width)
        var places: [WeightBlocks.Place?] = []
        blocks.forEach { places.append($0) }
        return (blocks.byteCount, places)
    }

    @Test(
        "each weight once, as many bytes as said",
        arguments: [
            ["output/32", "input/32", "height", "width", "output%32:2", "input%32:16"],
            ["input/32", "height", "width", "output/16", "output%16", "input%32"],
            ["output%64", "output/64", "input/64", "height", "width", "input%64"],
            ["output", "height", "width", "input"],
        ])
    func once(words: [String]) throws {
        for (outputs, inputs, height, width) in [(1, 1, 1, 1), (33, 17, 3, 2), (70, 65, 1, 3), (64, 64, 2, 2)] {
            let (bytes, places) = try Self.walk(words, outputs: outputs, inputs: inputs, height: height, width: width)
            #expect(places.count == bytes)
            let real = places.compactMap { $0 }.filter { $0.input < inputs }
            #expect(real.count == outputs * inputs * height * width)
            #expect(Set(real).count == real.count)
            #expect(real.allSatisfy { $0.output < outputs && $0.row < height && $0.column < width })
        }
    }

    @Test("the orders of three makers, by hand")
    func byHand() throws {
        // Rockchip: 3 outputs filled up to 4, 1 input to 16: input within output.
        let rockchip = try Self.walk(
            ["output/32", "input/32", "height", "width", "output%32:2", "input%32:16"], outputs: 3, inputs: 1, width: 2)
        #expect(rockchip.bytes == 2 * 4 * 16)
        #expect(rockchip.places[0] == .init(output: 0, input: 0, row: 0, column: 0))
        #expect(rockchip.places[16] == .init(output: 1, input: 0, row: 0, column: 0))
        #expect(rockchip.places[48] == nil)
        #expect(rockchip.places[64] == .init(output: 0, input: 0, row: 0, column: 1))
        // FRACTAL_Z: 17 outputs in two blocks of 16, 33 inputs in two of 32, outermost.
        let ascend = try Self.walk(
            ["input/32", "height", "width", "output/16", "output%16", "input%32"], outputs: 17, inputs: 33)
        #expect(ascend.bytes == 64 * 32)
        #expect(ascend.places[32] == .init(output: 1, input: 0, row: 0, column: 0))
        #expect(ascend.places[16 * 32] == .init(output: 16, input: 0, row: 0, column: 0))
        #expect(ascend.places[32 * 32] == .init(output: 0, input: 32, row: 0, column: 0))
        // Lanes of four: outputs 0 and 4 lie in the first.
        let lanes = try Self.walk(
            ["output%4", "output/4", "input/2", "height", "width", "input%2"], outputs: 6, inputs: 2)
        #expect(lanes.places.map { $0?.output } == [0, 0, 4, 4, 1, 1, 5, 5, 2, 2, nil, nil, 3, 3, nil, nil])
    }

    @Test("what is no order is refused")
    func refused() {
        for words in [
            ["output", "height", "width"], ["output", "input", "height", "width", "width"],
            ["output/32", "input", "height", "width"], ["output/32", "input", "height", "width", "output%16"],
            ["output/0", "input", "height", "width", "output%0"],
            ["output%4:2", "output/4", "input", "height", "width"],
            ["output/32", "input", "height", "width", "output%32:5"], ["output", "inputs", "height", "width"],
        ] {
            #expect(WeightOrder(words: words) == nil, "\(words)")
        }
    }
}
