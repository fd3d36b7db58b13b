internal import Arrays
internal import Graph

extension VectorFile {
    /// What sums are scaled with, as a file says it.
    struct Scaling {
        var scales: [Float]
        var zeroPoints: [Int] = [0]
        /// What the compiler made of the scales, where those of the weights are not told.
        var ratios: [Float]?
    }

    /// Weights and bias of a convolution, OIHW.
    /// - Parameter isJoined: another tensor is added before the result is rounded, which depthwise kernels do not do.
    func convolution(
        _ input: String, weights: String, bias: String, _ scaling: Scaling, groups: Int, isJoined: Bool = false
    ) throws(VectorError) -> (VectorLayer.Product, kernel: (Int, Int)) {
        let (shape, values, origin) = try bytes(weights, zeroPoints: scaling.zeroPoints)
        guard shape.count == 4 else {
            throw VectorError(
                "\(name).npz: \(weights)", expected: "integers [out, in, height, width]", found: "\(shape)")
        }
        let (outputs, inputs, height, width) = (shape[0], shape[1], shape[2], shape[3])
        let isDepthwise = groups > 1 && inputs == 1 && outputs == groups && !isJoined
        var elements: [Int8] = []
        elements.reserveCapacity(values.count)
        if isDepthwise {
            // Plans hold these [height, width, channels].
            for tap in 0..<height * width {
                for channel in 0..<outputs { elements.append(values[channel * height * width + tap]) }
            }
        } else {
            for out in 0..<outputs {
                for tap in 0..<height * width {
                    for channel in 0..<inputs {
                        elements.append(values[(out * inputs + channel) * height * width + tap])
                    }
                }
            }
        }
        let source = try source(
            elements, bias, outputs: outputs, scaling, origin: origin, isDepthwise: isDepthwise, at: weights)
        return (VectorLayer.Product(input: input, weights: source, isDepthwise: isDepthwise), (height, width))
    }

    /// Weights and bias of a dense layer.
    /// - Parameter isInputFirst: `[in, out]`, else `[out, in]`.
    /// - Parameter image: the input's shape, channels last, whose pixels the weights know channels first.
    func dense(
        _ input: String, weights: String, bias: String, isInputFirst: Bool, image: [Int], _ scaling: Scaling
    ) throws(VectorError) -> VectorLayer.Product {
        let (shape, values, origin) = try bytes(weights, zeroPoints: scaling.zeroPoints)
        guard shape.count == 2 else {
            throw VectorError("\(name).npz: \(weights)", expected: "integers of two dimensions", found: "\(shape)")
        }
        let (inputs, outputs) = isInputFirst ? (shape[0], shape[1]) : (shape[1], shape[0])
        // Where each input of the plan lies among the weights' inputs.
        let (channels, pixels) = image.count == 4 ? (image[3], image[1] * image[2]) : (inputs, 1)
        guard channels * pixels == inputs else {
            throw VectorError("\(name).npz: \(weights)", expected: "\(channels * pixels) inputs", found: "\(inputs)")
        }
        let places = (0..<inputs).map { $0 % channels * pixels + $0 / channels }
        let elements = (0..<outputs).flatMap { out in
            places.map { values[isInputFirst ? $0 * outputs + out : out * inputs + $0] }
        }
        let source = try source(
            elements, bias, outputs: outputs, scaling, origin: origin, isDepthwise: false, at: weights)
        return VectorLayer.Product(input: input, weights: source)
    }

    private func source(
        _ elements: [Int8], _ bias: String, outputs: Int, _ scaling: Scaling, origin: Int, isDepthwise: Bool,
        at place: String
    ) throws(VectorError) -> Weights.Source {
        func expect(_ count: Int, isOneEnough: Bool, _ what: String) throws(VectorError) {
            guard count == outputs || (isOneEnough && count == 1) else {
                throw VectorError(
                    "\(name): \(place)", expected: "\(isOneEnough ? "1 or " : "")\(outputs) \(what)", found: "\(count)")
            }
        }
        let biases = try integers(bias, in: Int(Int32.min)...Int(Int32.max)).values
        try expect(biases.count, isOneEnough: false, "biases")
        try expect(scaling.scales.count, isOneEnough: true, "scales")
        try expect(scaling.zeroPoints.count, isOneEnough: true, "zero points")
        if let ratios = scaling.ratios { try expect(ratios.count, isOneEnough: true, "multipliers") }
        let points = scaling.zeroPoints.map { $0 - origin }
        guard points.allSatisfy({ (-128...127).contains($0) }) else {
            throw VectorError(
                "\(name): \(place)", expected: "zero points of the weights' 8 bits", found: "\(scaling.zeroPoints)")
        }
        var source = Weights.Source(
            elements: elements, scales: scaling.scales,
            zeroPoints: points.allSatisfy { $0 == 0 }
                ? nil : (0..<outputs).map { Int8(points[points.count == 1 ? 0 : $0]) },
            bias: biases.map { Int32($0) },
            ratios: scaling.ratios.map { ratios in (0..<outputs).map { ratios[ratios.count == 1 ? 0 : $0] } })
        source.silence(outputs: outputs, isDepthwise: isDepthwise)
        return source
    }
}

extension Weights.Source {
    /// Channels that are multiplied with 0 get sums of 0 instead, which any multiplier leaves 0.
    fileprivate mutating func silence(outputs: Int, isDepthwise: Bool) {
        let silent = (0..<outputs).map { scales[scales.count == 1 ? 0 : $0] == 0 || ratios?[$0] == 0 }
        guard silent.contains(true) else { return }
        let depth = elements.count / outputs
        for index in elements.indices {
            let channel = isDepthwise ? index % outputs : index / depth
            if silent[channel] { elements[index] = zeroPoints?[channel] ?? 0 }
        }
        for channel in 0..<outputs where silent[channel] {
            bias[channel] = 0
            ratios?[channel] = 1
        }
        scales = scales.map { $0 == 0 ? 1 : $0 }
    }
}
