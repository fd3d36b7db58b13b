import Testing

@testable import Compiler

/// Operations with any attributes on operands of any shape, as a hostile file may have them.
@Suite("Whatever a shape rule accepts, the arithmetic computes in that shape; all else is refused")
struct RandomOperationTests {
    private struct Dice {
        private var state: UInt64
        init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

        mutating func roll(_ range: ClosedRange<Int>) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + Int(state >> 33) % range.count
        }
        mutating func flip() -> Bool { roll(0...1) == 1 }
        /// Mostly small, now and then absurd.
        mutating func number(_ range: ClosedRange<Int> = 0...3) -> Int {
            let absurd = [-1, 0, .max, .min, 1 << 27, 1 << 28, 1 << 32, -(1 << 28)]
            return roll(0...39) == 0 ? absurd[roll(0...absurd.count - 1)] : roll(range)
        }
        mutating func numbers(_ count: Int, _ range: ClosedRange<Int> = 0...3) -> [Int] {
            (0..<count).map { _ in number(range) }
        }
        mutating func shape(_ rank: Int) -> [Int] { (0..<rank).map { _ in roll(0...20) == 0 ? 0 : roll(1...4) } }
        mutating func pick<Element>(_ list: [Element]) -> Element { list[roll(0...list.count - 1)] }

        mutating func tensor(_ shape: [Int], _ type: ElementType) -> TensorData {
            let integers = (0..<shape.reduce(1, *)).map { _ in Int64(roll(-5...5)) }
            return TensorData(shape: shape, Elements(type, wrapping: integers))
        }
        mutating func pair() -> Pair { Pair(number(1...2), number(1...2)) }
        mutating func padding() -> Padding {
            Padding(top: number(0...2), left: number(0...2), bottom: number(0...2), right: number(0...2))
        }
        mutating func type() -> ElementType { roll(0...2) > 0 ? .float32 : pick(ElementType.allCases) }
    }

    private typealias Draw = (operation: any Operation, inputs: [TensorData?])

    private static func window(_ dice: inout Dice) -> Draw {
        let image = dice.shape(4)
        if dice.flip() {
            var pool = Pool(dice.flip() ? .maximum : .average, kernel: dice.pair())
            (pool.strides, pool.dilations, pool.padding) = (dice.pair(), dice.pair(), dice.padding())
            pool.countsPadding = dice.flip()
            return (pool, [dice.tensor(image, dice.type())])
        }
        let groups = dice.pick([1, 1, max(image[3], 1), dice.number(0...2)])
        let outputs = dice.flip() ? image[3] : dice.roll(1...4)
        let depth = groups > 0 && dice.roll(0...9) > 0 ? image[3] / groups : dice.roll(0...4)
        let type = dice.type()
        let weights = dice.tensor([outputs, dice.roll(0...2), dice.roll(1...2), depth], type)
        let bias = dice.flip() ? dice.tensor([outputs], type) : nil
        let inputs = [dice.tensor(image, type), weights, bias]
        if dice.flip() {
            var operation = Convolution()
            (operation.strides, operation.dilations) = (dice.pair(), dice.pair())
            (operation.padding, operation.groups) = (dice.padding(), groups)
            return (operation, inputs)
        }
        var operation = TransposedConvolution()
        (operation.strides, operation.dilations) = (dice.pair(), dice.pair())
        (operation.padding, operation.groups) = (dice.padding(), groups)
        operation.outputPadding = Pair(dice.number(0...1), dice.number(0...1))
        return (operation, inputs)
    }

    private static func movement(_ dice: inout Dice) -> Draw {
        let rank = dice.roll(0...4)
        let x = dice.tensor(dice.shape(rank), dice.type())
        let axis = dice.number(0...3)
        switch dice.roll(0...8) {
        case 0: return (Transpose(permutation: dice.flip() ? (0..<rank).reversed() : dice.numbers(rank)), [x])
        case 1:
            let (starts, steps) = (dice.numbers(rank), dice.numbers(rank, -2...2))
            return (Slice(starts: starts, steps: steps, sizes: dice.numbers(rank, 0...2)), [x])
        case 2:
            let mode = dice.pick([Pad.Mode.constant(3), .reflect, .symmetric, .edge, .wrap])
            return (Pad(before: dice.numbers(rank, -1...3), after: dice.numbers(rank, -1...3), mode: mode), [x])
        case 3: return (Split(axis: axis, sizes: dice.numbers(dice.roll(0...3), 0...2)), [x])
        case 4: return (Tile(repeats: dice.numbers(rank, 0...2)), [x])
        case 5: return (Broadcast(shape: dice.numbers(dice.roll(0...4), 1...3)), [x])
        case 6: return (Reshape(shape: dice.flip() ? [x.elements.count] : dice.numbers(rank, 1...4)), [x])
        case 7:
            let picks = dice.tensor(dice.shape(dice.roll(0...1)), dice.roll(0...9) > 0 ? .int64 : .float32)
            return (Gather(axis: axis), [x, picks])
        default:
            var other = x.shape
            if let last = other.indices.last { other[last] = dice.roll(0...3) }
            return (Concatenate(axis: axis), [x, dice.tensor(other, dice.flip() ? x.type : dice.type())])
        }
    }

    private static func reduction(_ dice: inout Dice) -> Draw {
        let x = dice.tensor(dice.shape(dice.roll(0...4)), dice.type())
        let axis = dice.number(0...3)
        switch dice.roll(0...4) {
        case 0:
            var find = ArgumentReduce(isMaximum: dice.flip(), axis: axis, keepsDimensions: dice.flip())
            find.resultType = dice.pick([.int64, .int32, .int8])
            return (find, [x])
        case 1: return (CumulativeSum(axis: axis), [x])
        case 2: return (Softmax(axis: axis), [x])
        case 3: return (L2Normalization(axis: axis), [x])
        default:
            let axes = dice.numbers(dice.roll(0...2)).sorted()
            return (Reduce(dice.pick(Reduce.Function.allCases), axes: axes, keepsDimensions: dice.flip()), [x])
        }
    }

    private static func arithmetic(_ dice: inout Dice) -> Draw {
        let (shape, type) = (dice.shape(dice.roll(0...3)), dice.type())
        let other = dice.flip() ? Array(shape.dropFirst()) : dice.shape(dice.roll(0...3))
        let (a, b) = (dice.tensor(shape, type), dice.tensor(other, dice.roll(0...9) > 0 ? type : dice.type()))
        switch dice.roll(0...6) {
        case 0: return (Select(), [dice.tensor(dice.flip() ? shape : other, .bool), a, b])
        case 1: return (PRelu(), [a, b])
        case 2: return (Cast(to: dice.pick(ElementType.allCases)), [a])
        case 3: return (Unary(dice.pick([.negate, .exp, .not, .clamp(.relu6), .round, .isNaN, .square])), [a])
        case 4:
            var product = MatrixProduct()
            (product.transposesA, product.transposesB) = (dice.flip(), dice.flip())
            return (product, [a, b, dice.flip() ? dice.tensor(dice.shape(1), type) : nil])
        default: return (Binary(dice.pick(Binary.Function.allCases)), [a, b])
        }
    }

    private static func quantization(_ dice: inout Dice) -> Draw {
        let shape = dice.shape(dice.roll(0...3))
        let axis = dice.flip() ? dice.number(0...2) : nil
        let count = axis.map { shape.indices.contains($0) ? [shape[$0]] : [1] } ?? []
        let type = dice.pick(ElementType.allCases)
        let scale = dice.tensor(count, .float32)
        let zeroPoint = dice.flip() ? dice.tensor(count, type) : nil
        if dice.flip() { return (Quantize(to: type, axis: axis), [dice.tensor(shape, .float32), scale, zeroPoint]) }
        return (Dequantize(axis: axis), [dice.tensor(shape, type), scale, zeroPoint])
    }

    private static func resize(_ dice: inout Dice) -> Draw {
        let coordinates: [Resize.Coordinates] = [
            .asymmetric, .halfPixel, .pytorchHalfPixel, .alignCorners, .halfPixelSymmetric,
        ]
        var operation = Resize(
            dice.flip() ? .nearest : .bilinear, size: Pair(dice.number(1...5), dice.number(1...5)),
            coordinates: dice.pick(coordinates))
        operation.rounding = dice.pick([.floor, .ceil, .halfDown, .halfUp])
        operation.scaleWidth = dice.pick([nil, 0.5, 3, -1, .nan, .infinity, 1e-38, 1e38])
        return (operation, [dice.tensor(dice.shape(4), dice.type())])
    }

    @Test("Windows, movement, reductions, arithmetic, quantization, resizing", arguments: 0..<6)
    func acceptedIsComputed(kind: Int) throws {
        let draw = [
            Self.window, Self.movement, Self.reduction, Self.arithmetic, Self.quantization, Self.resize,
        ][kind]
        var accepted: [String: Int] = [:]
        var refused = 0
        for seed in 0..<UInt64(4000) {
            var dice = Dice(seed: seed)
            let (operation, inputs) = draw(&dice)
            // The rule has to stand without the elements too, as importers ask it.
            let operands = inputs.map { $0.map { Operand(type: $0.type, shape: $0.shape) } }
            guard let declared = try? operation.outputs(for: operands) else {
                refused += 1
                #expect(throws: ModelError.self) { try operation.evaluate(inputs) }
                continue
            }
            if declared.contains(where: { $0.shape.reduce(1, *) > 100_000 }) { continue }
            do {
                let results = try operation.evaluate(inputs)
                #expect(results.map(\.shape) == declared.map(\.shape), "seed \(seed): \(operation)")
                #expect(results.map(\.type) == declared.map(\.type), "seed \(seed): \(operation)")
                accepted[type(of: operation).name, default: 0] += 1
            } catch {
                // What depends on elements: indices beyond the end, scales that are none.
                #expect(operation is Gather || operation.readsBareIntegers, "seed \(seed): \(operation) \(error)")
            }
        }
        #expect(refused > 100, "the dice make what does not fit")
        #expect(!accepted.isEmpty && accepted.values.allSatisfy { $0 > 20 }, "\(accepted)")
    }
}
