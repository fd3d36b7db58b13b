import Graph
import Seeded
import Testing

/// Operators of two tensors.
extension OperatorCase {
    /// - Parameters:
    ///   - a: the first operand's shape, and b the second's.
    ///   - isAlike: whether all three have one quantization.
    private static func sides(
        _ name: String, _ a: [Int] = [3, 37], _ b: [Int] = [3, 37], isAlike: Bool = false,
        _ add: @escaping @Sendable (inout PlanBuilder, TensorID, TensorID, Quantization) throws -> TensorID
    ) -> OperatorCase {
        OperatorCase(name: name) { builder, random in
            let unit = quantization(&random)
            let left = builder.input(name: "a", shape: a, quantization: unit)
            let right = builder.input(name: "b", shape: b, quantization: isAlike ? unit : quantization(&random))
            return try add(&builder, left, right, isAlike ? unit : Quantization(scale: 0.3, zeroPoint: 5))
        }
    }

    private static func products(
        _ name: String, _ a: [Int], _ b: [Int], isRightRowMajor: Bool, zeroPoint: Int32? = nil
    ) -> OperatorCase {
        OperatorCase(name: "matrix product, \(name)") { builder, random in
            let left = builder.input(name: "a", shape: a, quantization: quantization(&random))
            var unit = quantization(&random)
            unit.zeroPoint = zeroPoint ?? unit.zeroPoint
            let right = builder.input(name: "b", shape: b, quantization: unit)
            return try builder.matrixProduct(
                left, right, isRightRowMajor: isRightRowMajor,
                output: Quantization(scale: 4, zeroPoint: .random(in: -128...127, using: &random)), clamp: -120...101)
        }
    }

    static let pairs: [OperatorCase] = [
        sides("addition") { try $0.addition($1, $2, output: $3, clamp: -120...100) },
        sides("addition of uint8") { try $0.addition($1, $2, isUnsigned: true, output: $3) },
        sides("subtraction") { try $0.addition($1, $2, subtracts: true, output: $3) },
        sides("subtraction of uint8") { try $0.addition($1, $2, subtracts: true, isUnsigned: true, output: $3) },
        sides("multiplication") { try $0.multiplication($1, $2, output: $3) },
        sides("multiplication of uint8") { try $0.multiplication($1, $2, isUnsigned: true, output: $3) },
        sides("maximum", isAlike: true) { builder, a, b, _ in try builder.extremum(a, b, isMaximum: true) },
        sides("minimum", isAlike: true) { builder, a, b, _ in try builder.extremum(a, b, isMaximum: false) },
        OperatorCase(name: "square") { builder, random in
            let x = builder.input(name: "x", shape: [5, 13], quantization: quantization(&random))
            return try builder.multiplication(x, x, output: quantization(&random))
        },
        products("3 x 5 x 7", [3, 5], [5, 7], isRightRowMajor: true),
        products("transposed", [3, 5], [7, 5], isRightRowMajor: false),
        products("batch", [2, 3, 9, 18], [2, 3, 18, 33], isRightRowMajor: true),
        products("batch, transposed, panels of columns", [2, 4, 21], [2, 150, 21], isRightRowMajor: false),
        products("panels of columns", [6, 8], [8, 129], isRightRowMajor: true),
        products("no zero point", [4, 16], [64, 16], isRightRowMajor: false, zeroPoint: 0),
        products("depth 1", [5, 1], [1, 17], isRightRowMajor: true),
        products("one number", [1, 3], [3, 1], isRightRowMajor: true),
        products("deep", [2, 1_027], [1_027, 16], isRightRowMajor: true),
    ]
}
