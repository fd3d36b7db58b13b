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
        let listed: [VectorLayer]
        switch vendor.lowercased() {
        case "rockchip": (tensors, listed) = try file.rockchip()
        case "sophgo": (tensors, listed) = try file.sophgo(isHighMultiply: contract == SophgoCV181x.self)
        default: (tensors, listed) = try file.operation(base)
        }
        layers = try Self.ordered(listed, at: "\(name).json: layers")
    }

    /// What its layers make, in the order in which they are computed.
    package var outputs: [String] { layers.map(\.output) }

    /// A model for each layer, which reads the vendor's tensors.
    package var apart: [VectorModel] {
        layers.map { layer in
            var one = self
            one.layers = [layer]
            return one
        }
    }

    /// The chips whose numbers the contracts are known to give, by their names in files; letters may be large or small.
    private static let contracts: [(vendor: String, chips: [String], contract: any Contract.Type)] = [
        (
            "Rockchip", ["rk3588", "rk3576", "rk3568", "rk3566", "rk3562", "rv1126b", "rv1106", "rv1103b"],
            Rockchip.self
        ),
        ("Sophgo", ["bm1684x", "bm1688", "cv184x"], SophgoBM.self),
        ("Sophgo", ["cv181x", "cv1812h", "sg2002"], SophgoCV181x.self),
        ("VeriSilicon VIP", ["verisilicon-a311d", "verisilicon-a311d-vipnanoqi-pid0x88"], VeriSiliconA311D.self),
        ("VeriSilicon VIP", ["verisilicon-v853", "verisilicon-v853-vip9000pico-pid0xee"], VeriSiliconV853.self),
        ("T-Head", ["SHL reference backend (x86_ref); not TH1520 NPU", "thead-shl-x86ref"], SHL.self),
    ]

    private static func contract(vendor: String, chip: String, at place: String) throws(VectorError)
        -> any Contract.Type
    {
        for known in contracts where known.vendor.lowercased() == vendor.lowercased() {
            if known.chips.contains(where: { $0.lowercased() == chip.lowercased() }) { return known.contract }
        }
        let known = contracts.map { "\($0.vendor) \($0.chips.joined(separator: ", "))" }.joined(separator: "; ")
        throw VectorError(place, expected: "vendor and chip among \(known)", found: "\(vendor) \(chip)")
    }

    /// Layers such that each stands behind those that make what it reads; otherwise as they are listed.
    private static func ordered(_ listed: [VectorLayer], at place: String) throws(VectorError) -> [VectorLayer] {
        var left = Set<String>()
        for layer in listed where !left.insert(layer.output).inserted {
            throw VectorError(place, expected: "one layer that makes \(layer.output)", found: "two")
        }
        var layers: [VectorLayer] = []
        var waiting = listed
        while !waiting.isEmpty {
            guard let next = waiting.firstIndex(where: { left.isDisjoint(with: $0.inputs) }) else {
                let names = waiting.map(\.output).joined(separator: ", ")
                throw VectorError(place, expected: "layers that do not wait for each other", found: names)
            }
            let layer = waiting.remove(at: next)
            left.remove(layer.output)
            layers.append(layer)
        }
        return layers
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
    /// The share of elements that whoever derived the contract has found equal.
    var emulatorMatch: Double
    /// Multipliers and shifts that the vendor's compiler chose; empty where the scales are all there is.
    var stated: [(multiplier: Int, shift: Int)] = []

    /// What it reads.
    var inputs: [String] {
        switch operation {
        case .quantize: []
        case .convolution(let product, _, _, _, _, let residual): [product.input] + (residual.map { [$0] } ?? [])
        case .dense(let product): [product.input]
        case .pool(_, let input, _, _, _): [input]
        case .addition(let a, let b): [a, b]
        }
    }
}

extension VectorFile {
    /// A tensor's array from channels first to channels last.
    /// - Parameter declared: `int8` or `uint8`, where the file says it.
    /// - Parameter shared: the shape of the other operand, where one sample may stand for all of them.
    func tensor(
        _ array: String, scale: Float, zeroPoint: Int, declared: String? = nil, shared: [Int]? = nil
    ) throws(VectorError) -> VectorTensor {
        var (shape, numbers, origin) = try bytes(array, declared: declared, zeroPoints: [zeroPoint])
        guard scale.isFinite, scale > 0, (-128...127).contains(zeroPoint - origin) else {
            throw VectorError(
                "\(name).json: \(array)", expected: "a scale above 0 and a zero point of its type",
                found: "\(scale), \(zeroPoint)")
        }
        guard !shape.isEmpty else {
            throw VectorError("\(name).npz: \(array)", expected: "an array of one dimension or more", found: "a number")
        }
        // An operand that every sample shares has no dimension for them.
        if let shared, shape.count == shared.count - 1, numbers.count <= shared.dropFirst().reduce(1, *) {
            shape.insert(shared[0], at: 0)
            numbers = (0..<shared[0]).flatMap { _ in numbers }
        }
        let (last, order) = Self.channelsLast(shape)
        return VectorTensor(
            shape: last, values: order.map { numbers[$0] },
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
}
