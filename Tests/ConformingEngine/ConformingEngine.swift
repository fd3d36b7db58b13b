import Graph
import Runtime

/// The engine behind the conforming library's C functions: one plan that is run by its number of bytes and answers.
final class ConformingEngine {
    let session: Session

    init?(_ bytes: UnsafeRawBufferPointer) {
        let memory = PlanMemory(copying: Array(bytes))
        guard let plan = try? Plan(bytes: memory.bytes), let session = try? Session(plan: plan, keeping: memory) else {
            return nil
        }
        self.session = session
    }

    func tensor(_ index: Int, isInput: Bool) -> Tensor? {
        let tensors = isInput ? session.plan.inputs : session.plan.outputs
        return tensors.indices.contains(index) ? tensors[index] : nil
    }
}

// SAFETY: the number that C holds is a retained object, from open to close; C gives pointers as long as it says.

@_cdecl("conforming_open")
func conformingOpen(_ bytes: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer? {
    ConformingEngine(UnsafeRawBufferPointer(start: bytes, count: count)).map { Unmanaged.passRetained($0).toOpaque() }
}

@_cdecl("conforming_close")
func conformingClose(_ engine: UnsafeMutableRawPointer) {
    // SAFETY: made by conforming_open, and not used again by C.
    Unmanaged<ConformingEngine>.fromOpaque(engine).release()
}

private func engine(_ pointer: UnsafeMutableRawPointer) -> ConformingEngine {
    // SAFETY: made by conforming_open and not closed yet.
    Unmanaged<ConformingEngine>.fromOpaque(pointer).takeUnretainedValue()
}

@_cdecl("conforming_count")
func conformingCount(_ pointer: UnsafeMutableRawPointer, _ isInput: Bool) -> Int {
    isInput ? engine(pointer).session.plan.inputs.count : engine(pointer).session.plan.outputs.count
}

/// - Parameter sizes: room for 8 dimensions.
/// - Parameter kind: 0 int8, 1 uint8, 2 int32, 3 float32.
/// - Returns: number of dimensions.
@_cdecl("conforming_tensor")
func conformingTensor(
    _ pointer: UnsafeMutableRawPointer, _ isInput: Bool, _ index: Int, _ sizes: UnsafeMutablePointer<Int>,
    _ kind: UnsafeMutablePointer<Int32>, _ scale: UnsafeMutablePointer<Float>, _ zeroPoint: UnsafeMutablePointer<Int32>
) -> Int {
    guard let tensor = engine(pointer).tensor(index, isInput: isInput), tensor.shape.count <= 8 else { return 0 }
    for (index, size) in tensor.shape.enumerated() { sizes[index] = size }
    switch tensor.type {
    case .int8: kind.pointee = tensor.isPresentedUnsigned ? 1 : 0
    case .int32: kind.pointee = 2
    case .float32: kind.pointee = 3
    }
    scale.pointee = tensor.quantization.scale
    zeroPoint.pointee = tensor.quantization.zeroPoint + (tensor.isPresentedUnsigned ? 128 : 0)
    return tensor.shape.count
}

/// - Returns: 0, or 1 where the engine refuses.
@_cdecl("conforming_run")
func conformingRun(
    _ pointer: UnsafeMutableRawPointer, _ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer
) -> Int32 {
    let session = engine(pointer).session
    let isDone: Void? = try? session.run(
        bytes: UnsafeRawBufferPointer(start: input, count: session.inputBytes),
        output: UnsafeMutableRawBufferPointer(start: output, count: session.outputBytes))
    return isDone == nil ? 1 : 0
}
