import CKernels
import Glibc
import Kernels
import Seeded
import Testing

@Suite("depthwise convolution: the same bytes on every instruction set")
struct DepthwiseKernelTests {
    static let isas = DepthwiseKernel.all.filter(\.isSupported).map(\.isa)

    /// A convolution with its operands.
    struct Case: CustomStringConvertible {
        var shape: DepthwiseShape
        var input: [Int8]
        var weights: [Int8]
        var zeroPoints: [Int8]?
        var bias: [Int32]
        var inputZeroPoint: Int32
        var requantization: ConvolutionRequantization
        var tiesUpChannels: Int

        var description: String {
            "\(shape), \(requantization.factors), \(zeroPoints == nil ? "no" : "with") zero points"
        }

        init(_ shape: DepthwiseShape, _ random: inout SplitMix64) {
            self.shape = shape
            let fill = ConvolutionCase.Fill.allCases.randomElement(using: &random) ?? .random
            input = fill.bytes(shape.inputBytes, isWeight: false, &random)
            weights = fill.bytes(shape.taps * shape.channels, isWeight: true, &random)
            let channels = 0..<shape.channels
            switch Int.random(in: 0..<4, using: &random) {
            // With weights of 127 and zero points of -128 differences need a bit more than two bytes can add up to.
            case 0: zeroPoints = channels.map { _ in -128 }
            case 1: zeroPoints = channels.map { _ in Int8.random(in: -128...127, using: &random) }
            default: zeroPoints = nil
            }
            bias = channels.map { _ in Int32.random(in: -1 << 20...1 << 20, using: &random) }
            inputZeroPoint = Int32.random(in: -128...127, using: &random)
            tiesUpChannels = [0, shape.channels / 8 * 8, shape.channels].randomElement(using: &random) ?? 0
            let low = Int32.random(in: -128...127, using: &random)
            requantization = ConvolutionRequantization(
                factors: Self.factors(shape, &random), zeroPoint: Int32.random(in: -128...127, using: &random),
                range: Bool.random(using: &random) ? -128...127 : low...Int32.random(in: low...127, using: &random))
        }

        private static func factors(
            _ shape: DepthwiseShape, _ random: inout SplitMix64
        ) -> ConvolutionRequantization.Factors {
            let channels = 0..<shape.channels
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return .float(scales: channels.map { _ in Float.random(in: 0...0.01, using: &random) })
            case 1: return .float(scales: channels.map { _ in [0, 3e38, 1, 0.002].randomElement(using: &random) ?? 1 })
            case 4, 5:
                let shifts = channels.map { _ in Int32.random(in: -31 ... -16, using: &random) }
                return .integer(
                    multipliers: shifts.map {
                        1 << max(-$0 - Int32.random(in: 6...10, using: &random), 0)
                            | Int32.random(in: 0...1, using: &random)
                    },
                    shifts: shifts, tiesUp: Bool.random(using: &random))
            case let kind:
                return .twoStep(
                    multipliers: channels.map { _ in Int32.random(in: 1 << 30...Int32.max, using: &random) },
                    shifts: channels.map { _ in
                        Int32.random(
                            in: Int.random(in: 0..<9, using: &random) == 0 ? -31...30 : -14 ... -4, using: &random)
                    }, tiesUp: kind == 2)
            }
        }

        /// The formula, on its own: neither packing nor strips.
        var expected: [Int8] {
            var output: [Int8] = []
            for y in 0..<shape.outputRows {
                for x in 0..<shape.outputColumns {
                    for channel in 0..<shape.channels { output.append(requantized(sum(y, x, channel), channel)) }
                }
            }
            return output
        }

        private func sum(_ y: Int, _ x: Int, _ channel: Int) -> Int32 {
            var sum = bias[channel]
            for u in 0..<shape.tapsY {
                for v in 0..<shape.tapsX {
                    let row = y * shape.strideY + u * shape.dilationY - shape.padTop
                    let column = x * shape.strideX + v * shape.dilationX - shape.padLeft
                    guard (0..<shape.inputRows).contains(row), (0..<shape.inputColumns).contains(column) else {
                        continue
                    }
                    let value = Int32(input[(row * shape.inputColumns + column) * shape.channels + channel])
                    let weight = Int32(weights[(u * shape.tapsX + v) * shape.channels + channel])
                    sum &+= (weight - Int32(zeroPoints?[channel] ?? 0)) * (value - inputZeroPoint)
                }
            }
            return sum
        }

        private func requantized(_ sum: Int32, _ channel: Int) -> Int8 {
            var scaled: Double
            switch requantization.factors {
            case .float(let scales): scaled = Double((Float(sum) * scales[channel]).rounded(.toNearestOrEven))
            case .integer(let multipliers, let shifts, let tiesUp):
                let quotient =
                    Double(Int64(sum) * Int64(multipliers[channel]))
                    / Double(sign: .plus, exponent: Int(-shifts[channel]), significand: 1)
                scaled = tiesUp ? (quotient + 0.5).rounded(.down) : quotient.rounded(.toNearestOrAwayFromZero)
            case .twoStep(let multipliers, let shifts, let tiesUp):
                let left = max(shifts[channel], 0), right = max(-shifts[channel], 0)
                let shifted = Int64(Int32(clamping: Int64(sum) << Int64(left)))
                let high = (shifted * Int64(multipliers[channel]) + (1 << 30)) >> 31
                // At most 33 bits and a quotient by a power of two: exact.
                let quotient = Double(high) / Double(sign: .plus, exponent: Int(right), significand: 1)
                let isUp = tiesUp || channel < tiesUpChannels
                scaled = isUp ? (quotient + 0.5).rounded(.down) : quotient.rounded(.toNearestOrAwayFromZero)
            }
            scaled += Double(requantization.zeroPoint)
            let range = requantization.range
            return Int8(min(max(scaled, Double(range.lowerBound)), Double(range.upperBound)))
        }
    }

    static func shape(_ random: inout SplitMix64, channels: Int) -> DepthwiseShape {
        while true {
            func pick(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 1 }
            let taps = (y: pick([1, 2, 3, 3, 3, 5]), x: pick([1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 9]))
            let strides = (y: pick([1, 1, 2, 3]), x: pick([1, 1, 2, 2, 3, 4, 5]))
            let dilations = (y: pick([1, 1, 1, 2, 3]), x: pick([1, 1, 1, 2, 3]))
            let input = (rows: pick([1, 2, 5, 7]), columns: pick([1, 2, 3, 5, 8, 13, 17, 40]))
            let padding = (top: pick([0, 1, 2]), left: pick([0, 1, 1, 2, 5]))
            let rows = input.rows + padding.top + pick([0, 1, 2]) - (taps.y - 1) * dilations.y - 1
            let columns = input.columns + padding.left + pick([0, 1, 3]) - (taps.x - 1) * dilations.x - 1
            guard rows >= 0, columns >= 0 else { continue }
            return DepthwiseShape(
                input: input, output: (rows / strides.y + 1, columns / strides.x + 1), channels: channels, taps: taps,
                strides: strides, dilations: dilations, padding: padding)
        }
    }

    static func run(
        _ made: Case, _ kernel: DepthwiseKernel, _ pages: [GuardedPages], side: GuardedPages.Side, rows: Range<Int>
    ) -> [Int8] {
        let weights = pages[0].place(made.weights, at: side)
        let input = pages[1].place(made.input, at: side)
        let output = pages[2].place([Int8](repeating: 0x5A, count: made.shape.outputBytes), at: side)
        let prepared = PreparedDepthwise(
            made.shape, weights: UnsafeBufferPointer(weights), weightZeroPoints: made.zeroPoints, bias: made.bias,
            inputZeroPoint: made.inputZeroPoint, requantization: made.requantization,
            tiesUpChannels: made.tiesUpChannels, kernel: kernel)
        let whole = (prepared.scratchBytes + 63) / 64 * 64
        let scratch = pages[3].place([Int8](repeating: 0x77, count: whole), at: .end)
        if let from = input.baseAddress, let to = output.baseAddress {
            prepared(from, to, rows: rows, scratch: UnsafeMutableRawBufferPointer(scratch))
        }
        return Array(output)
    }

    @Test(
        "windows, strides, dilations, paddings and channels of every kind, operands touching pages that are not there",
        arguments: isas)
    func allShapes(isa: String) throws {
        let kernel = try #require(DepthwiseKernel.all.first { $0.isa == isa })
        let pages = try (0..<4).map { _ in try GuardedPages(atLeast: 1 << 18) }
        let seed: UInt64 = 20_261_124
        var random = SplitMix64(seed: seed)
        for round in 0..<6 {
            for channels in Array(1...20) + [24, 31, 32, 33, 40, 47, 48, 64, 72, 80, 129, 144] {
                let made = Case(Self.shape(&random, channels: channels), &random)
                let side = GuardedPages.Side.allCases[round % 2]
                let rows = made.shape.outputRows
                let part = round % 3 == 0 ? rows / 2..<rows : 0..<rows
                let output = Self.run(made, kernel, pages, side: side, rows: part)
                let rowBytes = made.shape.outputColumns * channels
                var expected = made.expected
                for index in 0..<part.lowerBound * rowBytes { expected[index] = 0x5A }
                guard output == expected else {
                    Issue.record("\(isa), seed \(seed), round \(round): \(made)")
                    return
                }
            }
        }
    }

    @Test("long rows are cut into tiles and tall images into bands", arguments: isas)
    func tiles(isa: String) throws {
        let kernel = try #require(DepthwiseKernel.all.first { $0.isa == isa })
        let pages = try (0..<4).map { _ in try GuardedPages(atLeast: 1 << 19) }
        var random = SplitMix64(seed: 3)
        for (channels, columns, taps, stride) in [(8, 300, 3, 1), (80, 250, 3, 1), (144, 120, 3, 2), (72, 200, 5, 1)] {
            let pad = taps / 2
            let made = Case(
                DepthwiseShape(
                    input: (9, columns), output: ((8 / stride) + 1, (columns - 1) / stride + 1), channels: channels,
                    taps: (taps, taps), strides: (stride, stride), padding: (pad, pad)), &random)
            let output = Self.run(made, kernel, pages, side: .end, rows: 0..<made.shape.outputRows)
            #expect(output == made.expected, "\(made)")
        }
    }

    @Test("kernels of one table have different names, and scalar runs everywhere")
    func table() {
        #expect(DepthwiseKernel.all.first?.isa == "scalar")
        #expect(Set(DepthwiseKernel.all.map(\.isa)).count == DepthwiseKernel.all.count)
        #expect(KernelSet.best.depthwise.isa == Self.isas.last)
    }

    @Test("shapes that a kernel cannot take are known")
    func invalid() {
        let valid = DepthwiseShape(input: (4, 4), output: (2, 2), channels: 3, taps: (3, 3))
        #expect(valid.isValid)
        for field in [\DepthwiseShape.inputRows, \.outputColumns, \.channels, \.tapsX, \.strideY, \.dilationX] {
            for value in [0, -1, Int.max] {
                var shape = valid
                shape[keyPath: field] = value
                #expect(!shape.isValid)
            }
        }
        var shape = valid
        shape.padLeft = -1
        #expect(!shape.isValid)
    }
}
