import CKernels
import Glibc
import Kernels
import Testing

@Suite("fully-connected kernels: the same sums on every instruction set")
struct FullyConnectedKernelTests {
    /// How operands are filled. The extremes are where a 16-bit intermediate would saturate or overflow.
    enum Fill: CaseIterable {
        case random, lowest, highest, opposite, extremes

        func operands(_ weights: Int, _ inputs: Int, _ random: inout SplitMix64) -> (weights: [Int8], input: [Int8]) {
            func some(_ count: Int, _ make: (inout SplitMix64) -> Int8) -> [Int8] {
                var made: [Int8] = []
                made.reserveCapacity(count)
                for _ in 0..<count { made.append(make(&random)) }
                return made
            }
            switch self {
            case .random:
                let make = { (random: inout SplitMix64) in Int8(truncatingIfNeeded: random.next()) }
                return (some(weights, make), some(inputs, make))
            case .lowest: return (Array(repeating: -128, count: weights), Array(repeating: -128, count: inputs))
            case .highest: return (Array(repeating: 127, count: weights), Array(repeating: 127, count: inputs))
            case .opposite: return (Array(repeating: -128, count: weights), Array(repeating: 127, count: inputs))
            case .extremes:
                let make = { (random: inout SplitMix64) in [-128, 127, 0, -1][Int(random.next() >> 62)] as Int8 }
                return (some(weights, make), some(inputs, make))
            }
        }
    }

    static let isas = KernelSet.supported

    static func kernel(_ isa: String) throws -> mw_s8_fully_connected_kernel {
        var count = 0
        let table = try #require(mw_s8_fully_connected_kernels(&count))
        return try #require((0..<count).map { table[$0] }.first { String(cString: $0.isa) == isa })
    }

    /// The formula, on its own: neither the C scalar kernel nor folding.
    static func sums(_ weights: [Int8], _ input: [Int8], zeroPoint: Int32, _ bias: [Int32]) -> [Int32] {
        bias.indices.map { row in
            var sum = bias[row]
            let start = row * input.count
            for column in input.indices {
                sum &+= Int32(weights[start + column]) &* (Int32(input[column]) &- zeroPoint)
            }
            return sum
        }
    }

    @Test("every length 0...300 with 1...9 rows, operands touching pages that are not there", arguments: isas)
    func allShapes(isa: String) throws {
        let kernel = try Self.kernel(isa)
        let run = try #require(kernel.run)
        let pages = try (0..<5).map { _ in try GuardedPages(atLeast: 9 * 300) }
        let seed: UInt64 = 20_261_123
        var random = SplitMix64(seed: seed)
        var compared = 0
        for columns in 0...300 {
            for rows in 1...9 {
                let fill = Fill.allCases[(columns + rows) % Fill.allCases.count]
                let side = GuardedPages.Side.allCases[(columns / 5 + rows) % 2]
                let (weights, input) = fill.operands(rows * columns, columns, &random)
                let bias = (0..<rows).map { _ in Int32(truncatingIfNeeded: random.next()) >> 4 }
                let zeroPoint = Int32(Int8(truncatingIfNeeded: random.next()))

                let w = pages[0].place(weights, at: side)
                let x = pages[1].place(input, at: side)
                let b = pages[2].place(bias, at: side)
                let folded = pages[3].place([Int32](repeating: 0, count: rows), at: side)
                let out = pages[4].place([Int32](repeating: 0x5A5A_5A5A, count: rows), at: side)
                mw_s8_fully_connected_fold(
                    rows, columns, w.baseAddress, zeroPoint, kernel.input_offset, b.baseAddress, folded.baseAddress)
                run(rows, columns, w.baseAddress, x.baseAddress, folded.baseAddress, out.baseAddress)

                let expected = Self.sums(weights, input, zeroPoint: zeroPoint, bias)
                guard Array(out) == expected else {
                    Issue.record("\(isa), seed \(seed): \(rows) x \(columns), \(fill), \(side): \(Array(out))")
                    return
                }
                compared += 1
            }
        }
        #expect(compared == 301 * 9)
    }

    @Test("every way to fill at lengths around each vector width", arguments: isas)
    func allFills(isa: String) throws {
        let kernel = try #require(FullyConnectedKernel.all.first { $0.isa == isa })
        var random = SplitMix64(seed: 7)
        for columns in [1, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 640] {
            for rows in [1, 3, 4, 5, 7, 8, 9, 17] {
                for fill in Fill.allCases {
                    let (weights, input) = fill.operands(rows * columns, columns, &random)
                    let bias = (0..<rows).map { _ in Int32(truncatingIfNeeded: random.next()) >> 4 }
                    for zeroPoint: Int32 in [-128, 0, 127] {
                        let sums = Self.run(kernel, weights, input, zeroPoint: zeroPoint, bias)
                        let expected = Self.sums(weights, input, zeroPoint: zeroPoint, bias)
                        #expect(sums == expected, "\(rows) x \(columns), \(fill), zero point \(zeroPoint)")
                    }
                }
            }
        }
    }

    @Test("no sum overflows at the longest row", arguments: isas)
    func longest(isa: String) throws {
        let kernel = try #require(FullyConnectedKernel.all.first { $0.isa == isa })
        let columns = FullyConnectedKernel.maximumColumns
        for (weight, value, zeroPoint): (Int8, Int8, Int32) in [
            (-128, -128, 0), (-128, 127, 0), (127, 127, 0), (-128, 127, -127), (127, -128, 127),
        ] {
            let sums = Self.run(
                kernel, Array(repeating: weight, count: columns), Array(repeating: value, count: columns),
                zeroPoint: zeroPoint, [0])
            let expected = Int64(columns) * Int64(weight) * (Int64(value) - Int64(zeroPoint))
            #expect(Int64(sums[0]) == expected, "\(weight) * (\(value) - \(zeroPoint))")
        }
    }

    static func run(
        _ kernel: FullyConnectedKernel, _ weights: [Int8], _ input: [Int8], zeroPoint: Int32, _ bias: [Int32]
    ) -> [Int32] {
        var folded = [Int32](repeating: 0, count: bias.count)
        var sums = folded
        weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { bias in
                folded.withUnsafeMutableBufferPointer {
                    kernel.fold(weights: weights, inputZeroPoint: zeroPoint, bias: bias, into: $0)
                }
            }
            input.withUnsafeBufferPointer { input in
                folded.withUnsafeBufferPointer { folded in
                    sums.withUnsafeMutableBufferPointer {
                        kernel(weights: weights, input: input, foldedBias: folded, sums: $0)
                    }
                }
            }
        }
        return sums
    }

    @Test("the guard pages bite: one byte too far ends the process")
    func guardsBite() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) {
            let pages = try GuardedPages(atLeast: 1)
            let placed = pages.place([Int8](repeating: 1, count: 5), at: .end)
            let beyond = try #require(placed.baseAddress) + 5
            #expect(beyond.pointee == 0)
        }
    }
}
