internal import Glibc

/// Memory of a session: zeros, there from the start, so that the first inference does not wait for each page.
final class Arena {
    // SAFETY: `mapped` bytes from `start` on are this object's own from init to deinit.
    let start: UnsafeMutableRawPointer
    private let mapped: Int

    private static let huge = 2 << 20

    /// - Returns: nil where the system gives no memory.
    init?(bytes: Int) {
        // Up to a quarter more, where that makes whole huge pages: one fault and one entry of the page table instead of 512.
        let whole = (bytes + Self.huge - 1) / Self.huge * Self.huge
        let isHuge = whole - bytes <= whole / 4
        mapped = isHuge ? whole : bytes
        guard let start = isHuge ? Self.alignedMapping(whole) : Self.mapping(bytes, MAP_POPULATE) else { return nil }
        self.start = start
        guard isHuge else { return }
        // Hints: a system without huge pages goes on with small ones, and one without populating waits page by page.
        madvise(start, whole, MADV_HUGEPAGE)
        madvise(start, whole, Self.populateForWriting)
    }

    deinit { munmap(start, mapped) }

    /// <asm-generic/mman-common.h>, MADV_POPULATE_WRITE: older headers lack it.
    private static let populateForWriting: Int32 = 23

    private static func mapping(_ bytes: Int, _ flags: Int32) -> UnsafeMutableRawPointer? {
        let start = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0)
        return start == MAP_FAILED ? nil : start
    }

    /// A mapping that begins with a huge page: from a larger one, whose ends are given back.
    private static func alignedMapping(_ bytes: Int) -> UnsafeMutableRawPointer? {
        guard let all = mapping(bytes + huge, 0) else { return nil }
        let before = (huge - Int(bitPattern: all) % huge) % huge
        if before > 0 { munmap(all, before) }
        munmap(all + before + bytes, huge - before)
        return all + before
    }
}
