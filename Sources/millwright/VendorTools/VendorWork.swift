import Arrays
import Compiler
import FoundationEssentials
import Glibc
import Graph
import Profiles

/// The folder that a vendor's tool works in: what it is given, and what it leaves.
///
/// The files are those of `firmware-profiles/README.md`.
struct VendorWork {
    let directory: String

    private struct Job: Encodable {
        struct Port: Encodable {
            var name: String
            var shape: [Int]
            var scale: Float?
            var zero_point: Int32?
        }
        struct Range: Encodable {
            var scale: Float
            var zero_point: Int32
        }
        struct Forms: Encodable {
            var activations: [String]
            var unsigned_after_relu: Bool
            var convolution_weights: [String]
            var matmul_weights: [String]
        }
        var format = 1
        var chip: String
        var model: String
        var inputs: [Port]
        var outputs: [Port]
        var tensors: [String: Range]
        var quantization: Forms
        var calibration: [[String]]
        var golden: [[String]]
    }

    /// What `result.json` says.
    struct Result: Decodable, Hashable {
        /// How an integer array stands for real numbers; neither is there where the arrays hold real numbers.
        struct Port: Decodable, Hashable {
            var name: String
            var scale: Float?
            var zero_point: Int32?
        }
        /// Name and version.
        var toolchain: String
        /// Library that runs the file on the board: `rknn`, `bmrt`, `cvi`, `acl`.
        var interface: String
        var file: String
        var outputs: [Port]
        /// Tensors that the tool quantizes, and those of them that have the plan's range.
        var tensors: Int
        var tensors_given: Int
        var seconds: Double
    }

    private static let modelFile = "model.onnx"
    private static let resultFile = "result.json"
    /// A vendor's file is about as large as a plan's constants, which end here.
    private static let fileLimit = 1 << 30

    /// Writes everything that the tool needs, and takes away what an earlier run has left.
    ///
    /// - Parameters:
    ///   - directory: made unless it is there.
    ///   - calibration: for each sample a tensor an input of the model.
    init(
        directory: String, model: Model, modelBytes: [UInt8], plan: Plan, receipt: Receipt, profile: ChipProfile,
        calibration: [[TensorData]]
    ) throws {
        self.directory = directory
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw OutputFileError(path: directory, reason: String(cString: strerror(errno)))
        }
        for name in try DirectoryListing.names(in: directory)
        where name == Self.resultFile || (name.hasPrefix("outputs-") && name.hasSuffix(".npy")) {
            unlink("\(directory)/\(name)")
        }
        try write(modelBytes, Self.modelFile)
        func ports(_ tensors: [Tensor], _ ids: [ValueID]) -> [Job.Port] {
            zip(tensors, ids).map { tensor, id in
                let range = tensor.type == .int8 ? tensor.quantization : nil
                return Job.Port(
                    name: model[id].name, shape: model[id].shape, scale: range?.scale, zero_point: range?.zeroPoint)
            }
        }
        var samples: [[String]] = []
        for (number, sample) in calibration.enumerated() {
            samples.append(try write(sample.map { NPYArray($0) }, "calibration", number))
        }
        var golden: [[String]] = []
        for (number, one) in receipt.cases.enumerated() {
            golden.append(try write(try Self.reals(one.input, plan, model), "golden", number))
        }
        let forms = profile.quantization
        let job = Job(
            chip: profile.id, model: Self.modelFile, inputs: ports(plan.inputs, model.inputs),
            outputs: ports(plan.outputs, model.outputs),
            tensors: SharedRanges.named(plan, in: model).mapValues {
                Job.Range(scale: $0.scale, zero_point: $0.zeroPoint)
            },
            quantization: Job.Forms(
                activations: (forms?.activations?.value ?? []).map(\.rawValue),
                unsigned_after_relu: forms?.isUnsignedAfterReLU?.value ?? false,
                convolution_weights: (forms?.convolutionWeights?.value ?? []).map(\.rawValue),
                matmul_weights: (forms?.matmulWeights?.value ?? []).map(\.rawValue)),
            calibration: samples, golden: golden)
        try write(JSONOutput.bytes(job), "job.json")
    }

    /// What the tool says it has made.
    func result(outputs: Int) throws -> Result {
        let path = "\(directory)/\(Self.resultFile)"
        let result: Result
        do {
            result = try JSONDecoder().decode(Result.self, from: Data(try TextFile.read(path)))
        } catch {
            throw VendorToolError.wrongAnswer(file: path, expected: "what was made, as JSON", found: "\(error)")
        }
        guard result.outputs.count == outputs else {
            throw VendorToolError.wrongAnswer(
                file: path, expected: "\(outputs) outputs", found: "\(result.outputs.count)")
        }
        guard !result.file.isEmpty, !result.file.contains("/") else {
            throw VendorToolError.wrongAnswer(
                file: path, expected: "the name of a file in the work folder", found: "\"\(result.file)\"")
        }
        return result
    }

    /// The file for the board.
    func bytes(of result: Result) throws -> [UInt8] {
        let bytes = try TextFile.read("\(directory)/\(result.file)", limit: Self.fileLimit)
        guard !bytes.isEmpty else {
            throw VendorToolError.wrongAnswer(
                file: "\(directory)/\(result.file)", expected: "a model for the board", found: "an empty file")
        }
        return bytes
    }

    /// One output of one golden case as real numbers.
    func output(_ place: Int, ofCase number: Int, _ result: Result, shape: [Int]) throws -> [Float] {
        let path = "\(directory)/\(Self.name("outputs", number, place))"
        let array: NPYArray
        do { array = try NPYArray(try TextFile.read(path, limit: Self.fileLimit)) } catch {
            throw VendorToolError.wrongAnswer(file: path, expected: "what the simulator answers", found: "\(error)")
        }
        // Tools drop or add dimensions of one element, and the batch.
        guard array.shape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) else {
            throw VendorToolError.wrongAnswer(file: path, expected: "shape \(shape)", found: "\(array.shape)")
        }
        let elements = TensorData(array).elements.reals
        let port = result.outputs[place]
        guard let scale = port.scale else { return elements }
        let zero = Float(port.zero_point ?? 0)
        return elements.map { scale * ($0 - zero) }
    }

    private func write(_ arrays: [NPYArray], _ kind: String, _ number: Int) throws -> [String] {
        try arrays.enumerated().map { place, array in
            let name = Self.name(kind, number, place)
            try write(array.file, name)
            return name
        }
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try OutputFile.write(bytes, to: "\(directory)/\(name)", isDurable: false)
    }

    /// `golden-007-0.npy`: the first input of the eighth case.
    static func name(_ kind: String, _ number: Int, _ place: Int) -> String {
        let digits = "\(number)"
        return "\(kind)-\(String(repeating: "0", count: max(3 - digits.count, 0)))\(digits)-\(place).npy"
    }

    /// The inputs of a golden case as the float model takes them.
    private static func reals(_ bytes: [UInt8], _ plan: Plan, _ model: Model) throws -> [NPYArray] {
        var start = 0
        return zip(plan.inputs, model.inputs).map { tensor, id in
            let part = bytes[start..<start + tensor.byteCount]
            start += tensor.byteCount
            guard tensor.type == .int8 else {
                return NPYArray(
                    kind: tensor.type == .float32 ? .float32 : .int32, shape: model[id].shape, bytes: Array(part))
            }
            let flip: UInt8 = tensor.isPresentedUnsigned ? 0x80 : 0
            let elements = part.map { tensor.quantization.dequantize(Int8(bitPattern: $0 ^ flip)) }
            return NPYArray(TensorData(shape: model[id].shape, .float32(elements)))
        }
    }
}
