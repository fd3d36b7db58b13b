import CVendorRuntimes
import Glibc
import Graph
import Runtime

/// A model on Sophgo's `libbmrt.so`.
// SAFETY: the handle, the runtime and device memory live from `load` to `unload`; the network's description belongs to the
// runtime, is read while it lives, and its arrays are as long as the counts beside them, which are checked first.
final class BMRTAccelerator: Accelerator {
    private let file: VendorLibrary
    private var functions = mw_bmrt()
    private var handle: UnsafeMutableRawPointer?
    private var runtime: UnsafeMutableRawPointer?
    private var network: UnsafePointer<CChar>?
    private var cores: [Int32] = []
    private var given: [mw_bm_tensor] = []
    private var taken: [mw_bm_tensor] = []
    private var buffers: BoundBuffers?
    private(set) var library: AcceleratorLibrary
    private(set) var inputs: [AcceleratorTensor] = []
    private(set) var outputs: [AcceleratorTensor] = []

    /// Drivers that libsophon's interface of today has been published with.
    static let oldestDriver = VersionNumber([0, 4])
    static let firstUnknownDriver = VersionNumber([2])

    init(library name: String) throws(AcceleratorError) {
        file = try VendorLibrary(name)
        library = AcceleratorLibrary(name: name, version: "", detail: "")
        try file.bind { mw_bmrt_bind($0, &functions) }
    }

    deinit { unload() }

    private func call(_ function: String, _ code: Int32) throws(AcceleratorError) {
        try file.check(function, code, .bm)
    }

    /// For functions that say no more than that they failed.
    private func failed(_ function: String) -> AcceleratorError {
        .callFailed(function: function, code: 0, meaning: "the library says no more than that it failed")
    }

    func load(_ model: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError) {
        unload()
        do throws(AcceleratorError) {
            let handle = try request(placement.device)
            self.handle = handle
            try checkDriver(handle)
            guard let runtime = functions.bmrt_create(handle) else { throw failed("bmrt_create") }
            self.runtime = runtime
            guard functions.bmrt_load_bmodel_data(runtime, model.baseAddress, model.count) else {
                throw failed("bmrt_load_bmodel_data")
            }
            try describe(runtime, placement.cores)
            try allocate(handle)
        } catch {
            unload()
            throw error
        }
    }

    private func request(_ device: Int) throws(AcceleratorError) -> UnsafeMutableRawPointer {
        var count: Int32 = 0
        try call("bm_dev_getcount", functions.bm_dev_getcount(&count))
        guard (0..<Int(max(0, count))).contains(device) else {
            throw .noSuchPlace(what: "device", expected: "one of \(count)", found: "\(device)")
        }
        var handle: UnsafeMutableRawPointer?
        try call("bm_dev_request", functions.bm_dev_request(&handle, Int32(device)))
        guard let handle else { throw failed("bm_dev_request") }
        return handle
    }

    /// Three numbers in one, eight bits each; the simulator of the vendor tells none.
    private func checkDriver(_ handle: UnsafeMutableRawPointer) throws(AcceleratorError) {
        var packed: Int32 = 0
        let code = functions.bm_get_driver_version(handle, &packed)
        if code == MW_BM_NOT_SUPPORTED { return }
        try call("bm_get_driver_version", code)
        let parts = [packed >> 16 & 0xFF, packed >> 8 & 0xFF, packed & 0xFF].map(Int.init)
        library.version = parts.map(String.init).joined(separator: ".")
        guard VersionNumber(parts) >= Self.oldestDriver, VersionNumber(parts) < Self.firstUnknownDriver else {
            throw .wrongVersion(library: library.name, expected: "driver 0.4 to 1.x", found: library.version)
        }
    }

    private func describe(_ runtime: UnsafeMutableRawPointer, _ wanted: [Int]) throws(AcceleratorError) {
        let count = functions.bmrt_get_network_number(runtime)
        guard count == 1 else {
            throw .wrongTensor(name: "bmodel", what: "number of networks", expected: "1", found: "\(count)")
        }
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        functions.bmrt_get_network_names(runtime, &names)
        guard let names, let name = names[0] else { throw failed("bmrt_get_network_names") }
        // The array is the caller's, the names are the runtime's.
        free(names)
        network = name
        guard let found = functions.bmrt_get_network_info(runtime, name)?.pointee, found.stage_count == 1,
            let stage = found.stages?.pointee
        else { throw failed("bmrt_get_network_info") }
        library.detail = "\(found.core_count) cores in the model"
        try choose(wanted)
        inputs = try tensors(
            Int(found.input_count), found.input_names, found.input_types, found.input_scales, stage.input_shapes,
            found.input_bytes, found.input_zero_points)
        outputs = try tensors(
            Int(found.output_count), found.output_names, found.output_types, found.output_scales, stage.output_shapes,
            found.output_bytes, found.output_zero_points)
    }

    private func choose(_ wanted: [Int]) throws(AcceleratorError) {
        guard wanted.isEmpty || functions.bmrt_launch_tensor_multi_cores != nil else {
            throw .missingSymbol(library: library.name, symbol: "bmrt_launch_tensor_multi_cores")
        }
        guard wanted.allSatisfy({ (0..<64).contains($0) }) else {
            throw .noSuchPlace(what: "core", expected: "0...63", found: "\(wanted)")
        }
        cores = wanted.map(Int32.init)
    }

    private func tensors(
        _ count: Int, _ names: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ types: UnsafePointer<UInt32>?,
        _ scales: UnsafePointer<Float>?, _ shapes: UnsafeMutablePointer<mw_bm_shape>?, _ bytes: UnsafePointer<Int>?,
        _ zeroPoints: UnsafePointer<Int32>?
    ) throws(AcceleratorError) -> [AcceleratorTensor] {
        try DescribedTensor.checkCount(count, "bmrt_get_network_info")
        guard let names, let types, let shapes, let bytes else { throw failed("bmrt_get_network_info") }
        var result: [AcceleratorTensor] = []
        for index in 0..<count {
            let rank = min(max(0, Int(shapes[index].count)), MW_BM_MAX_DIMS)
            let shape = withUnsafeBytes(of: shapes[index].sizes) { Array($0.bindMemory(to: Int32.self).prefix(rank)) }
            let described = DescribedTensor(
                name: CText.string(names[index]), element: Self.element(Int(types[index])), shape: shape.map(Int.init),
                layout: rank == 4 ? .nchw : .plain, scale: scales?[index] ?? 0,
                zeroPoint: Int(zeroPoints?[index] ?? 0), bytes: bytes[index])
            result.append(try described.checked())
        }
        return result
    }

    private static func element(_ type: Int) -> AcceleratorElement? {
        switch type {
        case MW_BM_FLOAT32: .float32
        case MW_BM_FLOAT16: .float16
        case MW_BM_INT8: .int8
        case MW_BM_UINT8: .uint8
        case MW_BM_INT16: .int16
        case MW_BM_UINT16: .uint16
        case MW_BM_INT32: .int32
        case MW_BM_UINT32: .uint32
        case MW_BM_BFLOAT16: .bfloat16
        default: nil
        }
    }

    private func allocate(_ handle: UnsafeMutableRawPointer) throws(AcceleratorError) {
        let found = network.flatMap { functions.bmrt_get_network_info(runtime, $0)?.pointee }
        guard let found, let stage = found.stages?.pointee else { throw failed("bmrt_get_network_info") }
        for (index, tensor) in inputs.enumerated() {
            given.append(try tensor.device(handle, found.input_types[index], stage.input_shapes[index], self))
        }
        for (index, tensor) in outputs.enumerated() {
            taken.append(try tensor.device(handle, found.output_types[index], stage.output_shapes[index], self))
        }
    }

    fileprivate func memory(_ handle: UnsafeMutableRawPointer, bytes: Int) throws(AcceleratorError) -> mw_bm_memory {
        var memory = mw_bm_memory()
        try call("bm_malloc_device_byte", functions.bm_malloc_device_byte(handle, &memory, UInt32(bytes)))
        return memory
    }

    func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError) {
        buffers = try BoundBuffers(input, output, self)
    }

    func run() throws(AcceleratorError) -> AcceleratorTiming {
        guard let handle, let runtime, let buffers else {
            throw .notReady(needs: "a loaded model and bound buffers")
        }
        let clock = ContinuousClock()
        let start = clock.now
        var offset = 0
        for (tensor, place) in zip(inputs, given) {
            try call("bm_memcpy_s2d", functions.bm_memcpy_s2d(handle, place.memory, buffers.inputAddress(at: offset)))
            offset += tensor.byteCount
        }
        var results = taken
        try launch(runtime, &results)
        try call("bm_thread_sync", functions.bm_thread_sync(handle))
        offset = 0
        for (tensor, place) in zip(outputs, results) {
            let rank = min(max(0, Int(place.shape.count)), MW_BM_MAX_DIMS)
            let shape = withUnsafeBytes(of: place.shape.sizes) { Array($0.bindMemory(to: Int32.self).prefix(rank)) }
            guard shape.map(Int.init) == tensor.shape else {
                throw .wrongTensor(
                    name: tensor.name, what: "shape of output", expected: "\(tensor.shape)", found: "\(shape)")
            }
            try call("bm_memcpy_d2s", functions.bm_memcpy_d2s(handle, buffers.output + offset, place.memory))
            offset += tensor.byteCount
        }
        return AcceleratorTiming(library: nil, wall: clock.now - start)
    }

    private func launch(_ runtime: UnsafeMutableRawPointer, _ results: inout [mw_bm_tensor]) throws(AcceleratorError) {
        let (ins, outs) = (Int32(given.count), Int32(results.count))
        if !cores.isEmpty, let launch = functions.bmrt_launch_tensor_multi_cores {
            guard launch(runtime, network, given, ins, &results, outs, true, false, cores, Int32(cores.count)) else {
                throw failed("bmrt_launch_tensor_multi_cores")
            }
        } else {
            guard functions.bmrt_launch_tensor_ex(runtime, network, given, ins, &results, outs, true, false) else {
                throw failed("bmrt_launch_tensor_ex")
            }
        }
    }

    func unload() {
        if let handle {
            for place in given + taken { functions.bm_free_device(handle, place.memory) }
            if let runtime { functions.bmrt_destroy(runtime) }
            functions.bm_dev_free(handle)
        }
        (handle, runtime, network, buffers) = (nil, nil, nil, nil)
        (given, taken, cores) = ([], [], [])
        (inputs, outputs) = ([], [])
    }
}

extension AcceleratorTensor {
    fileprivate func device(
        _ handle: UnsafeMutableRawPointer, _ type: UInt32, _ shape: mw_bm_shape, _ owner: BMRTAccelerator
    ) throws(AcceleratorError) -> mw_bm_tensor {
        mw_bm_tensor(type: type, shape: shape, memory: try owner.memory(handle, bytes: byteCount), store_mode: 0)
    }
}
