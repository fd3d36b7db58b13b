import ArgumentParser
import Arrays
import Plant
import Profiles
import Runtime
import Store

struct ModelRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Compute a model's outputs for inputs in .npy files.",
        discussion: """
            Tensors are in the model's own layout and type. An input whose first dimension is N times the model's own \
            is run N times, and the outputs are put one behind the other.

            With --profile the model is computed by the chip's contract, so that what will run on the board can be \
            looked at without it: the first input tile by tile as planned for the chip, each layer compared with this \
            machine's kernels; the others by the kernels alone. --dump-layers writes each layer's result of the first \
            input as DIR/NNN.npy, int8 and channels last as plans store them, and layers.json with names, shapes, \
            scales and zero points.

            With --accelerator the plan's model for --profile runs in the vendor's own library on this box's NPU, once it \
            has proved itself on the plan's receipt.
            """)

    @Argument(help: "The model: .mwplan, .tflite or .onnx.", completion: .file())
    var model: String

    @Option(help: "An input: FILE.npy, or NAME=FILE.npy where there are several.")
    var input: [String]

    @Option(help: "Where an output goes: FILE.npy, or NAME=FILE.npy where there are several.")
    var output: [String] = []

    @OptionGroup var options: ModelOptions

    @OptionGroup var chip: ProfileChoice

    @OptionGroup var accelerator: AcceleratorOptions

    @Option(help: "Folder for what each layer computes of the first input.", completion: .directory)
    var dumpLayers: String?

    func validate() throws {
        guard dumpLayers == nil || accelerator.accelerator == nil else {
            throw ValidationError("--dump-layers, --accelerator: expected one of them, a chip does not show its layers")
        }
    }

    func run() throws {
        var options = options
        let profile = try chip.load()
        if let profile {
            options.contract = profile.planContract
            Output.error(profile.contractWords)
        }
        let file = try options.open(model)
        if let profile { try profile.check(file, path: model) }
        let arrays = try inputs(of: file)
        let repeats = try Self.repeats(arrays, file.inputs)
        let accelerated = try accelerator.open(file, path: model, chip: profile?.id)
        var results: [[NPYArray]] = []
        if accelerated == nil, profile != nil || dumpLayers != nil {
            let first = zip(arrays, file.inputs).flatMap { $0.part(0, shape: $1.shape).bytes }
            if let output = try layers(of: file, input: first, profile) { results.append(file.arrays(of: output)) }
        }
        for index in results.count..<repeats {
            let parts = zip(arrays, file.inputs).map { $0.part(index, shape: $1.shape) }
            results.append(try accelerated?.run(parts, file) ?? file.run(parts))
            if repeats > 100, (index + 1) % (repeats / 10) == 0 { Output.error("\(index + 1) of \(repeats)") }
        }
        if let accelerated { Output.error(accelerated.summary) }
        let outputs = file.outputs.indices.map { port in NPYArray(stacking: results.map { $0[port] }) }
        try write(outputs, file.outputs)
    }

    /// Computes one input layer by layer: tile by tile where it is for a chip, else by the kernels.
    /// - Returns: the bytes of all outputs, tile by tile; nil by the kernels.
    private func layers(of file: ModelFile, input: [UInt8], _ profile: ChipProfile?) throws -> [UInt8]? {
        guard case .session(let session) = file.engine else {
            throw ValidationError(
                "\(dumpLayers == nil ? "--profile" : "--dump-layers"): expected a model that becomes a plan, "
                    + "found one of real numbers")
        }
        var dump = LayerDump(session.plan)
        var output: [UInt8]?
        if let profile {
            let tiled = try TiledInference(session, on: profile, input: input) { dump.add($0, $1, $2) }
            Output.error(tiled.words(profile))
            if let beyond = tiled.beyond { Output.error(beyond) }
            output = tiled.output
        } else {
            try input.withUnsafeBytes { input in try session.run(bytes: input) { dump.add($0, $1, Array($2)) } }
        }
        if let dumpLayers { try dump.write(to: dumpLayers) }
        return output
    }

    private func inputs(of file: ModelFile) throws -> [NPYArray] {
        let paths = try Self.assign(input, to: file.inputs, "--input")
        return try zip(paths, file.inputs).map { path, port in
            guard let path else {
                throw ValidationError("--input: expected one for \(port.name) \(port.shape), found none")
            }
            let mapped = try MappedFile(path: path)
            let array = try withExtendedLifetime(mapped) { try NPYArray(Array(mapped.bytes)) }
            guard array.kind == port.kind else {
                throw ValidationError(
                    "\(path): expected \(port.kind) for \(port.name), found \(array.kind)")
            }
            return array
        }
    }

    /// Which file belongs to which port: by name, or the only one to the only one.
    private static func assign(_ words: [String], to ports: [ModelFile.Port], _ option: String) throws -> [String?] {
        var paths = [String?](repeating: nil, count: ports.count)
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2, let index = ports.firstIndex(where: { $0.name == parts[0] }) {
                paths[index] = parts[1]
            } else if ports.count == 1 || words.count == 1 {
                paths[0] = word
            } else {
                let names = ports.map(\.name).joined(separator: ", ")
                throw ValidationError("\(option): expected NAME=FILE with one of \(names), found \(word)")
            }
        }
        return paths
    }

    /// How often the model is run: the same for each input.
    private static func repeats(_ arrays: [NPYArray], _ ports: [ModelFile.Port]) throws -> Int {
        var common: Int?
        for (array, port) in zip(arrays, ports) {
            guard let repeats = array.repeats(of: port.shape) else {
                throw ValidationError(
                    "input \(port.name): expected shape \(port.shape), or N times its first dimension, "
                        + "found \(array.shape)")
            }
            guard common == nil || common == repeats else {
                throw ValidationError(
                    "input \(port.name): expected \(common ?? 1) times \(port.shape) as the others, found \(repeats)")
            }
            common = repeats
        }
        return common ?? 1
    }

    private func write(_ outputs: [NPYArray], _ ports: [ModelFile.Port]) throws {
        let paths = try Self.assign(output, to: ports, "--output")
        for ((array, port), path) in zip(zip(outputs, ports), paths) {
            guard let path else {
                Output.line("\(port.name) \(port.kind) \(array.shape): \(array.preview)")
                continue
            }
            try OutputFile.write(array.file, to: path)
            Output.error("\(port.name) \(port.kind) \(array.shape) -> \(path)")
        }
    }
}

extension NPYArray {
    /// The `index`-th of several arrays of a shape that this one holds.
    fileprivate func part(_ index: Int, shape: [Int]) -> NPYArray {
        let count = shape.reduce(1, *) * kind.size
        return NPYArray(kind: kind, shape: shape, bytes: Array(bytes[index * count..<(index + 1) * count]))
    }

    /// Arrays of one shape, one behind the other along their first dimension.
    fileprivate init(stacking parts: [NPYArray]) {
        var shape = parts[0].shape
        if parts.count > 1 { shape = shape.isEmpty ? [parts.count] : [shape[0] * parts.count] + shape.dropFirst() }
        self.init(kind: parts[0].kind, shape: shape, bytes: parts.flatMap(\.bytes))
    }

    /// The first elements, for people.
    fileprivate var preview: String {
        let shown = 16
        let data = TensorText.elements(self, first: shown)
        return data.joined(separator: " ") + (shape.reduce(1, *) > shown ? " ..." : "")
    }
}

/// Elements of an array as words.
enum TensorText {
    static func elements(_ array: NPYArray, first count: Int) -> [String] {
        array.bytes.withUnsafeBytes { bytes in
            (0..<min(count, bytes.count / array.kind.size)).map { index in
                let at = index * array.kind.size
                return switch array.kind {
                case .float32: "\(bytes.loadUnaligned(fromByteOffset: at, as: Float.self))"
                case .float64: "\(bytes.loadUnaligned(fromByteOffset: at, as: Double.self))"
                case .int8: "\(bytes.loadUnaligned(fromByteOffset: at, as: Int8.self))"
                case .uint8, .bool: "\(bytes[at])"
                case .int16: "\(bytes.loadUnaligned(fromByteOffset: at, as: Int16.self))"
                case .uint16: "\(bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))"
                case .int32: "\(bytes.loadUnaligned(fromByteOffset: at, as: Int32.self))"
                case .int64: "\(bytes.loadUnaligned(fromByteOffset: at, as: Int64.self))"
                }
            }
        }
    }
}
