/// The constants of a sum of products: weights in the order in which kernels read them, scales, zero points, bias.
///
/// Packed alike for every instruction set, so that a plan is used where it lies: for each group, blocks of 16 output
/// channels, each `[segment][ceil(length / 4)][16][4]`. A segment is a run of input bytes that lie side by side: a row of
/// the kernel, a single tap where taps are apart, the whole of a dense layer's row. Where there is no channel or no byte,
/// the weight is 0.
package struct Weights: Sendable {
    /// Output channels of one group.
    package let outputs: Int
    package let groups: Int
    package let segments: Int
    /// Bytes of input that one segment multiplies.
    package let segmentLength: Int
    package let packed: Constant<Int8>
    /// One for all output channels, or one each.
    package let scales: Constant<Float>
    /// One an output channel in what was uint8, be they all 0; nil in int8 models.
    package let zeroPoints: Constant<Int8>?
    /// One an output channel as a vendor's compiler stated it; nil where ratios follow from the scales.
    package let ratios: Constant<Float>?
    /// One an output channel, in units of `input scale * weight scale`.
    package let bias: Constant<Int32>
    /// One an output channel.
    package let requantization: [Requantization]

    package static let blockChannels = 16
    package static let groupBytes = 4

    /// Products in one sum.
    package var depth: Int { segments * segmentLength }
    package var channels: Int { outputs * groups }
    package var blocks: Int { (outputs + Self.blockChannels - 1) / Self.blockChannels }
    static func paddedLength(_ length: Int) -> Int { (length + groupBytes - 1) / groupBytes * groupBytes }
    package var blockBytes: Int { Self.blockChannels * segments * Self.paddedLength(segmentLength) }
    package var packedBytes: Int { groups * blocks * blockBytes }
    /// Of everything here.
    package var constantBytes: Int {
        packedBytes + scales.bytes.count + bias.bytes.count + (zeroPoints?.bytes.count ?? 0)
            + (ratios?.bytes.count ?? 0)
    }

    package func scale(_ channel: Int) -> Float { scales[scales.count == 1 ? 0 : channel] }
    package func zeroPoint(_ channel: Int) -> Int32 { zeroPoints.map { Int32($0[channel]) } ?? 0 }

    /// The weight of output `channel` for byte `index` of segment `segment`.
    package func weight(_ channel: Int, segment: Int, _ index: Int) -> Int32 {
        Int32(packed[Self.offset(channel, segment, index, outputs: outputs, segments: segments, length: segmentLength)])
    }

    static func offset(_ channel: Int, _ segment: Int, _ index: Int, outputs: Int, segments: Int, length: Int) -> Int {
        let (group, inGroup) = channel.quotientAndRemainder(dividingBy: outputs)
        let blocks = (outputs + blockChannels - 1) / blockChannels
        let block = group * blocks + inGroup / blockChannels
        let column = segment * paddedLength(length) + index
        let quad = block * (segments * paddedLength(length) / groupBytes) + column / groupBytes
        return (quad * blockChannels + inGroup % blockChannels) * groupBytes + column % groupBytes
    }

    /// Weights as ``PlanBuilder`` takes them.
    package struct Source: Hashable, Sendable {
        /// `[out, segments, length]`, row-major.
        package var elements: [Int8]
        package var scales: [Float]
        package var zeroPoints: [Int8]?
        package var bias: [Int32]
        /// What a vendor's compiler made of `input scale * weight scale / output scale`, one an output channel; nil where
        /// it follows from the scales.
        package var ratios: [Float]?

        package init(
            elements: [Int8], scales: [Float], zeroPoints: [Int8]? = nil, bias: [Int32], ratios: [Float]? = nil
        ) {
            self.ratios = ratios
            self.elements = elements
            self.scales = scales
            self.zeroPoints = zeroPoints
            self.bias = bias
        }

        func encode(to encoder: inout OperatorEncoder, groups: Int, segments: Int, length: Int) {
            let channels = bias.count
            let outputs = channels / groups
            let blocks = (outputs + blockChannels - 1) / blockChannels
            var packed = [Int8](repeating: 0, count: groups * blocks * blockChannels * segments * paddedLength(length))
            for channel in 0..<channels {
                for segment in 0..<segments {
                    let row = (channel * segments + segment) * length
                    for index in 0..<length {
                        let to = offset(channel, segment, index, outputs: outputs, segments: segments, length: length)
                        packed[to] = elements[row + index]
                    }
                }
            }
            encoder.constant(packed)
            encoder.count(scales.count)
            encoder.constant(scales)
            encodeExtras(to: &encoder)
            encoder.constant(bias)
        }

        /// What not every layer has, as ``Weights/Extras`` reads it.
        func encodeExtras(to encoder: inout OperatorEncoder) {
            encoder.count((zeroPoints == nil ? 0 : 1) + (ratios == nil ? 0 : 2))
            if let zeroPoints { encoder.constant(zeroPoints) }
            if let ratios { encoder.constant(ratios) }
        }

        /// Refuses counts that do not fit each other, before anything is packed.
        func check(channels: Int, depth: Int, _ name: String) throws(PlanError) {
            func expect(_ fits: Bool, _ what: String, _ wanted: String, _ found: Int) throws(PlanError) {
                guard fits else {
                    throw .malformed(.init("\(what) of \(name)", expected: wanted, found: "\(found)"))
                }
            }
            try expect(
                elements.count == channels * depth, "weights", "\(channels) * \(depth)", elements.count)
            try expect(scales.count == 1 || scales.count == channels, "weight scales", "1 or \(channels)", scales.count)
            try expect(bias.count == channels, "bias", "\(channels)", bias.count)
            if let zeroPoints {
                try expect(zeroPoints.count == channels, "weight zero points", "\(channels)", zeroPoints.count)
            }
            if let ratios { try expect(ratios.count == channels, "stated ratios", "\(channels)", ratios.count) }
        }
    }

    init(
        from decoder: inout OperatorDecoder, outputs: Int, groups: Int, segments: Int, segmentLength: Int,
        input: Quantization, output: Quantization, name: String, kind: (Int) -> SumOfProducts.Kind
    ) throws(PlanError) {
        self.outputs = outputs
        self.groups = groups
        self.segments = segments
        self.segmentLength = segmentLength
        let start = decoder.reader.offset
        let channels = outputs * groups
        let blocks = (outputs + Self.blockChannels - 1) / Self.blockChannels
        // Each factor is below 2^27, and the product is compared before it is multiplied on.
        let depth = segments * Self.paddedLength(segmentLength)
        guard depth <= SumLimits.maximumDepth else {
            throw .tooLarge(
                .init(
                    "products in a sum of \(name)", expected: "at most \(SumLimits.maximumDepth)", found: "\(depth)",
                    offset: start))
        }
        packed = try decoder.constant(
            "weights of \(name)", count: groups * blocks * Self.blockChannels * depth, of: Int8.self)
        try Self.checkFill(
            packed, outputs: outputs, groups: groups, segments: segments, length: segmentLength, name: name, at: start)
        let scaleCount = try decoder.reader.count("number of weight scales", in: 1...max(channels, 1))
        guard scaleCount == 1 || scaleCount == channels else {
            throw decoder.malformed("number of weight scales", expected: "1 or \(channels)", found: "\(scaleCount)")
        }
        scales = try decoder.constant("weight scales of \(name)", count: scaleCount, of: Float.self)
        let extras = try Extras(from: &decoder, channels: channels, name: name)
        zeroPoints = extras.zeroPoints
        ratios = extras.ratios
        bias = try decoder.constant("bias of \(name)", count: channels, of: Int32.self)
        requantization = try decoder.requantization(
            scales, ratios: ratios, channels: channels, input: input, output: output, isUnsigned: zeroPoints != nil,
            kind: kind)
        try SumLimits.check(self, input, at: start)
    }
}

extension Weights {
    /// Kernels multiply what fills a segment up by whatever lies behind it in the image, so it must be 0; and so must, that
    /// a plan has one form only, what stands for channels that are not there.
    private static func checkFill(
        _ packed: Constant<Int8>, outputs: Int, groups: Int, segments: Int, length: Int, name: String, at offset: Int
    ) throws(PlanError) {
        let lastBytes = length % groupBytes == 0 ? groupBytes : length % groupBytes
        let blocks = (outputs + blockChannels - 1) / blockChannels
        let quads = paddedLength(length) / groupBytes
        for block in 0..<groups * blocks {
            let lanes = min(outputs - block % blocks * blockChannels, blockChannels)
            guard lanes < blockChannels || lastBytes < groupBytes else { continue }
            for quad in 0..<segments * quads {
                let bytes = quad % quads == quads - 1 ? lastBytes : groupBytes
                guard lanes < blockChannels || bytes < groupBytes else { continue }
                let first = (block * segments * quads + quad) * blockChannels * groupBytes
                for index in 0..<blockChannels * groupBytes
                where (index / groupBytes >= lanes || index % groupBytes >= bytes) && packed[first + index] != 0 {
                    throw .malformed(
                        .init(
                            "filling of the weights of \(name)", expected: "0", found: "\(packed[first + index])",
                            offset: offset))
                }
            }
        }
    }
}

extension Weights {
    /// What not every layer has.
    struct Extras {
        var zeroPoints: Constant<Int8>?
        var ratios: Constant<Float>?

        init(from decoder: inout OperatorDecoder, channels: Int, name: String) throws(PlanError) {
            let present = try decoder.reader.count("presence of weight zero points and ratios", in: 0...3)
            if present & 1 != 0 {
                zeroPoints = try decoder.constant("weight zero points of \(name)", count: channels, of: Int8.self)
            }
            if present & 2 != 0 {
                ratios = try decoder.constant("stated ratios of \(name)", count: channels, of: Float.self)
            }
        }
    }
}

extension OperatorDecoder {
    /// The arithmetic of each channel under the plan's contract.
    func requantization(
        _ scales: Constant<Float>, ratios: Constant<Float>?, channels: Int, input: Quantization, output: Quantization,
        isUnsigned: Bool,
        kind: (Int) -> SumOfProducts.Kind
    ) throws(PlanError) -> [Requantization] {
        var made: [Requantization] = []
        made.reserveCapacity(channels)
        for channel in 0..<channels {
            let scale = scales[scales.count == 1 ? 0 : channel]
            let sum = SumOfProducts(
                kind(channel), input: input.scale, weight: scale, output: output.scale, isPerTensor: scales.count == 1,
                isUnsigned: isUnsigned, statedRatio: ratios?[channel])
            guard scale.isFinite, scale > 0, let one = contract.requantization(sum) else {
                throw malformed(
                    "weight scale of channel \(channel)",
                    expected: "a finite number above 0 and a ratio that \(contract.name) can do",
                    found: "\(input.scale) * \(scale) / \(output.scale)"
                        + (ratios.map { ", stated \($0[channel])" } ?? ""))
            }
            made.append(one)
        }
        return made
    }
}
