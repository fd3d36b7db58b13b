import ArgumentParser
import Arrays
import Glibc
import Graph
import Runtime

/// Every tensor of one inference as files.
enum LayerDump {
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

    /// - Parameter input: the bytes of all inputs, one after the other.
    static func write(_ model: ModelFile, input: [UInt8], to directory: String) throws {
        guard case .session(let session) = model.engine else {
            throw ValidationError("--dump-layers: expected a model that becomes a plan, found one of real numbers")
        }
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw OutputFileError(path: directory, reason: String(cString: strerror(errno)))
        }
        var rows: [Row] = []
        var arrays: [NPYArray] = []
        try input.withUnsafeBytes { input in
            try session.run(bytes: input) { index, tensor, bytes in
                let number = "\(rows.count + 1)"
                let file = String(repeating: "0", count: max(3 - number.count, 0)) + number + ".npy"
                let kind: NPYArray.Kind =
                    switch tensor.type {
                    case .int8: .int8
                    case .int32: .int32
                    case .float32: .float32
                    }
                arrays.append(NPYArray(kind: kind, shape: tensor.shape, bytes: Array(bytes)))
                rows.append(
                    Row(
                        number: index + 1, operation: session.plan.operators[index].summary, name: tensor.name,
                        file: file,
                        shape: tensor.shape, type: "\(tensor.type)", scale: tensor.quantization.scale,
                        zero_point: tensor.quantization.zeroPoint))
            }
        }
        for (row, array) in zip(rows, arrays) { try OutputFile.write(array.file, to: "\(directory)/\(row.file)") }
        try OutputFile.write(JSONOutput.bytes(rows), to: "\(directory)/layers.json")
        Output.error("\(rows.count) layers -> \(directory)/layers.json")
    }
}
