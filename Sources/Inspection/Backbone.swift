package import Graph
package import Kernels
package import Pictures
internal import Runtime

/// The network in front of every mode but template comparison: a picture in, features out, int8 all the way.
///
/// Not Sendable: one picture at a time.
package final class Backbone {
    /// What pictures are resized to.
    package let size: InspectionRecipe.Size
    package let columns: Int
    package let rows: Int
    package let channels: Int
    package let kernels: KernelSet

    private let session: Session
    private let quantization: Quantization
    private let featureOffset: Int
    private var input: [UInt8]
    private var output: [UInt8]

    /// Levels of brightness that one mean deviation of a picture is spread over, and what it is enlarged by where there is
    /// hardly any, so that noise stays noise.
    private static let spread = 40.0
    private static let leastDeviation = 3.0
    /// What the network takes is in 32nds.
    private static let unit: Float = 32

    /// - Parameter plan: with one int8 input [1, 3, height, width] and an int8 output `features` [1, channel, row, column].
    /// - Parameter owner: keeps the plan's bytes alive.
    package init(plan: Plan, keeping owner: AnyObject, kernels: KernelSet) throws(InspectionError) {
        guard plan.inputs.count == 1, let picture = plan.inputs.first, picture.type == .int8, picture.shape.count == 4,
            picture.shape[0] == 1, picture.shape[1] == 3
        else {
            throw .model(
                what: "network", expected: "one int8 input [1, 3, height, width]",
                found: "\(plan.inputs.map { "\($0.type) \($0.shape)" }.joined(separator: ", "))")
        }
        var offset = 0
        var place: (tensor: Tensor, offset: Int)?
        for tensor in plan.outputs {
            if tensor.shortName == Self.featureName { place = (tensor, offset) }
            offset += tensor.byteCount
        }
        guard let place, place.tensor.type == .int8, place.tensor.shape.count == 4, place.tensor.shape[0] == 1,
            place.tensor.shape[1] % 4 == 0, place.tensor.shape[1] <= PreparedMemory.maximumChannels,
            place.tensor.shape[2...].allSatisfy({ $0 >= PictureDescriptor.squares })
        else {
            throw .model(
                what: "network",
                expected:
                    "an int8 output \(Self.featureName) [1, channel, row, column], channels in fours, 3 rows and columns at least",
                found: "\(plan.outputs.map { "\($0.name) \($0.type) \($0.shape)" }.joined(separator: ", "))")
        }
        do throws(RuntimeError) { session = try Session(plan: plan, keeping: owner, kernels: kernels) } catch {
            throw .runtime(error)
        }
        size = .init(width: picture.shape[3], height: picture.shape[2])
        (channels, rows, columns) = (place.tensor.shape[1], place.tensor.shape[2], place.tensor.shape[3])
        featureOffset = place.offset
        quantization = picture.quantization
        self.kernels = kernels
        input = [UInt8](repeating: 0, count: session.inputBytes)
        output = [UInt8](repeating: 0, count: session.outputBytes)
    }

    private static let featureName = "features"

    /// - Parameter picture: of any size, grey or in colour.
    package func features(of picture: Picture) throws(InspectionError) -> FeatureMap {
        prepare(picture.colour.resized(width: size.width, height: size.height))
        return try features()
    }

    /// The picture first, then its mirror images.
    package func features(
        of picture: Picture, in view: InspectionRecipe.View
    ) throws(InspectionError) -> [FeatureMap] {
        var seen = [try features(of: picture)]
        guard view == .mirrored else { return seen }
        // Left to right, both, top to bottom.
        for isSideways in [true, false, true] {
            mirror(isSideways: isSideways)
            seen.append(try features())
        }
        return seen
    }

    /// Of what is in `input`.
    // SAFETY: `output` has a byte for each number of the features behind their offset, which the plan says.
    private func features() throws(InspectionError) -> FeatureMap {
        do throws(RuntimeError) { try run() } catch { throw .runtime(error) }
        let cells = rows * columns
        let channels = channels
        precondition(featureOffset + cells * channels <= output.count)
        let values = [Int8](unsafeUninitializedCapacity: cells * channels) { values, count in
            output.withUnsafeBufferPointer { output in
                for channel in 0..<channels {
                    let from = featureOffset + channel * cells
                    for cell in 0..<cells {
                        values[cell &* channels &+ channel] = Int8(bitPattern: output[from &+ cell])
                    }
                }
            }
            count = cells * channels
        }
        return FeatureMap(columns: columns, rows: rows, channels: channels, values: values)
    }

    /// What is in `input`, left to right or top to bottom.
    // SAFETY: `input` has three planes of the network's size, as the plan says and the initialiser has checked.
    private func mirror(isSideways: Bool) {
        let (width, height) = (size.width, size.height)
        input.withUnsafeMutableBufferPointer { input in
            for line in 0..<3 * height {
                let start = line * width
                let (plane, row) = line.quotientAndRemainder(dividingBy: height)
                if isSideways {
                    for column in 0..<width / 2 { input.swapAt(start + column, start + width - 1 - column) }
                } else if row < height / 2 {
                    let below = (plane * height + height - 1 - row) * width
                    for column in 0..<width { input.swapAt(start + column, below + column) }
                }
            }
        }
    }

    /// Whether what was learnt is of a network of this shape.
    func fits(_ memory: InspectionRecipe.Memory) -> Bool {
        memory.channels == channels && memory.columns == columns && memory.rows == rows
    }

    private func run() throws(RuntimeError) {
        // A closure would lose the typed throw.
        try input.withUnsafeBytes { from in
            output.withUnsafeMutableBytes { to in
                Result { () throws(RuntimeError) in try session.run(bytes: from, output: to) }
            }
        }.get()
    }

    /// The picture's own light taken off: each channel less its mean, in parts of the mean deviation of all.
    ///
    /// - Parameter picture: of the network's size, in colour.
    private func prepare(_ picture: Picture) {
        let count = picture.width * picture.height
        var histograms = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 3)
        // SAFETY: the picture has three bytes a pixel.
        picture.pixels.withUnsafeBufferPointer { pixels in
            for channel in 0..<3 {
                histograms[channel].withUnsafeMutableBufferPointer { histogram in
                    for pixel in 0..<count { histogram[Int(pixels[pixel * 3 + channel])] += 1 }
                }
            }
        }
        let means = histograms.map { histogram in
            Double(histogram.indices.reduce(0) { $0 + $1 * histogram[$1] }) / Double(count)
        }
        var deviation = 0.0
        for channel in 0..<3 {
            for level in 0..<256 {
                deviation += Double(histograms[channel][level]) * abs(Double(level) - means[channel])
            }
        }
        deviation = deviation / Double(3 * count) + Self.leastDeviation
        for channel in 0..<3 {
            let table = (0..<256).map { level -> UInt8 in
                let steps = (Self.spread * (Double(level) - means[channel]) / deviation).rounded(.toNearestOrEven)
                let element = Float(min(max(steps, -127), 127)) / Self.unit
                return UInt8(bitPattern: quantization.quantize(element))
            }
            // SAFETY: the same, and `input` a byte a pixel and channel.
            input.withUnsafeMutableBufferPointer { input in
                picture.pixels.withUnsafeBufferPointer { pixels in
                    for pixel in 0..<count { input[channel * count + pixel] = table[Int(pixels[pixel * 3 + channel])] }
                }
            }
        }
    }
}
