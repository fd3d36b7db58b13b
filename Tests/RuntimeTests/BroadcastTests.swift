import Graph
import Kernels
import Runtime
import Seeded
import Testing

/// Operators of two tensors whose shapes differ, each dimension the result's, or 1 on either side.
@Suite struct BroadcastTests {
    /// What is done with two operands.
    enum Operation: CaseIterable {
        case sum, sumOfUnsigned, difference, differenceOfUnsigned, product, productOfUnsigned, maximum, minimum

        func append(_ a: TensorID, _ b: TensorID, _ output: Quantization, to builder: inout PlanBuilder) throws
            -> TensorID
        {
            switch self {
            case .sum: try builder.addition(a, b, output: output)
            case .sumOfUnsigned: try builder.addition(a, b, isUnsigned: true, output: output)
            case .difference: try builder.addition(a, b, subtracts: true, output: output)
            case .differenceOfUnsigned:
                try builder.addition(a, b, subtracts: true, isUnsigned: true, output: output)
            case .product: try builder.multiplication(a, b, output: output, clamp: -110...120)
            case .productOfUnsigned: try builder.multiplication(a, b, isUnsigned: true, output: output)
            case .maximum: try builder.extremum(a, b, isMaximum: true)
            case .minimum: try builder.extremum(a, b, isMaximum: false)
            }
        }
    }

    private static func check(
        _ operation: Operation, _ contract: String, _ a: [Int], _ b: [Int], _ random: inout SplitMix64
    ) throws {
        var builder = PlanBuilder(contract: contract)
        let unit = Quantization(scale: 0.07, zeroPoint: .random(in: -128...127, using: &random))
        var other = Quantization(scale: 0.031, zeroPoint: .random(in: -128...127, using: &random))
        if [.maximum, .minimum].contains(operation) { other = unit }
        let left = builder.input(name: "a", shape: a, quantization: unit)
        let right = builder.input(name: "b", shape: b, quantization: other)
        builder.output(
            try operation.append(left, right, Quantization(scale: 0.11, zeroPoint: -7), to: &builder))
        let memory = PlanMemory(copying: try builder.encode())
        let plan = try Plan(bytes: memory.bytes)
        try OperatorTests.check(
            plan, memory, Array(OperatorTests.inputs(plan, &random).prefix(1)), "\(a) and \(b)")
    }

    @Test(arguments: Operation.allCases, Contracts.all.map { $0.name })
    func anyDimensionMayRepeatOnEitherSide(_ operation: Operation, contract: String) throws {
        var random = SplitMix64(seed: 3)
        // Long enough for a contract's blocks of 16 and what is left of them.
        let shape = [2, 3, 19]
        for combination in 0..<27 {
            let ways = [combination / 9, combination / 3 % 3, combination % 3]
            let a = zip(shape, ways).map { $1 == 1 ? 1 : $0 }
            let b = zip(shape, ways).map { $1 == 2 ? 1 : $0 }
            try Self.check(operation, contract, a, b, &random)
        }
    }

    @Test(arguments: Operation.allCases, Contracts.all.map { $0.name })
    func ranksAndSizesOfAllKinds(_ operation: Operation, contract: String) throws {
        var random = SplitMix64(seed: 4)
        let shapes: [([Int], [Int])] = [
            ([37], [2, 3, 37]), ([4, 5, 3], [3]), ([1], [1]), ([1, 1], [7, 1]), ([2, 1, 1], [1, 3, 1]),
            ([1, 2, 1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 1, 2, 1]), ([5, 1, 4, 6], [1, 3, 4, 6]), ([64], [3, 1]),
            // Longer than what is written out of a repeated number at a time.
            ([1], [5_000]), ([2, 1], [2, 4_097]), ([4_500], [1]),
        ]
        for (a, b) in shapes { try Self.check(operation, contract, a, b, &random) }
    }

    /// A scale for each channel of an image, in the order in which exporters write it: the small operand first.
    @Test(arguments: Contracts.all.map { $0.name }) func channelsOfAnImage(contract: String) throws {
        var random = SplitMix64(seed: 5)
        for (a, b) in [
            ([1, 1, 1, 24], [1, 6, 7, 24]), ([2, 6, 7, 5], [2, 1, 1, 5]), ([1, 6, 7, 1], [1, 6, 7, 24]),
        ] {
            for operation in Operation.allCases { try Self.check(operation, contract, a, b, &random) }
        }
    }
}
