/// Whatever computes a plan: the CPU's kernels, or an accelerator that has proved itself on the plan's receipt.
package protocol Inference: AnyObject {
    /// One inference on real values, quantized and dequantized as the plan says.
    ///
    /// - Parameter input: all inputs of the plan, one after the other.
    /// - Parameter output: receives all outputs; as it was when this throws.
    func infer(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>) throws(InferenceError)
}

/// Why there is no result.
package enum InferenceError: Error, Hashable, Sendable, CustomStringConvertible {
    case runtime(RuntimeError)
    /// And the CPU was not allowed to take over.
    case accelerator(AcceleratorError)

    package var code: String {
        switch self {
        case .runtime(let error): error.code
        case .accelerator(let error): error.code
        }
    }

    package var description: String {
        switch self {
        case .runtime(let error): error.description
        case .accelerator(let error): error.description
        }
    }
}

// SAFETY: buffers are handed on to ``Session/run(_:output:)``, which compares their sizes.
extension Session: Inference {
    package func infer(_ input: UnsafeBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>)
        throws(InferenceError)
    {
        do throws(RuntimeError) { try run(input, output: output) } catch { throw .runtime(error) }
    }
}
