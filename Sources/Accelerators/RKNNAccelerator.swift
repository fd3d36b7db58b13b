import CVendorRuntimes
import Graph
import Runtime

/// A model on Rockchip's `librknnrt.so`.
// SAFETY: the context is valid from rknn_init to rknn_destroy, which only `unload` calls; every pointer handed over lives
// through the call, and sizes are those of the buffers behind it.
final class RKNNAccelerator: Accelerator {
    private let file: VendorLibrary
    private var functions = mw_rknn()
    private var context: mw_rknn_context?
    private var buffers: BoundBuffers?
    private(set) var library: AcceleratorLibrary
    private(set) var inputs: [AcceleratorTensor] = []
    private(set) var outputs: [AcceleratorTensor] = []

    /// Layouts as declared hold from 1.4 on.
    static let oldestVersion = VersionNumber([1, 4])
    static let firstUnknownVersion = VersionNumber([3])
    /// The RK3588 has three cores, and bits for no more are published.
    static let maximumCores = 3

    init(library name: String) throws(AcceleratorError) {
        file = try VendorLibrary(name)
        library = AcceleratorLibrary(name: name, version: "", detail: "")
        try file.bind { mw_rknn_bind($0, &functions) }
    }

    deinit { unload() }

    func load(_ model: UnsafeRawBufferPointer, placement: AcceleratorPlacement) throws(AcceleratorError) {
        unload()
        guard placement.device == 0 else {
            throw .noSuchPlace(what: "device", expected: "0", found: "\(placement.device)")
        }
        guard let size = UInt32(exactly: model.count), size > 0 else {
            throw .callFailed(function: "rknn_init", code: -6, meaning: "a model of \(model.count) bytes")
        }
        var made: mw_rknn_context = 0
        try call("rknn_init", functions.rknn_init(&made, .init(mutating: model.baseAddress), size, 0, nil))
        context = made
        do throws(AcceleratorError) {
            try checkVersion(made)
            try setCores(made, placement.cores)
            try describe(made)
        } catch {
            unload()
            throw error
        }
    }

    private func call(_ function: String, _ code: Int32) throws(AcceleratorError) {
        try file.check(function, code, .rknn)
    }

    private func checkVersion(_ context: mw_rknn_context) throws(AcceleratorError) {
        var versions = mw_rknn_versions()
        try call(
            "rknn_query(RKNN_QUERY_SDK_VERSION)",
            functions.rknn_query(
                context, UInt32(MW_RKNN_QUERY_SDK_VERSION), &versions, UInt32(MemoryLayout<mw_rknn_versions>.size)))
        library.version = CText.string(versions.interface)
        library.detail = CText.string(versions.driver)
        guard let number = VersionNumber(library.version), number >= Self.oldestVersion,
            number < Self.firstUnknownVersion
        else { throw .wrongVersion(library: library.name, expected: "1.4 to 2.x", found: library.version) }
    }

    private func setCores(_ context: mw_rknn_context, _ cores: [Int]) throws(AcceleratorError) {
        guard !cores.isEmpty else { return }
        guard cores.allSatisfy({ (0..<Self.maximumCores).contains($0) }) else {
            throw .noSuchPlace(what: "core", expected: "0...\(Self.maximumCores - 1)", found: "\(cores)")
        }
        let mask = cores.reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
        try call("rknn_set_core_mask", functions.rknn_set_core_mask(context, mask))
    }

    private func describe(_ context: mw_rknn_context) throws(AcceleratorError) {
        var counts = mw_rknn_counts()
        try call(
            "rknn_query(RKNN_QUERY_IN_OUT_NUM)",
            functions.rknn_query(
                context, UInt32(MW_RKNN_QUERY_IN_OUT_NUM), &counts, UInt32(MemoryLayout<mw_rknn_counts>.size)))
        inputs = try tensors(context, MW_RKNN_QUERY_INPUT_ATTR, "RKNN_QUERY_INPUT_ATTR", counts.inputs)
        outputs = try tensors(context, MW_RKNN_QUERY_OUTPUT_ATTR, "RKNN_QUERY_OUTPUT_ATTR", counts.outputs)
    }

    private func tensors(_ context: mw_rknn_context, _ command: Int, _ name: String, _ count: UInt32)
        throws(AcceleratorError) -> [AcceleratorTensor]
    {
        try DescribedTensor.checkCount(Int(count), name)
        var result: [AcceleratorTensor] = []
        for index in 0..<count {
            var attribute = mw_rknn_attribute()
            attribute.index = index
            try call(
                "rknn_query(\(name))",
                functions.rknn_query(
                    context, UInt32(command), &attribute, UInt32(MemoryLayout<mw_rknn_attribute>.size)))
            result.append(try Self.described(attribute).checked())
        }
        return result
    }

    private static func described(_ attribute: mw_rknn_attribute) -> DescribedTensor {
        let layout: AcceleratorLayout =
            switch Int(attribute.format) {
            case MW_RKNN_NCHW: .nchw
            case MW_RKNN_NHWC: .nhwc
            default: .plain
            }
        let count = min(Int(attribute.dimension_count), MW_RKNN_MAX_DIMS)
        let shape = withUnsafeBytes(of: attribute.dimensions) { Array($0.bindMemory(to: UInt32.self).prefix(count)) }
        return DescribedTensor(
            name: CText.string(attribute.name), element: element(Int(attribute.type)), shape: shape.map(Int.init),
            layout: count == 4 ? layout : .plain,
            scale: Int(attribute.quantization) == MW_RKNN_QUANTIZED_AFFINE ? attribute.scale : 0,
            zeroPoint: Int(attribute.zero_point), bytes: Int(attribute.size))
    }

    private static func element(_ type: Int) -> AcceleratorElement? {
        switch type {
        case MW_RKNN_FLOAT32: .float32
        case MW_RKNN_FLOAT16: .float16
        case MW_RKNN_INT8: .int8
        case MW_RKNN_UINT8: .uint8
        case MW_RKNN_INT16: .int16
        case MW_RKNN_UINT16: .uint16
        case MW_RKNN_INT32: .int32
        case MW_RKNN_UINT32: .uint32
        case MW_RKNN_INT64: .int64
        case MW_RKNN_BOOL: .bool
        default: nil
        }
    }

    private static func type(_ element: AcceleratorElement) -> UInt32 {
        let types = [
            MW_RKNN_FLOAT32, MW_RKNN_FLOAT16, MW_RKNN_INT8, MW_RKNN_UINT8, MW_RKNN_INT16, MW_RKNN_UINT16,
            MW_RKNN_INT32, MW_RKNN_UINT32, MW_RKNN_INT64, MW_RKNN_BOOL,
        ]
        return UInt32(types.first { Self.element($0) == element } ?? MW_RKNN_INT8)
    }

    func bind(input: UnsafeRawBufferPointer, output: UnsafeMutableRawBufferPointer) throws(AcceleratorError) {
        buffers = try BoundBuffers(input, output, self)
    }

    func run() throws(AcceleratorError) -> AcceleratorTiming {
        guard let context, let buffers else { throw .notReady(needs: "a loaded model and bound buffers") }
        let clock = ContinuousClock()
        let start = clock.now
        var offset = 0
        var given: [mw_rknn_input] = []
        for (index, tensor) in inputs.enumerated() {
            given.append(
                mw_rknn_input(
                    index: UInt32(index), buffer: buffers.inputAddress(at: offset), size: UInt32(tensor.byteCount),
                    pass_through: 0, type: Self.type(tensor.element),
                    format: UInt32(
                        tensor.layout == .nhwc
                            ? MW_RKNN_NHWC : tensor.layout == .nchw ? MW_RKNN_NCHW : MW_RKNN_UNDEFINED)))
            offset += tensor.byteCount
        }
        try call("rknn_inputs_set", functions.rknn_inputs_set(context, UInt32(given.count), &given))
        try call("rknn_run", functions.rknn_run(context, nil))
        try fetch(context, buffers)
        var time = mw_rknn_run_time()
        try call(
            "rknn_query(RKNN_QUERY_PERF_RUN)",
            functions.rknn_query(
                context, UInt32(MW_RKNN_QUERY_PERF_RUN), &time, UInt32(MemoryLayout<mw_rknn_run_time>.size)))
        return AcceleratorTiming(library: .microseconds(time.microseconds), wall: clock.now - start)
    }

    private func fetch(_ context: mw_rknn_context, _ buffers: BoundBuffers) throws(AcceleratorError) {
        var offset = 0
        var taken: [mw_rknn_output] = []
        for (index, tensor) in outputs.enumerated() {
            taken.append(
                mw_rknn_output(
                    want_float: 0, is_preallocated: 1, index: UInt32(index), buffer: buffers.output + offset,
                    size: UInt32(tensor.byteCount)))
            offset += tensor.byteCount
        }
        try call("rknn_outputs_get", functions.rknn_outputs_get(context, UInt32(taken.count), &taken, nil))
        let sizes = taken.map { Int($0.size) }
        try call("rknn_outputs_release", functions.rknn_outputs_release(context, UInt32(taken.count), &taken))
        for (tensor, size) in zip(outputs, sizes) where size != tensor.byteCount {
            throw .wrongTensor(
                name: tensor.name, what: "bytes of output", expected: "\(tensor.byteCount)", found: "\(size)")
        }
    }

    func unload() {
        if let context { _ = functions.rknn_destroy(context) }
        context = nil
        buffers = nil
        inputs = []
        outputs = []
    }
}

/// Text in arrays of fixed length.
enum CText {
    /// Up to the first zero, or to the end where a library has forgotten it.
    static func string<T>(_ characters: T) -> String {
        // SAFETY: read within the value's own bytes.
        withUnsafeBytes(of: characters) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// - Returns: empty for NULL.
    static func string(_ text: UnsafePointer<CChar>?) -> String { text.map { String(cString: $0) } ?? "" }
}
