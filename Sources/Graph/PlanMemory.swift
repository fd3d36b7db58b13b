/// A plan's bytes in memory of their own, for a plan that does not come out of a mapped file.
package final class PlanMemory: @unchecked Sendable {
    // SAFETY: written once in init, before anybody else can have it; freed when nobody has it any more.
    private let memory: UnsafeMutableRawBufferPointer
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    package init(copying bytes: [UInt8]) {
        memory = .allocate(byteCount: bytes.count, alignment: PlanFormat.constantAlignment)
        memory.copyBytes(from: bytes)
    }

    deinit { memory.deallocate() }
}
