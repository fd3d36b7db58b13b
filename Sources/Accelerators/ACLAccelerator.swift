import CVendorRuntimes
import Graph
import Runtime
import Synchronization

/// A model on Ascend's `libascendcl.so`.
// SAFETY: device memory, data sets and descriptions are made in `load` and freed in `unload` only; copies are of the sizes
// that the library has told and `DescribedTensor` has checked.
final class ACLAccelerator: Accelerator {
    private let file: VendorLibrary
    private var functions = mw_acl()
    private var device: Int32?
    private var model: UInt32?
    private var description: UnsafeMutableRawPointer?
    private var sets: [UnsafeMutableRawPointer] = []
    private var dataBuffers: [UnsafeMutableRawPointer] = []
    private var inputMemory: [UnsafeMutableRawPointer] = []
    private var outputMemory: [UnsafeMutableRawPointer] = []
    private var buffers: BoundBuffers?
    private(set) var library: AcceleratorLibrary
    private(set) var inputs: [AcceleratorTensor] = []
    private(set) var outputs: [AcceleratorTensor] = []

    /// aclInit is once a process, so aclFinalize is for the last one.
    private static let users = Mutex(0)

    init(library name: String) throws(AcceleratorError) {
        file = try VendorLibrary(name)
        library = AcceleratorLibrary(name: name, version: "", detail: "")
        try file.bind { mw_acl_bind($0, &functions) }
        let initialized = functions.aclInit(nil)
        if initialized != MW_ACL_ALREADY_INITIALIZED { try call("aclInit", initialized) }
        Self.users.withLock { $0 += 1 }
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        try call("aclrtGetVersion", functions.aclrtGetVersion(&major, &minor, &patch))
        library.version = "\(major).\(minor).\(patch)"
        guard major == 1 else { throw .wrongVersion(library: name, expected: "1.x", found: library.version) }
    }

    deinit {
        unload()
        let isLast = Self.users.withLock { users in
            users -= 1
            return users == 0
        }
        if isLast { _ = functions.aclFinalize() }
    }

    private func call(_ function: String, _ code: Int32) throws(AcceleratorError) {
        guard code != 0 else { return }
        let said = CText.string(functions.aclGetRecentErrMsg())
        let meaning = VendorCodes.acl.meaning(code)
        throw .callFailed(
            function: function, code: Int(code), meaning: said.isEmpty ? meaning : "\(meaning); it says: \(said)")
    }

    func load(_ bytes: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError) {
        unload()
        do throws(AcceleratorError) {
            try choose(placement)
            var identifier: UInt32 = 0
            try call("aclmdlLoadFromMem", functions.aclmdlLoadFromMem(bytes.baseAddress, bytes.count, &identifier))
            model = identifier
            guard let description = functions.aclmdlCreateDesc() else {
                throw AcceleratorError.callFailed(
                    function: "aclmdlCreateDesc", code: 0, meaning: "no description, NULL was returned")
            }
            self.description = description
            try call("aclmdlGetDesc", functions.aclmdlGetDesc(description, identifier))
            inputs = try tensors(description, isInput: true)
            outputs = try tensors(description, isInput: false)
            inputMemory = try memory(inputs)
            outputMemory = try memory(outputs)
        } catch {
            unload()
            throw error
        }
    }

    private func choose(_ placement: AcceleratorPlacement) throws(AcceleratorError) {
        guard placement.cores.isEmpty else {
            throw .noSuchPlace(
                what: "cores", expected: "none: AscendCL shares them out itself", found: "\(placement.cores)")
        }
        var count: UInt32 = 0
        try call("aclrtGetDeviceCount", functions.aclrtGetDeviceCount(&count))
        guard (0..<Int(count)).contains(placement.device) else {
            throw .noSuchPlace(what: "device", expected: "one of \(count)", found: "\(placement.device)")
        }
        try call("aclrtSetDevice", functions.aclrtSetDevice(Int32(placement.device)))
        device = Int32(placement.device)
    }

    private func tensors(_ description: UnsafeMutableRawPointer, isInput: Bool) throws(AcceleratorError)
        -> [AcceleratorTensor]
    {
        let count = isInput ? functions.aclmdlGetNumInputs(description) : functions.aclmdlGetNumOutputs(description)
        try DescribedTensor.checkCount(count, isInput ? "aclmdlGetNumInputs" : "aclmdlGetNumOutputs")
        var result: [AcceleratorTensor] = []
        for index in 0..<count {
            var dimensions = mw_acl_dimensions()
            if isInput {
                try call("aclmdlGetInputDims", functions.aclmdlGetInputDims(description, index, &dimensions))
            } else {
                try call("aclmdlGetOutputDims", functions.aclmdlGetOutputDims(description, index, &dimensions))
            }
            result.append(try described(description, index, dimensions, isInput: isInput).checked())
        }
        return result
    }

    private func described(
        _ description: UnsafeMutableRawPointer, _ index: Int, _ dimensions: mw_acl_dimensions, isInput: Bool
    ) -> DescribedTensor {
        let f = functions
        let format =
            isInput ? f.aclmdlGetInputFormat(description, index) : f.aclmdlGetOutputFormat(description, index)
        let type =
            isInput ? f.aclmdlGetInputDataType(description, index) : f.aclmdlGetOutputDataType(description, index)
        let name =
            isInput ? f.aclmdlGetInputNameByIndex(description, index) : f.aclmdlGetOutputNameByIndex(description, index)
        let count = min(dimensions.count, MW_ACL_MAX_DIMS)
        let shape = withUnsafeBytes(of: dimensions.sizes) { Array($0.bindMemory(to: Int64.self).prefix(count)) }
        let layout: AcceleratorLayout =
            switch Int(format) {
            case MW_ACL_NCHW: .nchw
            case MW_ACL_NHWC: .nhwc
            default: .plain
            }
        return DescribedTensor(
            name: CText.string(name), element: Self.element(Int(type)), shape: shape.map { Int($0) },
            layout: count == 4 ? layout : .plain, scale: 0, zeroPoint: 0,
            bytes: isInput
                ? f.aclmdlGetInputSizeByIndex(description, index) : f.aclmdlGetOutputSizeByIndex(description, index))
    }

    private static func element(_ type: Int) -> AcceleratorElement? {
        switch type {
        case MW_ACL_FLOAT: .float32
        case MW_ACL_FLOAT16: .float16
        case MW_ACL_INT8: .int8
        case MW_ACL_INT32: .int32
        case MW_ACL_UINT8: .uint8
        case MW_ACL_INT16: .int16
        case MW_ACL_UINT16: .uint16
        case MW_ACL_UINT32: .uint32
        case MW_ACL_INT64: .int64
        default: nil
        }
    }

    /// Device memory for each tensor, in a data set of its own for inputs and for outputs.
    private func memory(_ tensors: [AcceleratorTensor]) throws(AcceleratorError) -> [UnsafeMutableRawPointer] {
        guard let set = functions.aclmdlCreateDataset() else {
            throw .callFailed(function: "aclmdlCreateDataset", code: 0, meaning: "no data set, NULL was returned")
        }
        sets.append(set)
        var result: [UnsafeMutableRawPointer] = []
        do throws(AcceleratorError) {
            for tensor in tensors {
                var address: UnsafeMutableRawPointer?
                try call(
                    "aclrtMalloc", functions.aclrtMalloc(&address, tensor.byteCount, Int32(MW_ACL_HUGE_PAGES_FIRST)))
                guard let address, let buffer = functions.aclCreateDataBuffer(address, tensor.byteCount) else {
                    throw AcceleratorError.callFailed(
                        function: "aclCreateDataBuffer", code: 0, meaning: "no buffer, NULL was returned")
                }
                result.append(address)
                dataBuffers.append(buffer)
                try call("aclmdlAddDatasetBuffer", functions.aclmdlAddDatasetBuffer(set, buffer))
            }
        } catch {
            for address in result { _ = functions.aclrtFree(address) }
            throw error
        }
        return result
    }

    func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError) {
        buffers = try BoundBuffers(input, output, self)
    }

    func run() throws(AcceleratorError) -> AcceleratorTiming {
        guard let model, let buffers, sets.count == 2 else {
            throw .notReady(needs: "a loaded model and bound buffers")
        }
        let clock = ContinuousClock()
        let start = clock.now
        var offset = 0
        for (tensor, memory) in zip(inputs, inputMemory) {
            let count = tensor.byteCount
            try call(
                "aclrtMemcpy(ACL_MEMCPY_HOST_TO_DEVICE)",
                functions.aclrtMemcpy(memory, count, buffers.input + offset, count, Int32(MW_ACL_HOST_TO_DEVICE)))
            offset += count
        }
        try call("aclmdlExecute", functions.aclmdlExecute(model, sets[0], sets[1]))
        offset = 0
        for (tensor, memory) in zip(outputs, outputMemory) {
            let count = tensor.byteCount
            try call(
                "aclrtMemcpy(ACL_MEMCPY_DEVICE_TO_HOST)",
                functions.aclrtMemcpy(buffers.output + offset, count, memory, count, Int32(MW_ACL_DEVICE_TO_HOST)))
            offset += count
        }
        return AcceleratorTiming(library: nil, wall: clock.now - start)
    }

    func unload() {
        for set in sets { _ = functions.aclmdlDestroyDataset(set) }
        for buffer in dataBuffers { _ = functions.aclDestroyDataBuffer(buffer) }
        for memory in inputMemory + outputMemory { _ = functions.aclrtFree(memory) }
        if let description { _ = functions.aclmdlDestroyDesc(description) }
        if let model { _ = functions.aclmdlUnload(model) }
        if let device { _ = functions.aclrtResetDevice(device) }
        (sets, dataBuffers, inputMemory, outputMemory) = ([], [], [], [])
        (description, model, device, buffers) = (nil, nil, nil, nil)
        (inputs, outputs) = ([], [])
    }
}
