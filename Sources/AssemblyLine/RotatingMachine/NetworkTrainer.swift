internal import Scoring

/// Trains a network to give back features from which noise has been taken: an autoencoder that learns how features move
/// together in normal running.
///
/// The noise is what keeps it honest on a few dozen windows: it can only learn movements that are larger than the noise.
///
/// - Source: Vincent et al., Extracting and composing robust features with denoising autoencoders, ICML 2008; Kingma and
///   Ba, Adam, ICLR 2015; Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
struct NetworkTrainer {
    struct Settings {
        var steps: Int
        var batch = 16
        var rate: Float = 0.004
        var weightDecay: Float = 0.01
        /// In the inputs' unit, deviations of normal running.
        var noise = 1.0
    }

    private(set) var network: Network
    private let settings: Settings
    private var random: RandomSource
    private var gradients: [Network.Layer]
    private var firstMoments: [Network.Layer]
    private var secondMoments: [Network.Layer]
    private var activations: [[Float]]
    private var errors: [[Float]]
    private var firstPower: Float = 1
    private var secondPower: Float = 1

    /// - Parameter hidden: sizes of the three hidden layers; the middle one is not rectified.
    init(inputs: Int, outputs: Int, hidden: [Int], settings: Settings, random: RandomSource) {
        self.settings = settings
        self.random = random
        let sizes = [inputs] + hidden + [outputs]
        network = Network(sizes: sizes, rectified: [true, false, true, false], random: &self.random)
        gradients = network.layers
        for index in gradients.indices { gradients[index].clear() }
        firstMoments = gradients
        secondMoments = gradients
        activations = sizes.map { [Float](repeating: 0, count: $0) }
        errors = activations
    }

    /// Runs all steps over the rows, in an order drawn from the seed.
    ///
    /// - Shapes: rows [features + conditions]; the first `targets` of a row are what is to be given back.
    /// - Returns: the mean squared error of each step's batch.
    mutating func train(_ rows: [[Float]], targets: Int, report: (Double) -> Void) -> [Float] {
        var losses: [Float] = []
        losses.reserveCapacity(settings.steps)
        var order = Array(rows.indices)
        var at = order.count
        for step in 0..<settings.steps {
            var loss: Float = 0
            for _ in 0..<settings.batch {
                if at == order.count {
                    for index in order.indices.dropFirst().reversed() {
                        order.swapAt(index, random.index(below: index + 1))
                    }
                    at = 0
                }
                loss += addGradient(rows[order[at]], targets: targets)
                at += 1
            }
            update(progress: Float(step) / Float(settings.steps))
            losses.append(loss / Float(settings.batch * targets))
            if step % 64 == 63 { report(Double(step) / Double(settings.steps)) }
        }
        return losses
    }

    private mutating func addGradient(_ row: [Float], targets: Int) -> Float {
        for index in row.indices {
            // Only what is judged gets noise; speed and load are known as they are.
            activations[0][index] =
                index < targets
                ? Standardizer.reached(Double(row[index]) + settings.noise * random.normal()) : row[index]
        }
        let count = network.layers.count
        for index in 0..<count {
            network.layers[index].forward(activations[index], into: &activations[index + 1])
        }
        var loss: Float = 0
        for index in 0..<targets {
            let error = activations[count][index] - row[index]
            errors[count][index] = error
            loss += error * error
        }
        for index in (0..<count).reversed() {
            let above = errors[index + 1]
            network.layers[index].backward(
                input: activations[index], output: activations[index + 1], error: above,
                gradient: &gradients[index], inputError: &errors[index], wantsInputError: index > 0)
        }
        return loss
    }

    /// One step of Adam with weights decaying apart from the gradient, at a rate that falls to zero.
    private mutating func update(progress: Float) {
        let (beta1, beta2): (Float, Float) = (0.9, 0.999)
        firstPower *= beta1
        secondPower *= beta2
        let rate = settings.rate * (1 - progress)
        let stride = rate / (1 - firstPower)
        let spread = 1 / (1 - secondPower)
        let share = 1 / Float(settings.batch)
        func step(
            _ values: inout [Float], _ gradient: inout [Float], _ first: inout [Float], _ second: inout [Float],
            decay: Float
        ) {
            // SAFETY: four different arrays of one length; the buffers stay within the closures.
            values.withUnsafeMutableBufferPointer { values in
                gradient.withUnsafeMutableBufferPointer { gradient in
                    first.withUnsafeMutableBufferPointer { first in
                        second.withUnsafeMutableBufferPointer { second in
                            var index = 0
                            while index < values.count {
                                let slope = gradient[index] * share
                                gradient[index] = 0
                                first[index] = beta1 * first[index] + (1 - beta1) * slope
                                second[index] = beta2 * second[index] + (1 - beta2) * slope * slope
                                values[index] -=
                                    stride * first[index] / ((second[index] * spread).squareRoot() + 1e-8)
                                    + rate * decay * values[index]
                                index += 1
                            }
                        }
                    }
                }
            }
        }
        for index in network.layers.indices {
            step(
                &network.layers[index].weights, &gradients[index].weights, &firstMoments[index].weights,
                &secondMoments[index].weights, decay: settings.weightDecay)
            step(
                &network.layers[index].bias, &gradients[index].bias, &firstMoments[index].bias,
                &secondMoments[index].bias, decay: 0)
        }
    }
}

extension Network.Layer {
    fileprivate mutating func clear() {
        for index in weights.indices { weights[index] = 0 }
        for index in bias.indices { bias[index] = 0 }
    }
}
