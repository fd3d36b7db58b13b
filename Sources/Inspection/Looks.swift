internal import Graph
internal import Signals

/// The network's other output: how much each place looks like a defect on any surface.
struct Looks {
    static let name = "defect"

    private let classes: Int
    private let columns: Int
    private let rows: Int
    /// Places of this output for one of the features', a side.
    private let factor: Int
    private let offset: Int
    /// The exponential of each int8 value's logit.
    private let exponentials: [Double]

    /// - Parameter tensor: int8 logits [1, class, row, column], the first class good, others kinds of defects; so many times
    ///   as many rows and columns as the features have.
    init(_ tensor: Tensor, offset: Int, columns: Int, rows: Int) throws(InspectionError) {
        let shape = tensor.shape
        guard tensor.type == .int8, shape.count == 4, shape[0] == 1, shape[1] >= 2, shape[2] % rows == 0,
            shape[3] % columns == 0, shape[2] / rows == shape[3] / columns
        else {
            throw .model(
                what: "network", expected: "int8 output \(Self.name) [1, class, n x \(rows), n x \(columns)]",
                found: "\(tensor.type) \(shape)")
        }
        classes = shape[1]
        factor = shape[2] / rows
        self.columns = columns
        self.rows = rows
        self.offset = offset
        exponentials = (0..<256).map { byte in
            let logit = tensor.quantization.dequantize(Int8(bitPattern: UInt8(byte)))
            // Beyond these no logit of a network is, and the sum stays finite.
            return Elementary.exponential(Double(min(max(logit, -40), 40)))
        }
    }

    /// The worst of the numbers that a place of the features has: log of the defects' odds.
    func map(_ output: [UInt8]) -> Plane {
        let (width, size) = (columns * factor, columns * rows * factor * factor)
        var map = Plane(width: columns, height: rows, repeating: -.infinity)
        for y in 0..<rows * factor {
            for x in 0..<width {
                let at = offset + y * width + x
                var defects = 0.0
                for one in 1..<classes { defects += exponentials[Int(output[at + one * size])] }
                let odds = Float(Elementary.logarithm(defects / exponentials[Int(output[at])]))
                map[x / factor, y / factor] = max(map[x / factor, y / factor], odds)
            }
        }
        return map
    }
}
