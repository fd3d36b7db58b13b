import Graph
import Runtime

/// How a plan's tensors lie in a vendor model's buffers: as they are, or channels in front of the rows; the same numbers, or
/// real ones where a vendor's tool has put a conversion at the model's doors.
// SAFETY: offsets and counts are those of tensors that `init` found to have the same number of elements on both sides.
struct TensorTransfer {
    fileprivate struct Place {
        /// On the plan's side, and on the vendor's.
        var offset: Int
        var vendorOffset: Int
        var elementCount: Int
        var elementBytes: Int
        /// The plan's tensor, where the vendor's side has real numbers instead.
        var real: Tensor?
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
        var (offset, vendorOffset) = (0, 0)
        for (plan, vendor) in zip(ours, theirs) {
            let element = Self.element(plan)
            let isReal = plan.type == .int8 && vendor.element == .float32
            guard isReal || element == vendor.element else {
                throw .wrongTensor(
                    name: vendor.name, what: "type",
                    expected: plan.type == .int8 ? "\(element.rawValue) or float32" : element.rawValue,
                    found: vendor.element.rawValue)
            }
            if !isReal { try checkQuantization(plan, vendor) }
            places.append(
                Place(
                    offset: offset, vendorOffset: vendorOffset, elementCount: plan.elementCount,
                    elementBytes: plan.type.size, real: isReal ? plan : nil, channelsFirst: try order(plan, vendor)))
            offset += plan.byteCount
            vendorOffset += vendor.byteCount
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
        guard let source = from.baseAddress, let target = to.baseAddress else { return }
        for place in inputs {
            let (ours, theirs) = (source + place.offset, target + place.vendorOffset)
            if let tensor = place.real {
                place.forEach { plan, vendor in
                    let byte = ours.load(fromByteOffset: plan, as: UInt8.self) ^ tensor.flip
                    let value = tensor.quantization.dequantize(Int8(bitPattern: byte))
                    theirs.storeBytes(of: value, toByteOffset: vendor * 4, as: Float.self)
                }
            } else {
                let size = place.elementBytes
                place.forRuns { plan, vendor, count in
                    (theirs + vendor * size).copyMemory(from: ours + plan * size, byteCount: count * size)
                }
            }
        }
    }

    func copyOutputs(from: UnsafeRawBufferPointer, to: UnsafeMutableRawBufferPointer) {
        guard let source = from.baseAddress, let target = to.baseAddress else { return }
        for place in outputs {
            let (theirs, ours) = (source + place.vendorOffset, target + place.offset)
            if let tensor = place.real {
                place.forEach { plan, vendor in
                    let value = theirs.loadUnaligned(fromByteOffset: vendor * 4, as: Float.self)
                    // What is no number becomes the zero point, and the receipt will not agree.
                    let byte = UInt8(bitPattern: tensor.quantization.quantize(value.isFinite ? value : 0))
                    ours.storeBytes(of: byte ^ tensor.flip, toByteOffset: plan, as: UInt8.self)
                }
            } else {
                let size = place.elementBytes
                place.forRuns { plan, vendor, count in
                    (ours + plan * size).copyMemory(from: theirs + vendor * size, byteCount: count * size)
                }
            }
        }
    }
}

extension TensorTransfer.Place {
    /// Runs of elements that lie side by side on both sides: where each begins in the plan's and in the vendor's order.
    fileprivate func forRuns(_ move: (Int, Int, Int) -> Void) {
        guard channelsFirst != nil else { return move(0, 0, elementCount) }
        forEach { move($0, $1, 1) }
    }

    /// Each element in the plan's and in the vendor's order.
    fileprivate func forEach(_ move: (Int, Int) -> Void) {
        guard let order = channelsFirst else {
            for index in 0..<elementCount { move(index, index) }
            return
        }
        for batch in 0..<order.batch {
            let base = batch * order.positions * order.channels
            for position in 0..<order.positions {
                for channel in 0..<order.channels {
                    move(
                        base + position * order.channels + channel, base + channel * order.positions + position)
                }
            }
        }
    }
}

extension Tensor {
    /// What the top bit of a byte is combined with where the world outside sees uint8.
    fileprivate var flip: UInt8 { isPresentedUnsigned ? 0x80 : 0 }
}
