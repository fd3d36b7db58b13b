@testable import Compiler

/// Random networks whose arithmetic is exact in float32, whatever the order: small whole numbers, scales that are
/// powers of two, and quantizing now and then so that sums stay small.
struct RandomModels {
    private var maker: ModelMaker
    private var numbers: SeededNumbers
    /// Values that a node may go on from, channels last or (behind a transpose) first.
    private var open: [(id: ValueID, isChannelsFirst: Bool)] = []
    private let isQuantized: Bool
    private let type: ElementType

    /// - Parameter isQuantized: whether each operation stands between dequantize and quantize nodes.
    static func model(seed: UInt64, isQuantized: Bool) throws -> Model {
        var maker = RandomModels(seed: seed, isQuantized: isQuantized)
        return try maker.make()
    }

    private init(seed: UInt64, isQuantized: Bool) {
        numbers = SeededNumbers(seed)
        maker = ModelMaker("random \(seed)")
        self.isQuantized = isQuantized
        type = numbers.chance(1, of: 3) ? .uint8 : .int8
    }

    private mutating func make() throws -> Model {
        let shape = [1, numbers.pick(3...6), numbers.pick(3...6), numbers.pick([1, 2, 3, 4])]
        if isQuantized, numbers.chance(1, of: 2) {
            let x = maker.input(shape, type)
            open = [(try maker.dequantize(x, 0.5, zero), false)]
        } else {
            let x = maker.input(shape)
            open = [(isQuantized ? try settle(x) : x, false)]
        }
        for _ in 0..<numbers.pick(3...9) { try step() }
        try finish()
        return maker.model
    }

    private var zero: Int64 { type == .uint8 ? 128 : 0 }

    /// The value quantized and dequantized: to a small range, and exact.
    private mutating func settle(_ x: ValueID) throws -> ValueID {
        let scale: Float = numbers.pick([0.5, 1, 2])
        let zeroPoint = zero + Int64(numbers.pick(-20...20))
        return try maker.dequantize(try maker.quantize(x, scale, zeroPoint, type), scale, zeroPoint)
    }

    private mutating func step() throws {
        let (x, isFirst) = numbers.pick(open)
        guard maker.shape(x).count == 4 else { return }
        // Importers of a channels-first format leave transposes on both sides of each image operation.
        let wantsFirst = numbers.chance(1, of: 2)
        let image = isFirst ? try maker.transpose(x, [0, 2, 3, 1]) : x
        var result: (id: ValueID, isChannelsFirst: Bool)
        switch numbers.pick(0...11) {
        case 0, 1: result = (try convolution(image, groups: 1), false)
        case 2: result = (try convolution(image, groups: maker.shape(image)[3]), false)
        case 3: result = (try pool(image), false)
        case 4: result = (try sum(x, isFirst), isFirst)
        case 5: result = (try joined(x, isFirst), isFirst)
        case 6: result = (try normalization(image), false)
        case 7: result = (try maker.clamp(x, numbers.pick([.relu, .relu6, .reluN1To1])), isFirst)
        case 8: result = (try affine(x, isFirst), isFirst)
        case 9: result = (try piece(x), isFirst)
        case 10: result = (try padded(image), false)
        default: result = (try maker(Unary(numbers.pick([.absolute, .negate, .identity])), x), isFirst)
        }
        if numbers.chance(1, of: 3) { result.id = try maker.clamp(result.id, numbers.pick([.relu, .relu6])) }
        if isQuantized, numbers.chance(5, of: 6) { result.id = try settle(result.id) }
        if wantsFirst, !result.isChannelsFirst {
            result = (try maker.transpose(result.id, [0, 3, 1, 2]), true)
        }
        open.append(result)
        if open.count > 3 { open.removeFirst() }
    }

    private mutating func whole(_ shape: [Int], _ range: ClosedRange<Int> = -2...2) -> [Float] {
        (0..<shape.reduce(1, *)).map { _ in Float(numbers.pick(range)) }
    }

    private mutating func weights(_ shape: [Int], outputAxis: Int) throws -> ValueID {
        guard isQuantized else { return maker.reals(shape, whole(shape)) }
        if numbers.chance(1, of: 2) {
            let scales = (0..<shape[outputAxis]).map { _ in Float(numbers.pick([0.25, 0.5, 1] as [Float])) }
            return try maker.weights(shape, scales, axis: outputAxis)
        }
        return try maker.weights(shape, [0.5], type: type, zeroPoint: zero)
    }

    private mutating func convolution(_ x: ValueID, groups: Int) throws -> ValueID {
        let shape = maker.shape(x)
        var operation = Convolution()
        operation.groups = groups
        operation.strides = Pair(numbers.pick(1...2), numbers.pick(1...2))
        operation.padding = numbers.pick([
            .none, Padding(top: 1, left: 1, bottom: 1, right: 1), Padding(bottom: 1, right: 1),
        ])
        let kernel = Pair(min(numbers.pick(1...3), shape[1]), min(numbers.pick(1...3), shape[2]))
        let out = groups == 1 ? numbers.pick(1...4) : groups * numbers.pick(1...2)
        // As a channels-first file has them, now and then.
        let weights: ValueID
        if numbers.chance(1, of: 2) {
            let first = try self.weights([out, shape[3] / groups, kernel.height, kernel.width], outputAxis: 0)
            weights = try maker.transpose(first, [0, 2, 3, 1])
        } else {
            weights = try self.weights([out, kernel.height, kernel.width, shape[3] / groups], outputAxis: 0)
        }
        // Even, so that the largest product of scales, 2, holds it.
        let bias = numbers.chance(1, of: 2) ? maker.reals([out], whole([out]).map { $0 * 2 }) : nil
        return try maker(operation, x, weights, bias)
    }

    private mutating func pool(_ x: ValueID) throws -> ValueID {
        let shape = maker.shape(x)
        let isMaximum = numbers.chance(1, of: 2)
        // Averages of two or four are exact.
        var operation = Pool(isMaximum ? .maximum : .average, kernel: Pair(min(2, shape[1]), min(2, shape[2])))
        operation.strides = Pair(numbers.pick(1...2), 1)
        if isMaximum, shape[1] > 1, shape[2] > 1 {
            operation.padding = numbers.pick([.none, Padding(bottom: 1, right: 1)])
        }
        return try maker(operation, x)
    }

    private mutating func sum(_ x: ValueID, _ isFirst: Bool) throws -> ValueID {
        let others = open.filter { maker.shape($0.id) == maker.shape(x) && $0.isChannelsFirst == isFirst }
        return try maker(Binary(numbers.pick([.add, .subtract, .maximum])), x, numbers.pick(others).id)
    }

    private mutating func joined(_ x: ValueID, _ isFirst: Bool) throws -> ValueID {
        let others = open.filter { maker.shape($0.id) == maker.shape(x) && $0.isChannelsFirst == isFirst }
        return try maker(Concatenate(axis: isFirst ? 1 : 3), x, numbers.pick(others).id)
    }

    private mutating func normalization(_ x: ValueID) throws -> ValueID {
        let channels = maker.shape(x)[3]
        let scale = maker.reals([channels], whole([channels], 1...2))
        let bias = maker.reals([channels], whole([channels]))
        let mean = maker.reals([channels], whole([channels]))
        // With epsilon 0.5 a variance of 3.5 or 0.5 has the root 2 or 1.
        let variance = maker.reals([channels], (0..<channels).map { _ in numbers.pick([3.5, 0.5] as [Float]) })
        return try maker(BatchNormalization(epsilon: 0.5), x, scale, bias, mean, variance)
    }

    private mutating func affine(_ x: ValueID, _ isFirst: Bool) throws -> ValueID {
        let channels = maker.shape(x)[isFirst ? 1 : 3]
        let shape = numbers.chance(1, of: 3) ? [] : isFirst ? [channels, 1, 1] : [channels]
        let isSum = numbers.chance(1, of: 2)
        let constant = whole(shape, 1...2).map { isSum ? $0 * 2 : $0 }
        return try maker(Binary(isSum ? .add : .multiply), x, maker.reals(shape, constant))
    }

    private mutating func piece(_ x: ValueID) throws -> ValueID {
        let shape = maker.shape(x)
        let sizes = shape.map { numbers.chance(1, of: 3) ? max(1, $0 - 1) : $0 }
        return try maker(Slice(starts: zip(shape, sizes).map { $0 - $1 }, steps: [1, 1, 1, 1], sizes: sizes), x)
    }

    private mutating func padded(_ x: ValueID) throws -> ValueID {
        let padding = Pad(before: [0, 1, 0, 0], after: [0, 0, 1, 0], mode: .constant(0))
        let x = try maker(padding, x)
        return numbers.chance(1, of: 2) ? try convolution(x, groups: 1) : try pool(x)
    }

    private mutating func finish() throws {
        guard let (x, _) = open.last else { return }
        if maker.shape(x).count == 4, numbers.chance(1, of: 2) {
            let flat = try maker(Reshape(shape: [1, maker.model[x].elementCount]), x)
            let count = maker.model[flat].elementCount
            var result = try maker(MatrixProduct(), flat, try weights([count, 3], outputAxis: 1))
            if numbers.chance(1, of: 2) {
                result = try maker(Binary(.add), result, maker.reals([3], whole([3]).map { $0 * 2 }))
            }
            if isQuantized { result = try settle(result) }
            maker.output(result)
        } else if isQuantized, numbers.chance(1, of: 2) {
            maker.output(try maker.quantize(x, 1, zero, type))
        } else {
            maker.output(x)
        }
        if open.count > 1, open[0].id != x { maker.output(open[0].id) }
    }
}
