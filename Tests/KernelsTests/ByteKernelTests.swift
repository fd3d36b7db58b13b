import CKernels
import Kernels
import Seeded
import Testing

/// Operands lie beside pages that may not be touched, at their start or at their end, so that a kernel which reads or
/// writes one byte too many ends the process. What the bytes are is compared with the scalar kernels here, and with the
/// reference arithmetic in the tests of Runtime.
@Suite("kernels without weights: within their operands, and the same bytes on every instruction set")
struct ByteKernelTests {
    private let operands: [GuardedPages]
    private let scalar: KernelSet

    init() throws {
        operands = try (0..<3).map { _ in try GuardedPages(atLeast: 1 << 16) }
        scalar = try KernelSet(isa: "scalar")
    }

    private static func bytes(_ count: Int, _ random: inout SplitMix64) -> [Int8] {
        (0..<count).map { _ in .random(in: -128...127, using: &random) }
    }

    /// What `run` leaves in an output of `count` elements, its operands and output at one side of their pages.
    private func output<Element: BitwiseCopyable, Input: BitwiseCopyable>(
        _ count: Int, _ filling: Element, _ a: [Input], _ b: [Int8] = [], at side: GuardedPages.Side,
        _ run: (UnsafeMutableBufferPointer<Input>, UnsafeMutableBufferPointer<Int8>, UnsafeMutablePointer<Element>)
            throws
            -> Void
    ) throws -> [Element] {
        let to = operands[2].place([Element](repeating: filling, count: count), at: side)
        try run(operands[0].place(a, at: side), operands[1].place(b, at: side), #require(to.baseAddress))
        return Array(to)
    }

    // MARK: two operands

    private static func scaling(_ random: inout SplitMix64) -> PairKernel.Scaling {
        PairKernel.Scaling(
            left: .random(in: 0...20, using: &random), multiplier: .random(in: 1 << 30...Int32.max, using: &random),
            right: .random(in: 0...24, using: &random),
            rounding: [.away, .up, .floor].randomElement(using: &random) ?? .away)
    }

    private static func pair(_ which: Int, _ kernels: ByteKernels, seed: UInt64) -> PairKernel {
        var random = SplitMix64(seed: seed)
        let zeros = PairKernel.Zeros(
            a: .random(in: -128...127, using: &random), b: .random(in: -128...127, using: &random),
            output: .random(in: -128...127, using: &random))
        let range = Int32.random(in: -128...0, using: &random)...Int32.random(in: 1...127, using: &random)
        let subtracts = Bool.random(using: &random)
        let origin: Int32 = Bool.random(using: &random) ? 128 : 0
        let addition: PairKernel.Addition
        switch which {
        case 0: return PairKernel(isMaximum: subtracts, kernels: kernels)
        case 1: return PairKernel(.fixedPoint(scaling(&random)), zeros, range: range, kernels: kernels)
        case 2: return PairKernel(.float(scale: 0.013), zeros, range: range, kernels: kernels)
        case 3:
            return PairKernel(.zeroPointFirst(scale: 0.011, origin: origin), zeros, range: range, kernels: kernels)
        case 4:
            addition = .oneShift(
                a: .random(in: 0...1 << 21, using: &random), b: .random(in: 0...1 << 21, using: &random),
                shift: .random(in: 13...22, using: &random))
        case 5:
            let (a, b) = (scaling(&random), scaling(&random))
            addition = .twoStep(a: a, b: b, sum: scaling(&random))
        case 6: addition = .realNumbers(a: 0.71, b: 0.5)
        case 7:
            addition = .separate(
                a: .init(multiplier: .random(in: 0...127, using: &random), shift: .random(in: 0...9, using: &random)),
                b: .init(multiplier: 64, shift: .random(in: 0...9, using: &random)))
        default: addition = .float(a: 0.71, b: subtracts ? -1.3 : 1.3, offset: 2.25, origin: origin)
        }
        return PairKernel(addition, zeros, subtracts: subtracts, range: range, kernels: kernels)
    }

    @Test(arguments: KernelSet.supported) func operatorsOfTwoTensors(isa: String) throws {
        let kernels = try KernelSet(isa: isa).bytes
        var random = SplitMix64(seed: 11)
        for number in 0..<1_800 {
            let (rows, columns) = (Int.random(in: 1...4, using: &random), Int.random(in: 1...150, using: &random))
            let columnStep = Int.random(in: 0...1, using: &random)
            let shape = PairKernel.Operands(
                rows: rows, columns: columns,
                rowStep: Bool.random(using: &random) ? 0 : columnStep == 1 ? columns : 1, columnStep: columnStep)
            let a = Self.bytes(rows * columns, &random)
            let b = Self.bytes((rows - 1) * shape.rowStep + (columnStep == 1 ? columns : 1), &random)
            let seed = random.next()
            func result(_ kernels: ByteKernels, _ side: GuardedPages.Side, isSwapped: Bool = false) throws -> [Int8] {
                let kernel = Self.pair(number % 9, kernels, seed: seed)
                return try output(rows * columns, Int8(0x5A), a, b, at: side) { a, b, to in
                    guard isSwapped else {
                        return kernel(shape, try #require(a.baseAddress), try #require(b.baseAddress), to)
                    }
                    let swapped = try #require(kernel.swapped)
                    swapped(shape, try #require(b.baseAddress), try #require(a.baseAddress), to)
                }
            }
            let expected = try result(scalar.bytes, .start)
            for side in GuardedPages.Side.allCases {
                #expect(try result(kernels, side) == expected, "\(isa), kind \(number % 9), \(shape)")
                // Only a dense operand may come first.
                guard number % 9 != 8, rows == 1 || shape.rowStep == columns, columnStep == 1 else { continue }
                #expect(try result(kernels, side, isSwapped: true) == expected, "\(isa), kind \(number % 9) swapped")
            }
        }
    }

    @Test("a sum in floats is rounded in the order of its operands, and has no other")
    func notSwapped() {
        #expect(Self.pair(8, scalar.bytes, seed: 1).swapped == nil)
    }

    // MARK: doors

    @Test(arguments: KernelSet.supported) func quantizing(isa: String) throws {
        let kernels = try KernelSet(isa: isa).bytes
        var random = SplitMix64(seed: 12)
        let special: [Float] = [
            .nan, .infinity, -.infinity, 0.5, 1.5, -0.5, -2.5, 3e38, -3e38, .leastNonzeroMagnitude, -0.0, 126.5, 128,
        ]
        for count in 1..<120 {
            let zeroPoint = Int32.random(in: -128...127, using: &random)
            let values = (0..<count).map { _ in
                Bool.random(using: &random)
                    ? special.randomElement(using: &random) ?? 0 : .random(in: -90...90, using: &random)
            }
            for how in [ByteKernels.Quantizing.divide(scale: 0.5), .multiply(inverse: 1), .divide(scale: 0.37)] {
                let expected = values.map { value -> Int8 in
                    let steps =
                        switch how {
                        case .multiply(let inverse): (value * inverse).rounded(.toNearestOrEven)
                        case .divide(let scale): (value / scale).rounded(.toNearestOrEven)
                        }
                    return steps.isNaN ? -128 : Int8(clamping: Int32(min(max(steps, -999), 999)) + zeroPoint)
                }
                for side in GuardedPages.Side.allCases {
                    let found = try output(count, Int8(0x5A), values, at: side) { from, _, to in
                        kernels.quantize(how, zeroPoint: zeroPoint, try #require(from.baseAddress), to, count: count)
                    }
                    #expect(found == expected, "\(isa), \(count) of \(how)")
                }
            }
        }
    }

    @Test(arguments: KernelSet.supported) func dequantizing(isa: String) throws {
        let kernels = try KernelSet(isa: isa).bytes
        var random = SplitMix64(seed: 13)
        for count in 1..<120 {
            let values = Self.bytes(count, &random)
            let zeroPoint = Int32.random(in: -128...128, using: &random)
            for offset in [0, -7.3] as [Float] {
                for side in GuardedPages.Side.allCases {
                    let found = try output(count, Float(0), values, at: side) { from, _, to in
                        kernels.dequantize(
                            zeroPoint: zeroPoint, scale: 0.37, offset: offset, try #require(from.baseAddress), to,
                            count: count)
                    }
                    #expect(found == values.map { Float(Int32($0) - zeroPoint) * 0.37 + offset }, "\(isa), \(count)")
                }
            }
        }
    }

    // MARK: images and matrices

    @Test(arguments: KernelSet.supported) func resizing(isa: String) throws {
        let kernels = try KernelSet(isa: isa).bytes
        var random = SplitMix64(seed: 14)
        func axis(_ count: Int, of size: Int, _ unit: Int, _ random: inout SplitMix64) -> PreparedResize.Axis {
            PreparedResize.Axis(
                low: (0..<count).map { _ in .random(in: 0..<Int32(size), using: &random) },
                high: (0..<count).map { _ in .random(in: 0..<Int32(size), using: &random) },
                fraction: (0..<count).map { _ in Float(Int.random(in: 0...unit, using: &random)) / Float(unit) })
        }
        for number in 0..<400 {
            let kind = [PreparedResize.Kind.nearest, .shifted, .divided, .float][number % 4]
            let unit = kind == .shifted ? 2_048 : kind == .divided ? 1_024 : 1_000
            let size = (rows: Int.random(in: 1...5, using: &random), columns: Int.random(in: 1...5, using: &random))
            let channels = Int.random(in: 1...70, using: &random)
            let rows = axis(.random(in: 1...6, using: &random), of: size.rows, unit, &random)
            let columns = axis(.random(in: 1...6, using: &random), of: size.columns, unit, &random)
            let image = Self.bytes(size.rows * size.columns * channels, &random)
            func result(_ kernels: ByteKernels, _ side: GuardedPages.Side) throws -> [Int8] {
                let resize = PreparedResize(
                    kind, input: size, channels: channels, rows: rows, columns: columns, kernels: kernels)
                let count = rows.low.count
                return try output(count * columns.low.count * channels, Int8(0x5A), image, at: side) { from, _, to in
                    for part in [count / 2..<count, 0..<count / 2] {
                        resize(try #require(from.baseAddress), to, rows: part)
                    }
                }
            }
            let expected = try result(scalar.bytes, .start)
            for side in GuardedPages.Side.allCases {
                #expect(try result(kernels, side) == expected, "\(isa), \(kind), \(size), \(channels) channels")
            }
        }
    }

    @Test(arguments: KernelSet.supported) func productsOfMatrices(isa: String) throws {
        let kernel = try KernelSet(isa: isa).convolution
        var random = SplitMix64(seed: 15)
        for number in 0..<200 {
            let (rows, depth) = (Int.random(in: 1...9, using: &random), Int.random(in: 1...40, using: &random))
            let columns = Int.random(in: 1...(number % 5 == 0 ? 200 : 40), using: &random)
            let isRightRowMajor = Bool.random(using: &random)
            let zeros: (a: Int32, b: Int32) = (
                .random(in: -128...127, using: &random), number % 3 == 0 ? 0 : .random(in: -128...127, using: &random)
            )
            let (a, b) = (Self.bytes(rows * depth, &random), Self.bytes(depth * columns, &random))
            let product = PreparedMatrixProduct(
                rows: rows, columns: columns, depth: depth, isRightRowMajor: isRightRowMajor, zeroPoints: zeros,
                requantization: ConvolutionRequantization(
                    factors: .float(scales: [0.002]), zeroPoint: -3, range: -120...127), kernel: kernel)
            let expected = (0..<rows * columns).map { place -> Int8 in
                let (row, column) = place.quotientAndRemainder(dividingBy: columns)
                let sum = (0..<depth).reduce(Int32(0)) { sum, k in
                    let right = Int32(b[isRightRowMajor ? k * columns + column : column * depth + k])
                    return sum + (Int32(a[row * depth + k]) - zeros.a) * (right - zeros.b)
                }
                return Int8(min(max(Int32((Float(sum) * 0.002).rounded(.toNearestOrEven)) - 3, -120), 127))
            }
            let scratch = UnsafeMutableRawBufferPointer.allocate(
                byteCount: product.scratchBytes, alignment: PreparedMatrixProduct.scratchAlignment)
            defer { scratch.deallocate() }
            scratch.initializeMemory(as: UInt8.self, repeating: 0xA5)
            for side in GuardedPages.Side.allCases {
                // Up to 3 bytes behind the left side are read.
                let found = try output(rows * columns, Int8(0x5A), a + [1, 2, 3], b, at: side) { a, b, to in
                    for panel in (0..<product.panels).reversed() {
                        product(
                            try #require(a.baseAddress), try #require(b.baseAddress), to, panels: panel..<panel + 1,
                            scratch: scratch)
                    }
                }
                #expect(found == expected, "\(isa), \(rows) x \(depth) x \(columns), \(isRightRowMajor)")
            }
        }
    }

    @Test("a matrix is packed as weights are, from rows and from columns")
    func packing() throws {
        var random = SplitMix64(seed: 17)
        for (channels, length) in [(1, 1), (16, 4), (17, 5), (40, 3), (64, 16), (33, 31)] {
            let rows = Self.bytes(channels * length, &random)
            let columns = (0..<rows.count).map { rows[$0 % channels * length + $0 / channels] }
            let expected = ConvolutionKernel.pack(rows, channels: channels, segments: 1, segmentLength: length)
            for side in GuardedPages.Side.allCases {
                let fromRows = try output(expected.count, Int8(0x5A), rows, at: side) { from, _, to in
                    mw_s8_pack_matrix(channels, length, length, 1, try #require(from.baseAddress), to)
                }
                let fromColumns = try output(expected.count, Int8(0x5A), columns, at: side) { from, _, to in
                    mw_s8_pack_matrix(channels, length, 1, channels, try #require(from.baseAddress), to)
                }
                #expect(fromRows == expected && fromColumns == expected, "\(channels) x \(length)")
            }
        }
    }

    @Test func stridedViews() throws {
        var random = SplitMix64(seed: 16)
        for _ in 0..<1_000 {
            let rank = Int.random(in: 1...4, using: &random)
            let shape = (0..<rank).map { _ in Int.random(in: 1...[200, 50, 20, 11][rank - 1], using: &random) }
            let source = Self.bytes(shape.reduce(1, *), &random)
            let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
            let order = shape.indices.shuffled(using: &random)
            let backwards = shape.map { _ in Int.random(in: 0...3, using: &random) == 0 }
            let start = shape.indices.reduce(0) { $0 + (backwards[$1] ? (shape[$1] - 1) * strides[$1] : 0) }
            let view = ByteView(
                shape: order.map { shape[$0] }, steps: order.map { backwards[$0] ? -strides[$0] : strides[$0] })
            #expect(view.count * view.rowBytes == source.count)
            let expected = source.indices.map { place -> Int8 in
                var (rest, offset) = (place, start)
                for axis in order.reversed() {
                    offset += rest % shape[axis] * (backwards[axis] ? -strides[axis] : strides[axis])
                    rest /= shape[axis]
                }
                return source[offset]
            }
            for side in GuardedPages.Side.allCases {
                let found = try output(source.count, Int8(0x5A), source, at: side) { from, _, to in
                    let cut = Int.random(in: 0...view.count, using: &random)
                    for part in [cut..<view.count, 0..<cut] {
                        view.copy(try #require(from.baseAddress) + start, to, rows: part)
                    }
                }
                #expect(found == expected, "\(shape) in the order \(order)")
            }
        }
    }
}
