@testable import Compiler

/// Small float networks with weights from a seed, and inputs for them.
enum QuantizerNetworks {
    static func numbers(_ count: Int, _ random: inout SeededNumbers, times factor: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &random) * factor }
    }

    static func samples(_ model: Model, count: Int, seed: UInt64) -> [[TensorData]] {
        var random = SeededNumbers(seed)
        return (0..<count).map { _ in
            model.inputs.map { id in
                TensorData(
                    shape: model[id].shape, .float32(numbers(model[id].elementCount, &random, times: 2)))
            }
        }
    }

    /// Convolution, depthwise, pointwise, pool, fully connected, softmax, all channels of the first layers of
    /// different sizes: factors from 1 to 32.
    static func mobile(seed: UInt64, activation: Activation = .relu) throws -> Model {
        var (maker, random) = (ModelMaker("mobile"), SeededNumbers(seed))
        func weights(_ shape: [Int], spread: Bool = false) -> ValueID {
            let inner = shape.dropFirst().reduce(1, *)
            let reals = numbers(shape.reduce(1, *), &random).enumerated().map { position, number in
                number * (spread ? Float(1 << (position / inner % 6)) / 4 : 0.5)
            }
            return maker.reals(shape, reals)
        }
        var convolution = Convolution()
        convolution.padding = Padding(top: 1, left: 1, bottom: 1, right: 1)
        convolution.activation = activation
        var x = maker.input([1, 8, 8, 3])
        x = try maker(convolution, x, weights([12, 3, 3, 3], spread: true), weights([12]))
        convolution.groups = 12
        x = try maker(convolution, x, weights([12, 3, 3, 1]), weights([12]))
        var pointwise = Convolution()
        pointwise.activation = activation
        x = try maker(pointwise, x, weights([8, 1, 1, 12]), weights([8]))
        x = try maker(Pool(.average, kernel: Pair(8, 8)), x)
        x = try maker(Reshape(shape: [1, 8]), x)
        var product = MatrixProduct()
        product.transposesB = true
        x = try maker(product, x, weights([5, 8], spread: true), weights([5]))
        maker.output(try maker(Softmax(axis: 1), x))
        return maker.model
    }

    /// A sum of two branches, joined with a third and halved by a pool: what shares scales.
    static func branches(seed: UInt64) throws -> Model {
        var (maker, random) = (ModelMaker("branches"), SeededNumbers(seed))
        func layer(_ x: ValueID, _ out: Int) throws -> ValueID {
            let channels = maker.shape(x)[3]
            let weights = maker.reals([out, 1, 1, channels], numbers(out * channels, &random))
            return try maker(Convolution(), x, weights, maker.reals([out], numbers(out, &random)))
        }
        let x = maker.input([1, 4, 4, 4])
        let (a, b) = (try layer(x, 6), try layer(x, 6))
        let sum = try maker(Binary(.add), a, b)
        let joined = try maker(Concatenate(axis: 3), sum, try maker(Unary(.sigmoid), try layer(x, 3)))
        var pool = Pool(.maximum, kernel: Pair(2, 2))
        pool.strides = Pair(2, 2)
        maker.output(try layer(try maker(pool, joined), 4))
        return maker.model
    }

    /// The outputs of a model as real numbers.
    static func reals(_ model: Model, _ sample: [TensorData]) throws -> [Float] {
        let inputs = zip(model.inputs, sample).map { id, data in
            guard let quantization = model[id].quantization else { return data }
            let elements = QuantizationParameters(quantization).quantize(
                data.elements.reals, shape: data.shape, type: .int8)
            return TensorData(shape: data.shape, elements)
        }
        return try zip(model.outputs, Evaluator(model).run(inputs)).flatMap { id, data in
            guard let quantization = model[id].quantization else { return data.elements.reals }
            return try QuantizationParameters(quantization).dequantize(data.elements, shape: data.shape)
        }
    }

    /// Signal to noise of a model's outputs against another's, decibels.
    static func decibels(_ float: Model, _ other: Model, _ samples: [[TensorData]]) throws -> Double {
        var noise = LayerNoise(name: "outputs", operation: "", shape: [])
        for sample in samples {
            for (a, b) in zip(try reals(float, sample), try reals(other, sample)) {
                noise.signal += Double(a) * Double(a)
                noise.noise += (Double(a) - Double(b)) * (Double(a) - Double(b))
            }
        }
        return noise.decibels ?? .infinity
    }
}
