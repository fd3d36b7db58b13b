import Graph
import Runtime

/// How a plan's tensors lie in a vendor model's buffers: as they are, or channels in front of the rows.
// SAFETY: offsets and counts are those of tensors that `init` found to have the same number of bytes on both sides.
struct TensorTransfer {
    private struct Place {
        var offset: Int
        var byteCount: Int
        var elementBytes: Int
        /// Rows times columns, and channels, where the vendor's side has channels first; nil where both are alike.
        var channelsFirst: (batch: Int, positions: Int, channels: Int)?
    }
    private let inputs: [Place]
    private let outputs: [Place]

    /// - Throws: ``AcceleratorError/wrongTensor(name:what:expected:found:)``; expected is what the plan says.
    init(plan: Plan, _ accelerator: any Accelerator) throws(AcceleratorError) {
        inputs = try Self.places(plan.inputs, accelerator.inputs, "number of inputs")
        outputs = try Self.places(plan.outputs, accelerator.outputs, "number of outputs")
    }

    private static func places(_ ours: [Tensor], _ theirs: [AcceleratorTensor], _ what: String)
        throws(AcceleratorError) -> [Place]
    {
        guard ours.count == theirs.count else {
            throw .wrongTensor(name: "model", what: what, expected: "\(ours.count)", found: "\(theirs.count)")
        }
        var places: [Place] = []
        var offset = 0
        for (plan, vendor) in zip(ours, theirs) {
            let element = Self.element(plan)
            guard element == vendor.element else {
                throw .wrongTensor(
                    name: vendor.name, what: "type", expected: element.rawValue, found: vendor.element.rawValue)
            }
            try checkQuantization(plan, vendor)
            places.append(
                Place(
                    offset: offset, byteCount: plan.byteCount, elementBytes: plan.type.size,
                    channelsFirst: try order(plan, vendor)))
            offset += plan.byteCount
        }
        return places
    }

    private static func element(_ tensor: Tensor) -> AcceleratorElement {
        switch tensor.type {
        case .int8: tensor.isPresentedUnsigned ? .uint8 : .int8
        case .int32: .int32
        case .float32: .float32
        }
    }

    private static func checkQuantization(_ plan: Tensor, _ vendor: AcceleratorTensor) throws(AcceleratorError) {
        guard plan.type == .int8, let stated = vendor.quantization else { return }
        let zeroPoint = plan.quantization.zeroPoint + (plan.isPresentedUnsigned ? 128 : 0)
        // A library may keep the scale's inverse: a step or two of the last bit are no other scale.
        let ratio = stated.scale / plan.quantization.scale
        guard abs(ratio - 1) < 1e-6 else {
            throw .wrongTensor(
                name: vendor.name, what: "scale", expected: "\(plan.quantization.scale)", found: "\(stated.scale)")
        }
        guard stated.zeroPoint == zeroPoint else {
            throw .wrongTensor(
                name: vendor.name, what: "zero point", expected: "\(zeroPoint)", found: "\(stated.zeroPoint)")
        }
    }

    private static func order(_ plan: Tensor, _ vendor: AcceleratorTensor) throws(AcceleratorError)
        -> (batch: Int, positions: Int, channels: Int)?
    {
        if plan.shape == vendor.shape { return nil }
        if plan.shape.count == 4, vendor.layout == .nchw,
            vendor.shape == [plan.shape[0], plan.shape[3], plan.shape[1], plan.shape[2]]
        {
            return (plan.shape[0], plan.shape[1] * plan.shape[2], plan.shape[3])
        }
        // Dimensions of 1 that stand elsewhere move no element.
        if plan.shape.filter({ $0 > 1 }) == vendor.shape.filter({ $0 > 1 }) { return nil }
        throw .wrongTensor(
            name: vendor.name, what: "shape", expected: "\(plan.shape)", found: "\(vendor.shape) (\(vendor.layout))")
    }

    func copyInputs(from: UnsafeRawBufferPointer, to: UnsafeMutableRawBufferPointer) {
        for place in inputs { Self.copy(place, from: from, to: to, isToVendor: true) }
    }

    func copyOutputs(from: UnsafeRawBufferPointer, to: UnsafeMutableRawBufferPointer) {
        for place in outputs { Self.copy(place, from: from, to: to, isToVendor: false) }
    }

    private static func copy(
        _ place: Place, from: UnsafeRawBufferPointer, to: UnsafeMutableRawBufferPointer, isToVendor: Bool
    ) {
        guard let source = from.baseAddress, let target = to.baseAddress else { return }
        let (start, end) = (source + place.offset, target + place.offset)
        guard let order = place.channelsFirst else {
            end.copyMemory(from: start, byteCount: place.byteCount)
            return
        }
        let size = place.elementBytes
        for batch in 0..<order.batch {
            let base = batch * order.positions * order.channels
            for position in 0..<order.positions {
                for channel in 0..<order.channels {
                    let last = (base + position * order.channels + channel) * size
                    let first = (base + channel * order.positions + position) * size
                    let (read, write) = isToVendor ? (last, first) : (first, last)
                    (end + write).copyMemory(from: start + read, byteCount: size)
                }
            }
        }
    }
}
