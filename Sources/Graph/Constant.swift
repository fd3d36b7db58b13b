#if _endian(big)
    #error("plans are little-endian and used where they lie")
#endif

/// A run of numbers in the constants section, used where it lies in the file.
package struct Constant<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // SAFETY: read only, checked against the section when made; whoever opens the plan keeps its bytes alive and
    // unchanged for as long as the plan or anything taken from it is used (see Plan.init(bytes:)).
    package let bytes: UnsafeRawBufferPointer

    package var count: Int { bytes.count / MemoryLayout<Element>.stride }

    /// A copy of all of them.
    package var array: [Element] {
        Array(unsafeUninitializedCapacity: count) { elements, initialized in
            UnsafeMutableRawBufferPointer(elements).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Element>.stride)]))
            initialized = count
        }
    }

    package subscript(_ index: Int) -> Element {
        precondition(index >= 0 && index < count)
        return bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.stride, as: Element.self)
    }
}
