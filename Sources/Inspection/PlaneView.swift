/// A plane's values without checks, for the loops that take a part's time.
struct PlaneView {
    // SAFETY: lives within `Plane.viewed`, which keeps the values; whoever reads stays below width and height.
    let values: UnsafePointer<Float>
    let width: Int
    let height: Int

    /// As ``Plane/value(x:y:)``.
    @inline(__always) func value(x: Float, y: Float) -> Float {
        let x = min(max(x, 0), Float(width - 1))
        let y = min(max(y, 0), Float(height - 1))
        let left = min(Int(x), max(width - 2, 0))
        let top = min(Int(y), max(height - 2, 0))
        let toRight = left + 1 < width ? 1 : 0
        let across = x - Float(left)
        let down = y - Float(top)
        let above = values + top * width + left
        let below = top + 1 < height ? above + width : above
        let upper = above[0] + across * (above[toRight] - above[0])
        let lower = below[0] + across * (below[toRight] - below[0])
        return upper + down * (lower - upper)
    }
}

extension Plane {
    // SAFETY: a plane has at least one value, so there is a base address; it stays within the closure.
    func viewed<T>(_ body: (PlaneView) -> T) -> T {
        values.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a plane without values") }
            return body(PlaneView(values: start, width: width, height: height))
        }
    }

    // SAFETY: as for ``viewed(_:)``.
    mutating func changed(_ body: (UnsafeMutablePointer<Float>) -> Void) {
        values.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a plane without values") }
            body(start)
        }
    }
}

/// Sums of many products, eight at a time: the lanes are added in one order, so that the bits are the same on every CPU.
enum Lanes {
    typealias Eight = SIMD8<Float>
    static let count = 8

    // SAFETY: the caller has `count` values from there on.
    @inline(__always) static func load(_ pointer: UnsafePointer<Float>) -> Eight {
        UnsafeRawPointer(pointer).loadUnaligned(as: Eight.self)
    }

    @inline(__always) static func sum(_ lanes: Eight) -> Float {
        let four = lanes.lowHalf + lanes.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}

/// Every so many columns of a plane side by side: what lies `sampling` apart becomes neighbours.
struct SampledColumns {
    /// [phase][row][column].
    private let values: [Float]
    private let sampling: Int
    /// Columns of a phase.
    let width: Int
    let height: Int

    init(_ plane: Plane, every sampling: Int) {
        self.sampling = sampling
        width = (plane.width + sampling - 1) / sampling
        height = plane.height
        var values = [Float](repeating: 0, count: sampling * width * height)
        for phase in 0..<sampling {
            for y in 0..<height {
                let to = (phase * height + y) * width
                for (column, x) in Swift.stride(from: phase, to: plane.width, by: sampling).enumerated() {
                    values[to + column] = plane.values[y * plane.width + x]
                }
            }
        }
        self.values = values
    }

    // SAFETY: the view ends with the closure, and the values live as long.
    func viewed<T>(_ body: (View) -> T) -> T {
        values.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a plane without values") }
            return body(View(start: start, width: width, height: height, sampling: sampling))
        }
    }

    struct View {
        // SAFETY: lives within `SampledColumns.viewed`.
        fileprivate let start: UnsafePointer<Float>
        fileprivate let width: Int
        fileprivate let height: Int
        fileprivate let sampling: Int

        // SAFETY: within the plane for a place within it; what is read from there on stays in the row.
        /// Where the value of a place stands; its neighbours to the right are those `sampling` columns away.
        @inline(__always) func at(x: Int, y: Int) -> UnsafePointer<Float> {
            start + ((x % sampling) * height + y) * width + x / sampling
        }
    }
}
