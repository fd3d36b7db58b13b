import Graph
import Seeded
import Testing

/// Operators of one tensor: functions of its elements, and what moves them.
extension OperatorCase {
    private static func input(_ builder: inout PlanBuilder, _ random: inout SplitMix64, _ shape: [Int]) -> TensorID {
        builder.input(name: "x", shape: shape, quantization: quantization(&random))
    }

    private static func argument(
        _ name: String, _ shape: [Int], axis: Int, isMinimum: Bool = false, takesLast: Bool = false
    ) -> OperatorCase {
        OperatorCase(name: "argument of \(name)") { builder, random in
            let x = input(&builder, &random, shape)
            // Few different numbers, so that there are equal ones.
            let coarse = try builder.lookup(
                x, table: (0..<256).map { Int8($0 / 64 * 40 - 64) }, output: quantization(&random))
            return try builder.argumentMaximum(coarse, axis: axis, isMinimum: isMinimum, takesLast: takesLast)
        }
    }

    private static func doors(_ count: Int) -> OperatorCase {
        OperatorCase(name: "\(count) real numbers at both doors") { builder, random in
            let x = builder.input(name: "x", type: .float32, shape: [1, count], quantization: .identity)
            return try builder.dequantize(try builder.quantize(x, output: quantization(&random)))
        }
    }

    static let functions: [OperatorCase] = [
        OperatorCase(name: "lookup") { builder, random in
            let x = image(&builder, &random, height: 3, width: 5, channels: 21)
            return try builder.lookup(
                x, table: (0..<256).map { Int8(truncatingIfNeeded: $0 * 7) }, output: quantization(&random))
        },
        OperatorCase(name: "softmax") { builder, random in
            let x = builder.input(name: "x", shape: [3, 12], quantization: quantization(&random))
            return try builder.softmax(x, output: Quantization(scale: 1 / 256, zeroPoint: -128))
        },
        OperatorCase(name: "lookup with another table at the end") { builder, random in
            let x = input(&builder, &random, [7, 29])
            let table = FunctionTable(
                (0..<256).map { Int8(127 - $0 / 2) }, tail: (0..<256).map { Int8($0 / 2) }, block: 16)
            return try builder.lookup(x, table: table, output: quantization(&random))
        },
        OperatorCase(name: "lookup of a channel") { builder, random in
            let x = input(&builder, &random, [2, 7, 11])
            let tables = (0..<11).map { channel in
                FunctionTable((0..<256).map { Int8(truncatingIfNeeded: $0 * (channel + 3)) })
            }
            return try builder.channelLookup(x, tables: tables, output: quantization(&random))
        },
        OperatorCase(name: "L2 normalization") { builder, random in
            try builder.l2Normalization(input(&builder, &random, [5, 37]))
        },
        OperatorCase(name: "L2 normalization of uint8") { builder, random in
            try builder.l2Normalization(input(&builder, &random, [5, 3]), isUnsigned: true)
        },
        OperatorCase(name: "L2 normalization of rows without length") { builder, random in
            let x = input(&builder, &random, [3, 8])
            let unit = quantization(&random)
            let zeros = [Int8](repeating: Int8(unit.zeroPoint), count: 256)
            return try builder.l2Normalization(try builder.lookup(x, table: zeros, output: unit))
        },
        argument("the largest along the last dimension", [5, 13], axis: 1),
        argument("the largest along the first dimension, the last of equals", [9, 5], axis: 0, takesLast: true),
        argument("the smallest in the middle", [3, 10, 4], axis: 1, isMinimum: true),
        argument("the smallest, the last of equals", [2, 10], axis: 1, isMinimum: true, takesLast: true),
        argument("one", [4, 1], axis: 1),
        doors(1), doors(8), doors(33), doors(200),
    ]

    private static func padding(
        _ mode: Pad.Mode, _ shape: [Int], before: [Int], after: [Int], between: [Int]? = nil
    ) -> OperatorCase {
        OperatorCase(name: "padding of \(shape), \(mode)") { builder, random in
            try builder.pad(
                input(&builder, &random, shape), before: before, after: after, between: between, mode: mode, fill: 9)
        }
    }

    private static func slice(_ shape: [Int], starts: [Int], steps: [Int], sizes: [Int]) -> OperatorCase {
        OperatorCase(name: "slice \(sizes) of \(shape) by \(steps)") { builder, random in
            try builder.slice(input(&builder, &random, shape), starts: starts, steps: steps, sizes: sizes)
        }
    }

    private static func transposition(_ shape: [Int], _ permutation: [Int]) -> OperatorCase {
        OperatorCase(name: "transposition of \(shape) by \(permutation)") { builder, random in
            try builder.transpose(input(&builder, &random, shape), permutation: permutation)
        }
    }

    private static func resize(
        _ arithmetic: ResizeArithmetic, _ from: (Int, Int), to: (Int, Int), channels: Int,
        _ coordinates: ResizeArithmetic.Coordinates
    ) -> OperatorCase {
        OperatorCase(name: "resize \(arithmetic), \(coordinates), \(from) to \(to)") { builder, random in
            try builder.resize(
                input(&builder, &random, [2, from.0, from.1, channels]), arithmetic,
                rows: arithmetic.axis(to.0, of: from.0, coordinates),
                columns: arithmetic.axis(to.1, of: from.1, coordinates))
        }
    }

    static let movements: [OperatorCase] = [
        OperatorCase(name: "concatenation") { builder, random in
            let unit = quantization(&random)
            let a = builder.input(name: "a", shape: [2, 3, 5], quantization: unit)
            let b = builder.input(name: "b", shape: [2, 4, 5], quantization: unit)
            return try builder.concatenation([a, b, a], axis: 1)
        },
        slice([4, 6, 9], starts: [3, 1, 0], steps: [-1, 2, 3], sizes: [4, 2, 3]),
        slice([5, 40], starts: [1, 3], steps: [1, 1], sizes: [3, 30]),
        slice([5, 40], starts: [0, 39], steps: [1, -1], sizes: [5, 40]),
        slice([2, 3, 4, 5], starts: [1, 0, 0, 2], steps: [0, 1, 1, 0], sizes: [1, 3, 4, 1]),
        transposition([4, 6, 9], [2, 0, 1]), transposition([4, 6, 9], [1, 2, 0]), transposition([4, 6, 9], [2, 1, 0]),
        transposition([17, 19], [1, 0]), transposition([1, 24, 40], [0, 2, 1]), transposition([8, 8], [1, 0]),
        transposition([2, 3, 4, 5], [3, 1, 0, 2]), transposition([2, 3, 4, 5], [0, 2, 1, 3]),
        transposition([1, 1, 3], [1, 2, 0]), transposition([2, 2, 2, 2, 2, 2, 2, 2], [7, 6, 5, 4, 3, 2, 1, 0]),
        padding(.constant, [4, 6], before: [1, 2], after: [0, 3], between: [2, 0]),
        padding(.constant, [1, 5, 7, 3], before: [0, 1, 2, 0], after: [0, 3, 0, 0]),
        padding(.constant, [2, 3, 4, 2], before: [0, 0, 0, 0], after: [0, 1, 1, 0], between: [0, 1, 2, 0]),
        padding(.constant, [3, 4, 5], before: [1, 0, 0], after: [2, 0, 0]),
        padding(.constant, [3, 4], before: [0, 0], after: [0, 0]),
        padding(.reflect, [1, 4, 5, 2], before: [0, 3, 1, 0], after: [0, 2, 4, 1]),
        padding(.symmetric, [3, 4, 5], before: [3, 0, 2], after: [1, 4, 5]),
        padding(.edge, [2, 4, 5], before: [3, 0, 2], after: [1, 6, 7]),
        resize(.nearest, (3, 5), to: (7, 4), channels: 6, .asymmetric),
        resize(.nearest, (4, 4), to: (9, 9), channels: 1, .alignCorners),
        resize(.shifted, (3, 5), to: (7, 4), channels: 19, .halfPixel),
        resize(.shifted, (4, 1), to: (3, 3), channels: 70, .alignCorners),
        resize(.divided, (3, 5), to: (7, 4), channels: 19, .halfPixel),
        resize(.divided, (2, 6), to: (5, 11), channels: 33, .asymmetric),
        resize(.float, (3, 5), to: (7, 4), channels: 19, .halfPixel),
        resize(.float, (2, 6), to: (5, 11), channels: 33, .alignCorners),
        OperatorCase(name: "reshape in place") { builder, random in
            let x = builder.input(name: "x", shape: [4, 6], quantization: quantization(&random))
            let flat = try builder.reshape(x, shape: [24])
            return try builder.lookup(
                flat, table: (0..<256).map { Int8(truncatingIfNeeded: $0 * 3) }, output: quantization(&random))
        },
    ]
}
