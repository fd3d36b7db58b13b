internal import Signals

/// Tells labelled classes apart by how alike a picture is to those that were shown: ridge regression on their likeness, whose
/// answer for each class is about 1 for the right one and 0 for others.
struct ClassHead: Sendable, Equatable {
    let classes: Int
    /// Of the descriptors that were shown; each number of one is taken in 16ths of its deviation.
    let means: [Float]
    let scales: [Float]
    /// [example][number].
    let examples: [Int8]
    /// [example][class], and what share each class had.
    let factors: [Float]
    let shares: [Float]

    var dimension: Int { means.count }

    /// Steps of a deviation; numbers further than 8 deviations from the mean are cut.
    private static let steps: Float = 16
    /// A squared distance is at most 2^15 * 255^2 < 2^31.
    static let mostNumbers = 1 << 15

    /// Numbers behind the examples.
    static func count(classes: Int, dimension: Int, examples: Int) -> Int {
        2 * dimension + examples * classes + classes
    }

    init(classes: Int, examples: [Int8], means: [Float], scales: [Float], _ answer: RidgeAnswer) {
        self.classes = classes
        self.examples = examples
        self.means = means
        self.scales = scales
        factors = answer.factors.map(Float.init)
        shares = answer.shares.map(Float.init)
    }

    /// - Parameter numbers: as ``numbers`` gives them.
    init(classes: Int, dimension: Int, examples: [Int8], numbers: [Float]) {
        self.classes = classes
        self.examples = examples
        means = Array(numbers[..<dimension])
        scales = Array(numbers[dimension..<2 * dimension])
        factors = Array(numbers[(2 * dimension)..<(numbers.count - classes)])
        shares = Array(numbers[(numbers.count - classes)...])
    }

    var numbers: [Float] { means + scales + factors + shares }

    /// Mean, and steps a unit, of each number of some descriptors.
    static func scales(of descriptors: [[Float]]) -> (means: [Float], scales: [Float]) {
        let dimension = descriptors[0].count
        let count = Double(descriptors.count)
        var means = [Double](repeating: 0, count: dimension)
        var squares = means
        for descriptor in descriptors {
            for index in 0..<dimension {
                means[index] += Double(descriptor[index]) / count
                squares[index] += Double(descriptor[index]) * Double(descriptor[index]) / count
            }
        }
        let scales = (0..<dimension).map { index in
            let deviation = max(squares[index] - means[index] * means[index], 0).squareRoot()
            // A number that is always the same says nothing.
            return deviation > 1e-3 ? steps / Float(deviation) : 0
        }
        return (means.map(Float.init), scales)
    }

    static func quantized(_ descriptor: [Float], _ means: [Float], _ scales: [Float]) -> [Int8] {
        descriptor.indices.map { index in
            Int8(min(max(((descriptor[index] - means[index]) * scales[index]).rounded(.toNearestOrEven), -127), 127))
        }
    }

    /// Mean squared distance of two descriptors, in deviations.
    // SAFETY: both are read within their common length, which is compared.
    static func distance(_ a: ArraySlice<Int8>, _ b: ArraySlice<Int8>) -> Double {
        precondition(a.count == b.count && a.count <= mostNumbers)
        let sum = a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                var sum: Int32 = 0
                for index in 0..<a.count {
                    let difference = Int32(a[index]) &- Int32(b[index])
                    sum = sum &+ difference &* difference
                }
                return sum
            }
        }
        return Double(sum) / Double(steps * steps) / Double(max(a.count, 1))
    }

    /// 1 for the same, 0 for what has nothing in common: the mean of three Gaussians, each half as wide as the one before, so that none
    /// needs to be chosen.
    static func likeness(_ distance: Double) -> Double {
        let wide = Elementary.exponential(-min(distance / 8, 60))
        let middle = wide * wide
        return (wide + middle + middle * middle) / 3
    }

    /// An answer a class.
    func answers(of descriptor: [Float]) -> [Double] {
        let own = Self.quantized(descriptor, means, scales)
        var answers = shares.map(Double.init)
        for example in 0..<examples.count / dimension {
            let row = examples[example * dimension..<(example + 1) * dimension]
            let likeness = Self.likeness(Self.distance(own[...], row))
            for one in 0..<classes { answers[one] += likeness * Double(factors[example * classes + one]) }
        }
        return answers
    }
}
