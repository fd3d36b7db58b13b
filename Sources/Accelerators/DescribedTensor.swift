import Graph
import Runtime

/// What a library has written about a tensor, before any of it is believed.
struct DescribedTensor {
    var name: String
    /// Nil for a type that this program does not know.
    var element: AcceleratorElement?
    var shape: [Int]
    var layout: AcceleratorLayout
    var scale: Float
    var zeroPoint: Int
    /// Bytes as the library says them.
    var bytes: Int

    /// - Throws: ``AcceleratorError/wrongTensor(name:what:expected:found:)`` where it contradicts itself or is absurd.
    func checked() throws(AcceleratorError) -> AcceleratorTensor {
        guard let element else { throw wrong("type", "one of the published types", "another") }
        guard !shape.isEmpty, shape.allSatisfy({ (1...AcceleratorTensor.maximumBytes).contains($0) }) else {
            throw wrong("shape", "dimensions of at least 1", "\(shape)")
        }
        var count = element.size
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product <= AcceleratorTensor.maximumBytes else {
                throw wrong("bytes", "at most \(AcceleratorTensor.maximumBytes)", "more, shape \(shape)")
            }
            count = product
        }
        guard count == bytes else { throw wrong("bytes", "\(count) for shape \(shape)", "\(bytes)") }
        let isStated = scale.isFinite && scale > 0 && (Int(Int32.min)...Int(Int32.max)).contains(zeroPoint)
        return AcceleratorTensor(
            name: name, element: element, shape: shape, layout: layout,
            quantization: isStated ? Quantization(scale: scale, zeroPoint: Int32(zeroPoint)) : nil)
    }

    private func wrong(_ what: String, _ expected: String, _ found: String) -> AcceleratorError {
        .wrongTensor(name: name, what: what, expected: expected, found: found)
    }

    /// Most inputs or outputs that are believed of one model.
    static let maximumCount = 256

    static func checkCount(_ count: Int, _ what: String) throws(AcceleratorError) {
        guard (1...maximumCount).contains(count) else {
            throw .wrongTensor(
                name: what, what: "number of tensors", expected: "1...\(maximumCount)", found: "\(count)")
        }
    }
}

/// The caller's buffers, checked against the loaded model.
// SAFETY: the caller keeps them alive until the next bind or unload, as Accelerator.bind demands; offsets stay within the
// counts that `init` has compared.
struct BoundBuffers {
    let input: UnsafeRawPointer
    let output: UnsafeMutableRawPointer

    init(_ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ model: any Accelerator)
        throws(AcceleratorError)
    {
        guard !model.inputs.isEmpty else { throw .notReady(needs: "a loaded model") }
        guard input.count == model.inputBytes, let from = input.baseAddress else {
            throw .wrongTensor(
                name: "inputs", what: "bytes", expected: "\(model.inputBytes)", found: "\(input.count)")
        }
        guard output.count == model.outputBytes, let to = output.baseAddress else {
            throw .wrongTensor(
                name: "outputs", what: "bytes", expected: "\(model.outputBytes)", found: "\(output.count)")
        }
        self.input = from
        self.output = to
    }

    /// For functions of C that read but do not say so.
    func inputAddress(at offset: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(mutating: input + offset) }
}
