import CVendorRuntimes
import Graph
import Runtime

/// A model on Sophgo's `libcviruntime.so`.
// SAFETY: the model handle lives from `load` to `unload`, and the arrays of tensors belong to it; each is as long as the
// count beside it, which is checked first, and memory is copied in the size that the library states for it.
final class CVIAccelerator: Accelerator {
    private let file: VendorLibrary
    private var functions = mw_cvi()
    private var model: UnsafeMutableRawPointer?
    private var given: UnsafeMutableBufferPointer<mw_cvi_tensor>?
    private var taken: UnsafeMutableBufferPointer<mw_cvi_tensor>?
    private var buffers: BoundBuffers?
    private(set) var library: AcceleratorLibrary
    private(set) var inputs: [AcceleratorTensor] = []
    private(set) var outputs: [AcceleratorTensor] = []

    init(library name: String) throws(AcceleratorError) {
        file = try VendorLibrary(name)
        library = AcceleratorLibrary(name: name, version: "", detail: "")
        try file.bind { mw_cvi_bind($0, &functions) }
    }

    deinit { unload() }

    private func call(_ function: String, _ code: Int32) throws(AcceleratorError) {
        try file.check(function, code, .cvi)
    }

    func load(_ bytes: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError) {
        unload()
        guard placement.device == 0, placement.cores.allSatisfy({ $0 == 0 }) else {
            throw .noSuchPlace(
                what: "device and core", expected: "0 and 0: these chips have one", found: "\(placement)")
        }
        guard let size = UInt32(exactly: bytes.count) else {
            throw .callFailed(
                function: "CVI_NN_RegisterModelFromBuffer", code: 5, meaning: "a model of \(bytes.count) bytes")
        }
        do throws(AcceleratorError) {
            var handle: UnsafeMutableRawPointer?
            try call(
                "CVI_NN_RegisterModelFromBuffer",
                functions.CVI_NN_RegisterModelFromBuffer(
                    bytes.baseAddress?.assumingMemoryBound(to: Int8.self), size, &handle))
            guard let handle else {
                throw AcceleratorError.callFailed(
                    function: "CVI_NN_RegisterModelFromBuffer", code: 0, meaning: "no model, NULL was returned")
            }
            model = handle
            try checkVersion(handle)
            // The first program of a model that holds several; the last call before tensors are asked for.
            try call("CVI_NN_SetConfig(OPTION_PROGRAM_INDEX)", mw_cvi_choose_program(&functions, handle, 0))
            try describe(handle)
        } catch {
            unload()
            throw error
        }
    }

    private func checkVersion(_ handle: UnsafeMutableRawPointer) throws(AcceleratorError) {
        var (major, minor): (Int32, Int32) = (0, 0)
        try call("CVI_NN_GetModelVersion", functions.CVI_NN_GetModelVersion(handle, &major, &minor))
        library.version = "model format \(major).\(minor)"
        library.detail = CText.string(functions.CVI_NN_GetModelTarget(handle))
        guard major == 1 else {
            throw .wrongVersion(library: library.name, expected: "model format 1.x", found: "\(major).\(minor)")
        }
    }

    private func describe(_ handle: UnsafeMutableRawPointer) throws(AcceleratorError) {
        var (ins, outs): (UnsafeMutablePointer<mw_cvi_tensor>?, UnsafeMutablePointer<mw_cvi_tensor>?)
        var (inCount, outCount): (Int32, Int32) = (0, 0)
        try call(
            "CVI_NN_GetInputOutputTensors",
            functions.CVI_NN_GetInputOutputTensors(handle, &ins, &inCount, &outs, &outCount))
        try DescribedTensor.checkCount(ins == nil ? 0 : Int(inCount), "inputs")
        try DescribedTensor.checkCount(outs == nil ? 0 : Int(outCount), "outputs")
        let given = UnsafeMutableBufferPointer(start: ins, count: Int(inCount))
        let taken = UnsafeMutableBufferPointer(start: outs, count: Int(outCount))
        inputs = try Self.tensors(given)
        outputs = try Self.tensors(taken)
        (self.given, self.taken) = (given, taken)
    }

    private static func tensors(_ tensors: UnsafeMutableBufferPointer<mw_cvi_tensor>) throws(AcceleratorError)
        -> [AcceleratorTensor]
    {
        var result: [AcceleratorTensor] = []
        for tensor in tensors {
            let rank = min(tensor.shape.count, MW_CVI_MAX_DIMS)
            let shape = withUnsafeBytes(of: tensor.shape.sizes) { Array($0.bindMemory(to: Int32.self).prefix(rank)) }
            // The library states how many steps of int8 one is, the inverse of what a plan says.
            let described = DescribedTensor(
                name: CText.string(tensor.name), element: element(Int(tensor.format)), shape: shape.map(Int.init),
                layout: rank == 4 ? .nchw : .plain, scale: tensor.scale > 0 ? 1 / tensor.scale : 0,
                zeroPoint: Int(tensor.zero_point), bytes: tensor.size)
            result.append(try described.checked())
        }
        return result
    }

    private static func element(_ format: Int) -> AcceleratorElement? {
        switch format {
        case MW_CVI_FLOAT32: .float32
        case MW_CVI_INT32: .int32
        case MW_CVI_UINT32: .uint32
        case MW_CVI_BFLOAT16: .bfloat16
        case MW_CVI_INT16: .int16
        case MW_CVI_UINT16: .uint16
        case MW_CVI_INT8: .int8
        case MW_CVI_UINT8: .uint8
        default: nil
        }
    }

    func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError) {
        buffers = try BoundBuffers(input, output, self)
    }

    func run() throws(AcceleratorError) -> AcceleratorTiming {
        guard let model, let given, let taken, let buffers else {
            throw .notReady(needs: "a loaded model and bound buffers")
        }
        let clock = ContinuousClock()
        let start = clock.now
        var offset = 0
        for (index, tensor) in inputs.enumerated() {
            try memory(given, index, tensor).copyMemory(from: buffers.input + offset, byteCount: tensor.byteCount)
            offset += tensor.byteCount
        }
        try call(
            "CVI_NN_Forward",
            functions.CVI_NN_Forward(
                model, given.baseAddress, Int32(given.count), taken.baseAddress, Int32(taken.count)))
        offset = 0
        for (index, tensor) in outputs.enumerated() {
            let size = taken[index].size
            guard size == tensor.byteCount else {
                throw .wrongTensor(
                    name: tensor.name, what: "bytes of output", expected: "\(tensor.byteCount)", found: "\(size)")
            }
            (buffers.output + offset).copyMemory(
                from: try memory(taken, index, tensor), byteCount: tensor.byteCount)
            offset += tensor.byteCount
        }
        return AcceleratorTiming(library: nil, wall: clock.now - start)
    }

    private func memory(
        _ tensors: UnsafeMutableBufferPointer<mw_cvi_tensor>, _ index: Int, _ tensor: AcceleratorTensor
    ) throws(AcceleratorError) -> UnsafeMutableRawPointer {
        guard let start = tensors.baseAddress, let memory = functions.CVI_NN_TensorPtr(start + index) else {
            throw .callFailed(function: "CVI_NN_TensorPtr", code: 0, meaning: "no memory for tensor \(tensor.name)")
        }
        return memory
    }

    func unload() {
        if let model { _ = functions.CVI_NN_CleanupModel(model) }
        (model, given, taken, buffers) = (nil, nil, nil, nil)
        (inputs, outputs) = ([], [])
    }
}
