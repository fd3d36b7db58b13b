internal import Graph
internal import Kernels

extension MatrixProduct: Runnable {
    func step(_ context: StepContext) -> Step? { MatrixProductStep(self, context) }
}

/// Products of computed matrices, shared among threads by panels of columns of all of them.
final class MatrixProductStep: Step {
    private let product: PreparedMatrixProduct
    private let batch: Int
    private let a: Int
    private let b: Int
    private let output: Int

    init(_ node: MatrixProduct, _ context: StepContext) {
        batch = node.batch
        a = context.offset(node.wiring.inputs[0])
        b = context.offset(node.wiring.inputs[1])
        output = context.offset(node.wiring.outputs[0])
        product = PreparedMatrixProduct(
            rows: node.rows, columns: node.columns, depth: node.depth, isRightRowMajor: node.isRightRowMajor,
            zeroPoints: (node.a.zeroPoint, node.b.zeroPoint),
            requantization: ConvolutionRequantization(
                factors: .init([node.requantization]), zeroPoint: node.output.zeroPoint, range: node.clamp),
            kernel: context.kernels.convolution, caches: context.caches)
    }

    override var scratchBytes: Int { product.scratchBytes }
    override var divisions: Int { batch * product.panels }
    /// Nanoseconds, at some 100 multiplications each, and 2 bytes of the right side packed.
    override var estimate: Int { batch * product.columns * product.depth * (product.rows + 50) / 100 }

    // SAFETY: as Step.run: the plan's tensors lie at these offsets of the arena, with the sizes that it was checked for.
    override func run(_ part: Part, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
        let memory = UnsafeMutableRawBufferPointer(start: scratch, count: product.scratchBytes)
        for unit in part.range(of: divisions) {
            let (matrix, panel) = unit.quotientAndRemainder(dividingBy: product.panels)
            product(
                arena + a + matrix * product.rows * product.depth,
                arena + b + matrix * product.depth * product.columns,
                arena + output + matrix * product.rows * product.columns, panels: panel..<panel + 1, scratch: memory)
        }
    }
}
