import Compiler
import Testing

/// One small model, what it must become, and what it must compute.
struct TFLiteCase: Sendable, CustomTestStringConvertible {
    var name: String
    var draft: TFLiteDraft
    /// The operations of its nodes, in order, as listings call them.
    var operations: [String]

    var testDescription: String { name }

    /// - Parameter operations: separated by commas.
    init(_ name: String, _ operations: String, _ build: (inout TFLiteDraft) -> Void) {
        self.name = name
        self.operations = operations.split(separator: ",").map { $0.trimmingPrefix(" ").description }
        draft = TFLiteDraft()
        build(&draft)
    }

    /// Elements that look arbitrary and are the same each time: input `number` of a model.
    static func elements(_ type: ElementType, count: Int, number: Int) -> Elements {
        // An eighth more, so that no divisor is zero.
        let numbers = (0..<count).map { ($0 * 37 + number * 11) % 23 - 11 }
        switch type {
        case .float32: return .float32(numbers.map { Float($0) / 4 + 0.125 })
        case .int8: return .int8(numbers.map { Int8($0 * 9) })
        case .uint8: return .uint8(numbers.map { UInt8($0 * 9 + 128) })
        case .bool: return .bool(numbers.map { $0 % 2 == 0 })
        default: return Elements.int32(numbers.map { Int32($0) })
        }
    }

    static func inputs(of model: Model) -> [TensorData] {
        model.inputs.enumerated().map { number, id in
            TensorData(
                shape: model[id].shape, elements(model[id].type, count: model[id].elementCount, number: number))
        }
    }
}
