/// Height and width of an image changed.
///
/// - Shapes: x `[n, height, width, channels]`, y `[n, size.height, size.width, channels]`.
package struct Resize: Hashable, Sendable {
    package enum Method: String, Hashable, Sendable { case nearest, bilinear }
    /// Where output pixel `i` lies in the input: `asymmetric` i * scale; `halfPixel` (i + 0.5) * scale - 0.5;
    /// `pytorchHalfPixel` the same, 0 for size 1; `alignCorners` i * (in - 1) / (out - 1); `halfPixelSymmetric` as
    /// `halfPixel`, shifted so that both borders lose the same where `in / scale` is no whole number.
    package enum Coordinates: String, Hashable, Sendable {
        case asymmetric, halfPixel, pytorchHalfPixel, alignCorners, halfPixelSymmetric
    }
    /// Which pixel is nearest.
    package enum Rounding: String, Hashable, Sendable { case floor, ceil, halfDown, halfUp }
    package var method: Method
    package var size: Pair
    package var coordinates: Coordinates
    package var rounding = Rounding.floor
    /// Input pixels an output pixel, where the file states them and not the sizes; else `in / out`.
    package var scaleHeight: Float?
    package var scaleWidth: Float?

    package init(_ method: Method, size: Pair, coordinates: Coordinates) {
        self.method = method
        self.size = size
        self.coordinates = coordinates
    }
}

extension Resize: Operation {
    package static let name = "resize"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        try operands.require(0, rank: 4)
        if method == .bilinear { try operands.require(0, isOneOf: [.float32]) }
        let x = try operands(0)
        try operands.require("height", size.height, in: 1...Shape.maximumExtent)
        try operands.require("width", size.width, in: 1...Shape.maximumExtent)
        guard x.shape[1] > 0, x.shape[2] > 0 else { throw operands.fault(0, "shape", "a pixel", "\(x.shape)") }
        for scale in [scaleHeight, scaleWidth] {
            if let scale, !(scale.isFinite && scale > 0) {
                throw operands.attribute("scale", "a finite number above 0", "\(scale)")
            }
        }
        return [try operands.result(x.type, [x.shape[0], size.height, size.width, x.shape[3]])]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        let (height, width) = (x.shape[1], x.shape[2])
        let rows = (0..<size.height).map { source($0, height, size.height, scaleHeight) }
        let columns = (0..<size.width).map { source($0, width, size.width, scaleWidth) }
        switch method {
        case .nearest:
            let indices = [
                Array(0..<shape[0]), rows.map { nearest($0, height) }, columns.map { nearest($0, width) },
                Array(0..<shape[3]),
            ]
            let grid = OffsetGrid(indices: indices, of: x.shape)
            return [TensorData(shape: shape, try x.elements.picked(by: grid))]
        case .bilinear:
            return [TensorData(shape: shape, .float32(interpolate(try inputs.reals(0), x.shape, rows, columns)))]
        }
    }

    /// Where an output pixel lies among `count` input pixels; in float as the files' own runtimes compute it.
    private func source(_ index: Int, _ count: Int, _ size: Int, _ scale: Float?) -> Float {
        // Where a scale is stated, ONNX counts with the size before it was rounded down.
        let exactSize = scale.map { Float(count) / $0 } ?? Float(size)
        let scale = scale ?? Float(count) / Float(size)
        let position = source(index, count, size, scale, exactSize)
        // A stated scale that does not fit the size may lead anywhere; that is not a pixel.
        return position.isFinite ? position : 0
    }

    private func source(_ index: Int, _ count: Int, _ size: Int, _ scale: Float, _ exactSize: Float) -> Float {
        let halfPixel = (Float(index) + 0.5) * scale - 0.5
        switch coordinates {
        case .asymmetric: return Float(index) * scale
        case .halfPixel: return halfPixel
        case .pytorchHalfPixel: return size > 1 ? halfPixel : 0
        case .alignCorners: return size > 1 ? Float(index) * Float(count - 1) / (exactSize - 1) : 0
        case .halfPixelSymmetric: return halfPixel + Float(count) / 2 * (1 - Float(size) / exactSize)
        }
    }

    private func nearest(_ position: Float, _ count: Int) -> Int {
        let pixel =
            switch rounding {
            case .floor: position.rounded(.down)
            case .ceil: position.rounded(.up)
            case .halfDown: (position - 0.5).rounded(.up)
            case .halfUp: (position + 0.5).rounded(.down)
            }
        return Int(min(max(pixel, 0), Float(count - 1)))
    }

    /// The two neighbours of each position and the weight of the second.
    private func neighbours(_ positions: [Float], _ count: Int) -> [(Int, Int, Double)] {
        positions.map { position in
            let inside = min(max(position, 0), Float(count - 1))
            let first = Int(inside)
            return (first, min(first + 1, count - 1), Double(inside) - Double(first))
        }
    }

    private func interpolate(_ x: [Float], _ shape: [Int], _ rows: [Float], _ columns: [Float]) -> [Float] {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        var y: [Float] = []
        y.reserveCapacity(shape[0] * rows.count * columns.count * channels)
        let columns = neighbours(columns, width)
        for number in 0..<shape[0] {
            for (top, bottom, down) in neighbours(rows, height) {
                let (first, second) = ((number * height + top) * width, (number * height + bottom) * width)
                for (left, right, across) in columns {
                    for channel in 0..<channels {
                        func pixel(_ start: Int, _ column: Int) -> Double {
                            Double(x[(start + column) * channels + channel])
                        }
                        let above = pixel(first, left) * (1 - across) + pixel(first, right) * across
                        let below = pixel(second, left) * (1 - across) + pixel(second, right) * across
                        y.append(Float(above * (1 - down) + below * down))
                    }
                }
            }
        }
        return y
    }
}
