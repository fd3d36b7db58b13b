import ArgumentParser
import Arrays
import Glibc
import Graph
import Runtime

/// Every tensor of one inference as files.
struct LayerDump {
    private struct Row: Encodable {
        let number: Int
        let operation: String
        let name: String
        let file: String
        let shape: [Int]
        let type: String
        let scale: Float
        let zero_point: Int32
    }

    private let plan: Plan
    private var rows: [Row] = []
    private var arrays: [NPYArray] = []

    init(_ plan: Plan) { self.plan = plan }

    /// - Parameter index: the operator's number in the plan, from 0.
    /// - Parameter bytes: of the tensor as plans store it.
    mutating func add(_ index: Int, _ tensor: Tensor, _ bytes: [UInt8]) {
        let number = "\(rows.count + 1)"
        let file = String(repeating: "0", count: max(3 - number.count, 0)) + number + ".npy"
        let kind: NPYArray.Kind =
            switch tensor.type {
            case .int8: .int8
            case .int32: .int32
            case .float32: .float32
            }
        arrays.append(NPYArray(kind: kind, shape: tensor.shape, bytes: bytes))
        rows.append(
            Row(
                number: index + 1, operation: plan.operators[index].summary, name: tensor.name, file: file,
                shape: tensor.shape, type: "\(tensor.type)", scale: tensor.quantization.scale,
                zero_point: tensor.quantization.zeroPoint))
    }

    func write(to directory: String) throws {
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw OutputFileError(path: directory, reason: String(cString: strerror(errno)))
        }
        for (row, array) in zip(rows, arrays) { try OutputFile.write(array.file, to: "\(directory)/\(row.file)") }
        try OutputFile.write(JSONOutput.bytes(rows), to: "\(directory)/layers.json")
        Output.error("\(rows.count) layers -> \(directory)/layers.json")
    }
}
