internal import Graph

extension L2Normalization: Runnable {
    func step(_ context: StepContext) -> Step? { L2NormalizationStep(self, context) }
}

/// Rows divided by their lengths, shared among threads by rows.
final class L2NormalizationStep: Step {
    private let node: L2Normalization
    private let input: Int
    private let output: Int

    init(_ node: L2Normalization, _ context: StepContext) {
        self.node = node
        input = context.offset(node.wiring.inputs[0])
        output = context.offset(node.wiring.outputs[0])
    }

    override var divisions: Int { node.rows }
    override var estimate: Int { node.rows * (node.length * 4 + 50) }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let from = (arena + input).assumingMemoryBound(to: Int8.self)
        let to = (arena + output).assumingMemoryBound(to: Int8.self)
        for row in part.range(of: node.rows) {
            normalize(from + row * node.length, to + row * node.length)
        }
    }

    private func normalize(_ from: UnsafePointer<Int8>, _ to: UnsafeMutablePointer<Int8>) {
        var squares: Int32 = 0
        for index in 0..<node.length {
            let difference = Int32(from[index]) - node.inputZeroPoint
            // L2Normalization.maximumLength keeps the sum within 32 bits.
            squares &+= difference &* difference
        }
        var inverse = L2Normalization.inverseSquareRoot(squares)
        if !node.isUnsigned { inverse.shift += 7 }
        let factor: Int32 = node.isUnsigned ? 128 : 1
        for index in 0..<node.length {
            let difference = Int32(from[index]) - node.inputZeroPoint
            to[index] = Int8(clamping: inverse.scale(factor * difference, ties: .away))
        }
    }
}
