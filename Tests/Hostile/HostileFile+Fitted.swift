package import Graph
import Inspection
import Kernels
import Pictures
import Runtime

extension HostileFile {
    /// Side of the pictures that fitted files of the corpus are for, and that an accepted one judges.
    package static let fittedSide = 64

    /// Pixels and numbers that keep a run in the milliseconds.
    private static let fittedPixels = 1 << 14
    private static let fittedRows = 1 << 12

    /// Reads the section that `inspect fit` leaves; what is accepted is written again as it was, and judges pictures of its
    /// size and of another one without reading beyond anything.
    /// - Returns: whether it was accepted.
    @discardableResult
    package static func fitted(_ bytes: [UInt8]) throws(Finding) -> Bool {
        let read = bytes.withUnsafeBytes { section in
            Result { () throws(InspectionError) in try InspectionModel(section) }
        }
        guard case .success(let model) = read else { return false }
        // Spaces and the order of keys in the recipe are anybody's; read again it must be the same.
        guard let written = try? model.encoded(),
            written.withUnsafeBytes({ (try? InspectionModel($0)) == model })
        else { throw Finding(description: "an accepted section is not read as it was written") }
        let size = model.recipe.size ?? .init(width: fittedSide, height: fittedSide)
        let rows = model.recipe.memory.map { $0.levels.reduce(0) { $0 + $1.rows } } ?? 0
        guard size.width * size.height <= fittedPixels, rows <= fittedRows else { return true }
        let inspector: Inspector
        do throws(InspectionError) {
            inspector = try Inspector(model, backbone: model.recipe.mode == .template ? nil : try backbone())
        } catch {
            // Another network's memory is refused here and not before.
            return true
        }
        for (width, height) in [(size.width, size.height), (fittedSide, fittedSide / 2)] {
            do throws(InspectionError) { _ = try inspector.judge(picture(width, height)) } catch {
                throw Finding(description: "an accepted section is refused when it judges: \(error)")
            }
        }
        return true
    }

    /// Stripes, so that there is something to see.
    private static func picture(_ width: Int, _ height: Int) -> Picture {
        let pixels = (0..<width * height).map { index in
            UInt8((index % width / 3 + index / width / 5) % 2 == 0 ? 70 + index % 7 : 170 + index % 11)
        }
        return Picture(width: width, height: height, channels: 1, pixels: pixels)
    }

    /// A network of one convolution, for whose features the corpus has memories: the plan that ``fittedNetwork()`` makes.
    private static func backbone() throws(InspectionError) -> Backbone {
        let memory: PlanMemory
        let plan: Plan
        do throws(PlanError) {
            memory = PlanMemory(copying: try fittedNetwork())
            plan = try Plan(bytes: memory.bytes)
        } catch { throw .file(error) }
        return try Backbone(plan: plan, keeping: memory, kernels: .best)
    }

    /// Features of 4 channels on a grid of 8 x 8.
    package static func fittedNetwork() throws(PlanError) -> [UInt8] {
        let (channels, step) = (4, fittedSide / 8)
        var builder = PlanBuilder(contract: "tflite")
        let picture = builder.input(
            name: "picture", shape: [1, 3, fittedSide, fittedSide],
            quantization: Quantization(scale: 1.0 / 32, zeroPoint: 0))
        let window = Window(kernel: (step, step), strides: (step, step), padding: (0, 0, 0, 0))
        let weights = Weights.Source(
            elements: (0..<channels * step * step * 3).map { Int8($0 * 37 % 251 - 125) },
            scales: [Float](repeating: 1.0 / 256, count: channels), bias: [Int32](repeating: 0, count: channels))
        let cells = try builder.convolution(
            try builder.transpose(picture, permutation: [0, 2, 3, 1]), weights, window: window,
            output: Quantization(scale: 0.5, zeroPoint: 3))
        builder.output(try builder.transpose(cells, permutation: [0, 3, 1, 2], name: "features"))
        return try builder.encode()
    }
}
