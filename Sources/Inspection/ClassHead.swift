internal import Signals

/// Tells labelled classes apart from pictures' descriptors: multinomial logistic regression.
struct ClassHead: Sendable, Equatable {
    let classes: Int
    /// Of the descriptors that it was fitted to.
    private(set) var means: [Float]
    private(set) var scales: [Float]
    /// [class][number, then 1].
    private(set) var weights: [Float]

    var dimension: Int { means.count }
    static func count(classes: Int, dimension: Int) -> Int { 2 * dimension + classes * (dimension + 1) }

    /// Steps of gradient descent with momentum; what is left to gain after them is below what a picture more changes.
    private static let steps = 400
    private static let momentum = 0.9
    /// Pull of the weights towards zero, a picture.
    private static let decay = 0.01

    /// - Parameter labels: class of each descriptor. Rare classes weigh as much as frequent ones.
    init(descriptors: [[Float]], labels: [Int], classes: Int) {
        precondition(!descriptors.isEmpty && descriptors.count == labels.count)
        self.classes = classes
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
        self.means = means.map(Float.init)
        scales = (0..<dimension).map { index in
            let deviation = max(squares[index] - means[index] * means[index], 0).squareRoot()
            // A number that is always the same says nothing.
            return deviation > 1e-6 ? Float(1 / deviation) : 0
        }
        weights = [Float](repeating: 0, count: classes * (dimension + 1))
        descend(descriptors.map(standardized), labels)
    }

    /// - Parameter numbers: as ``numbers`` gives them.
    init(classes: Int, dimension: Int, numbers: [Float]) {
        precondition(numbers.count == Self.count(classes: classes, dimension: dimension))
        self.classes = classes
        means = Array(numbers[..<dimension])
        scales = Array(numbers[dimension..<2 * dimension])
        weights = Array(numbers[(2 * dimension)...])
    }

    var numbers: [Float] { means + scales + weights }

    private func standardized(_ descriptor: [Float]) -> [Float] {
        descriptor.indices.map { (descriptor[$0] - means[$0]) * scales[$0] }
    }

    /// A probability a class.
    func probabilities(of descriptor: [Float]) -> [Double] { probabilities(standardized: standardized(descriptor)) }

    private func probabilities(standardized x: [Float]) -> [Double] {
        let width = dimension + 1
        let logits = (0..<classes).map { one -> Double in
            var sum = weights[one * width + dimension]
            for index in 0..<dimension { sum += weights[one * width + index] * x[index] }
            return Double(sum)
        }
        let largest = logits.max() ?? 0
        let parts = logits.map { Elementary.exponential(max($0 - largest, -60)) }
        let sum = parts.reduce(0, +)
        return parts.map { $0 / sum }
    }

    private mutating func descend(_ x: [[Float]], _ labels: [Int]) {
        let width = dimension + 1
        var members = [Double](repeating: 0, count: classes)
        for label in labels { members[label] += 1 }
        let share = labels.map { Float(1 / (members[$0] * Double(max(members.count { $0 > 0 }, 1)))) }
        // The curvature of the loss is at most half of the squared length of a descriptor.
        let longest = x.map { $0.reduce(1) { $0 + $1 * $1 } }.max() ?? 1
        let rate = 2 / (longest * 0.5 + Float(Self.decay))
        var speed = [Float](repeating: 0, count: weights.count)
        for _ in 0..<Self.steps {
            var gradient = weights.map { $0 * Float(Self.decay) }
            for (row, label) in zip(x.indices, labels) {
                let found = probabilities(standardized: x[row])
                for one in 0..<classes {
                    let error = share[row] * (Float(found[one]) - (one == label ? 1 : 0))
                    for index in 0..<dimension { gradient[one * width + index] += error * x[row][index] }
                    gradient[one * width + dimension] += error
                }
            }
            for index in weights.indices {
                speed[index] = Float(Self.momentum) * speed[index] - rate * gradient[index]
                weights[index] += speed[index]
            }
        }
    }
}
