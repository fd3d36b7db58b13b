private import Glibc

/// One number for all elements along some dimensions.
package struct Reduce: Hashable, Sendable {
    package enum Function: String, Hashable, Sendable, CaseIterable {
        case mean, sum, maximum, minimum, product, sumOfSquares, l1Norm, l2Norm, logSum, logSumOfExponentials
    }
    package var function: Function
    /// 0..<rank, ascending.
    package var axes: [Int]
    package var keepsDimensions: Bool

    package init(_ function: Function, axes: [Int], keepsDimensions: Bool) {
        self.function = function
        self.axes = axes
        self.keepsDimensions = keepsDimensions
    }
}

extension Reduce: Operation {
    package static let name = "reduce"

    package func outputs(for inputs: [Operand?]) throws(ModelError) -> [Operand] {
        let operands = try Operands(inputs, of: Self.self, names: ["x"])
        let x = try operands(0)
        switch function {
        case .mean, .sum, .product, .sumOfSquares, .l1Norm:
            try operands.require(0, isOneOf: [.float32, .int32, .int64])
        case .maximum, .minimum: break
        case .l2Norm, .logSum, .logSumOfExponentials: try operands.require(0, isOneOf: [.float32])
        }
        for axis in axes { try operands.require(axis: axis, of: 0) }
        guard zip(axes, axes.dropFirst()).allSatisfy(<) else {
            throw operands.attribute("axes", "ascending ones", "\(axes)")
        }
        return [try operands.result(x.type, Shape.reduced(x.shape, axes: axes, keepsDimensions: keepsDimensions))]
    }

    package func evaluate(_ inputs: [TensorData?]) throws(ModelError) -> [TensorData] {
        let shape = try results(of: inputs)[0].shape
        let x = try inputs.tensor(0)
        // The dimensions that stay in front, so that each result's elements lie together.
        let kept = x.shape.indices.filter { !axes.contains($0) }
        let strides = Shape.strides(x.shape)
        let order = kept + axes
        let grid = OffsetGrid(shape: order.map { x.shape[$0] }, strides: order.map { strides[$0] })
        let run = axes.reduce(1) { $0 * x.shape[$1] }
        let runs = Runs(elements: try x.elements.picked(by: grid), length: run, count: shape.reduce(1, *))
        if case .float32(let elements) = runs.elements {
            return [TensorData(shape: shape, .float32(runs.map(elements) { Float(evaluate($0)) }))]
        }
        if function == .minimum || function == .maximum {
            return [TensorData(shape: shape, try runs.elements.apply(Extreme(runs: runs, function: function)))]
        }
        let sums = runs.map(runs.elements.integers) { evaluate($0) }
        return [TensorData(shape: shape, Elements(x.type, wrapping: sums))]
    }

    /// Sums in double, so that ten thousand elements do not lose the last digits of a float.
    private func evaluate(_ x: ArraySlice<Float>) -> Double {
        func sum(_ f: (Double) -> Double) -> Double { x.reduce(0) { $0 + f(Double($1)) } }
        switch function {
        case .mean: return sum { $0 } / Double(x.count)
        case .sum: return sum { $0 }
        case .maximum: return x.reduce(-.infinity) { $0.isNaN || $0 > Double($1) ? $0 : Double($1) }
        case .minimum: return x.reduce(.infinity) { $0.isNaN || $0 < Double($1) ? $0 : Double($1) }
        case .product: return x.reduce(1) { $0 * Double($1) }
        case .sumOfSquares: return sum { $0 * $0 }
        case .l1Norm: return sum { abs($0) }
        case .l2Norm: return sum { $0 * $0 }.squareRoot()
        case .logSum: return log(sum { $0 })
        case .logSumOfExponentials:
            let highest = x.max().map(Double.init) ?? -.infinity
            return highest.isInfinite ? highest : highest + log(sum { exp($0 - highest) })
        }
    }

    private func evaluate(_ x: ArraySlice<Int64>) -> Int64 {
        switch function {
        case .mean: x.isEmpty ? 0 : x.reduce(0, &+) / Int64(x.count)
        case .product: x.reduce(1, &*)
        case .sumOfSquares: x.reduce(0) { $0 &+ $1 &* $1 }
        case .l1Norm: x.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
        default: x.reduce(0, &+)
        }
    }
}

/// Elements in runs of one length, one run a result.
private struct Runs {
    let elements: Elements
    let length: Int
    let count: Int

    func map<Element, Result>(_ array: [Element], _ body: (ArraySlice<Element>) -> Result) -> [Result] {
        (0..<count).map { body(array[$0 * length..<($0 + 1) * length]) }
    }
}

private struct Extreme: ElementWork {
    let runs: Runs
    let function: Reduce.Function

    func callAsFunction<Element: TensorElement>(_ elements: [Element]) -> Elements {
        let isMaximum = function == .maximum
        // What nothing is above or below: saturation leaves the type's own bound, which is false or true of truth values.
        let (lowest, highest) = Element.self == Bool.self ? (0, 1) : (-Double.infinity, Double.infinity)
        let neutral = Element(nearest: isMaximum ? lowest : highest)
        return Element.elements(
            runs.map(elements) { run in
                run.reduce(run.first ?? neutral) { best, element in
                    (isMaximum ? Element.isLess(best, element) : Element.isLess(element, best)) ? element : best
                }
            })
    }
}
