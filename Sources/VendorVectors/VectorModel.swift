internal import Arrays
package import Graph

/// A model as a vendor's tool computed it: every tensor's numbers, and the layers between them.
package struct VectorModel: Sendable {
    package var vendor: String
    package var chip: String
    package var name: String
    /// The contract that is to give the same numbers.
    package var contract: any Contract.Type
    var tensors: [String: VectorTensor]
    var layers: [VectorLayer]

    /// - Parameter name: the files' path without extension, for messages.
    /// - Parameter json: what the vectors' README describes for the vendor.
    /// - Throws: what was expected, what came, and in which file, layer and field.
    package init(name: String, json: [UInt8], npz: [UInt8]) throws(VectorError) {
        let file = try VectorFile(name: name, json: json, npz: npz)
        let root = file.root
        vendor = try root.child("vendor").text()
        chip = try root.child("chip").text()
        contract = try Self.contract(vendor: vendor, chip: chip, at: root.place)
        let base = name.split(separator: "/").last.map(String.init) ?? name
        self.name = base
        switch vendor {
        case "Rockchip": (tensors, layers) = try file.rockchip()
        case "Sophgo": (tensors, layers) = try file.sophgo(isHighMultiply: contract == SophgoCV181x.self)
        default: (tensors, layers) = try file.operation(base)
        }
    }

    /// The chips whose vectors are known, by the beginning of their names.
    private static let contracts: [(vendor: String, chip: String, contract: any Contract.Type)] = [
        ("Rockchip", "rk", Rockchip.self), ("Rockchip", "rv", Rockchip.self), ("Sophgo", "bm", SophgoBM.self),
        ("Sophgo", "cv184", SophgoBM.self), ("Sophgo", "cv18", SophgoCV181x.self),
        ("Sophgo", "sg200", SophgoCV181x.self),
        ("VeriSilicon VIP", "verisilicon-a311d", VeriSiliconA311D.self),
        ("VeriSilicon VIP", "verisilicon-v853", VeriSiliconV853.self), ("T-Head", "SHL", SHL.self),
    ]

    private static func contract(vendor: String, chip: String, at place: String) throws(VectorError)
        -> any Contract.Type
    {
        for known in contracts where known.vendor == vendor && chip.hasPrefix(known.chip) { return known.contract }
        let known = contracts.map { "\($0.vendor) \($0.chip)" }.joined(separator: ", ")
        throw VectorError(place, expected: "vendor and chip among \(known)", found: "\(vendor) \(chip)")
    }
}

/// The numbers of a tensor, one sample after the other, channels last, as plans store them: uint8 less 128.
struct VectorTensor: Sendable {
    var shape: [Int]
    var values: [Int8]
    var quantization: Quantization
    /// The name of its array.
    var array: String
}

struct VectorLayer: Sendable {
    enum Operation: Sendable {
        /// Of real numbers, channels last.
        case quantize([Float])
        case convolution(Product, stride: [Int], padding: [Int], groups: Int, kernel: (Int, Int), residual: String?)
        case dense(Product)
        case pool(Graph.Pool.Kind, String, kernel: [Int], stride: [Int], padding: [Int])
        case addition(String, String)
    }
    /// An input and what it is multiplied with.
    struct Product: Sendable {
        var input: String
        /// `[out, height, width, in]`, or `[out, in]`.
        var weights: Weights.Source
        var isDepthwise = false
    }

    var output: String
    var operation: Operation
    var relu: Bool
    /// Least share of elements that must be equal: that of whoever derived the contract.
    var share: Double
    /// Multipliers and shifts that the vendor's compiler chose; empty where the scales are all there is.
    var stated: [(multiplier: Int, shift: Int)] = []
}

extension VectorFile {
    /// A tensor's array from channels first to channels last.
    func tensor(_ array: String, scale: Float, zeroPoint: Int, samples: Int? = nil) throws(VectorError) -> VectorTensor
    {
        let found = try self.array(array)
        guard found.kind == .int8 || found.kind == .uint8, let values = found.integers else {
            throw VectorError("\(name).npz: \(array)", expected: "int8 or uint8", found: found.kind.rawValue)
        }
        let origin = found.kind == .uint8 ? 128 : 0
        guard scale.isFinite, scale > 0, (-128...127).contains(zeroPoint - origin) else {
            throw VectorError(
                "\(name).json: \(array)", expected: "a scale above 0 and a zero point of its type",
                found: "\(scale), \(zeroPoint)")
        }
        var (shape, numbers) = (found.shape, values)
        // An operand that every sample shares has no dimension for them.
        if let samples, shape.count == 3 {
            shape.insert(samples, at: 0)
            numbers = (0..<samples).flatMap { _ in values }
        }
        let (last, order) = Self.channelsLast(shape)
        return VectorTensor(
            shape: last, values: order.map { Int8(numbers[$0] - origin) },
            quantization: Quantization(scale: scale, zeroPoint: Int32(zeroPoint - origin)), array: array)
    }

    /// The shape with channels last, and where each of its elements was.
    static func channelsLast(_ shape: [Int]) -> (shape: [Int], order: [Int]) {
        guard shape.count == 4 else { return (shape, Array(0..<shape.reduce(1, *))) }
        let (n, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
        let order = (0..<n * height * width * channels).map { index in
            let (pixel, channel) = index.quotientAndRemainder(dividingBy: channels)
            let (image, place) = pixel.quotientAndRemainder(dividingBy: height * width)
            return (image * channels + channel) * height * width + place
        }
        return ([n, height, width, channels], order)
    }

    /// Weights and bias of a convolution, OIHW.
    /// - Parameter ratios: what the compiler made of the scales, where those of the weights are not told.
    func convolution(
        _ input: String, weights: String, bias: String, scales: [Float], zeroPoints: [Int]?, ratios: [Float]? = nil,
        groups: Int
    ) throws(VectorError) -> (VectorLayer.Product, kernel: (Int, Int)) {
        let array = try self.array(weights)
        guard array.shape.count == 4, let values = array.integers else {
            throw VectorError(
                "\(name).npz: \(weights)", expected: "integers [out, in, height, width]",
                found: "\(array.kind.rawValue) \(array.shape)")
        }
        let origin = array.kind == .uint8 ? 128 : 0
        let (outputs, inputs, height, width) = (array.shape[0], array.shape[1], array.shape[2], array.shape[3])
        let isDepthwise = groups > 1 && inputs == 1 && outputs == groups
        var elements: [Int8] = []
        elements.reserveCapacity(values.count)
        if isDepthwise {
            // Plans hold these [height, width, channels].
            for tap in 0..<height * width {
                for channel in 0..<outputs { elements.append(Int8(values[channel * height * width + tap] - origin)) }
            }
        } else {
            for out in 0..<outputs {
                for tap in 0..<height * width {
                    for channel in 0..<inputs {
                        elements.append(Int8(values[(out * inputs + channel) * height * width + tap] - origin))
                    }
                }
            }
        }
        let source = try source(
            elements, bias, outputs: outputs, scales: scales, zeroPoints: zeroPoints?.map { $0 - origin },
            ratios: ratios,
            at: weights)
        return (VectorLayer.Product(input: input, weights: source, isDepthwise: isDepthwise), (height, width))
    }

    /// Weights and bias of a dense layer.
    /// - Parameter isInputFirst: `[in, out]`, else `[out, in]`.
    /// - Parameter image: the input's shape, channels last, whose pixels the weights know channels first.
    func dense(
        _ input: String, weights: String, bias: String, isInputFirst: Bool, image: [Int], scales: [Float],
        zeroPoints: [Int]?, ratios: [Float]? = nil
    ) throws(VectorError) -> VectorLayer.Product {
        let array = try self.array(weights)
        guard array.shape.count == 2, let values = array.integers else {
            throw VectorError(
                "\(name).npz: \(weights)", expected: "integers of two dimensions",
                found: "\(array.kind.rawValue) \(array.shape)")
        }
        let origin = array.kind == .uint8 ? 128 : 0
        let (inputs, outputs) = isInputFirst ? (array.shape[0], array.shape[1]) : (array.shape[1], array.shape[0])
        // Where each input of the plan lies among the weights' inputs.
        let (channels, pixels) = image.count == 4 ? (image[3], image[1] * image[2]) : (inputs, 1)
        guard channels * pixels == inputs else {
            throw VectorError("\(name).npz: \(weights)", expected: "\(channels * pixels) inputs", found: "\(inputs)")
        }
        let places = (0..<inputs).map { $0 % channels * pixels + $0 / channels }
        let elements = (0..<outputs).flatMap { out in
            places.map { Int8(values[isInputFirst ? $0 * outputs + out : out * inputs + $0] - origin) }
        }
        let source = try source(
            elements, bias, outputs: outputs, scales: scales, zeroPoints: zeroPoints?.map { $0 - origin },
            ratios: ratios,
            at: weights)
        return VectorLayer.Product(input: input, weights: source)
    }

    private func source(
        _ elements: [Int8], _ bias: String, outputs: Int, scales: [Float], zeroPoints: [Int]?, ratios: [Float]?,
        at place: String
    ) throws(VectorError) -> Weights.Source {
        let numbers = try integers(bias).values
        guard numbers.count == outputs, scales.count == 1 || scales.count == outputs else {
            throw VectorError(
                "\(name): \(place)", expected: "\(outputs) biases, and 1 or \(outputs) scales",
                found: "\(numbers.count) and \(scales.count)")
        }
        var points: [Int8]?
        if let zeroPoints, zeroPoints.contains(where: { $0 != 0 }) {
            guard zeroPoints.count == 1 || zeroPoints.count == outputs,
                zeroPoints.allSatisfy({ (-128...127).contains($0) })
            else {
                throw VectorError(
                    "\(name): \(place)", expected: "1 or \(outputs) zero points of 8 bits", found: "\(zeroPoints)")
            }
            points = (0..<outputs).map { Int8(zeroPoints[zeroPoints.count == 1 ? 0 : $0]) }
        }
        return Weights.Source(
            elements: elements, scales: scales, zeroPoints: points, bias: numbers.map { Int32(clamping: $0) },
            ratios: ratios.map { ratios in (0..<outputs).map { ratios[ratios.count == 1 ? 0 : $0] } })
    }
}
