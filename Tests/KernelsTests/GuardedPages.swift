import Glibc

/// Memory between two pages that may not be touched: reading one byte beside an operand ends the process.
final class GuardedPages {
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    private let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let usable: UnsafeMutableRawBufferPointer

    struct NoMemory: Error {}

    init(atLeast bytes: Int) throws {
        let inner = (bytes + page - 1) / page * page
        mappedBytes = inner + 2 * page
        let made = mmap(nil, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let made, made != MAP_FAILED, mprotect(made + page, inner, PROT_READ | PROT_WRITE) == 0 else {
            throw NoMemory()
        }
        mapping = made
        usable = UnsafeMutableRawBufferPointer(start: made + page, count: inner)
    }

    deinit { munmap(mapping, mappedBytes) }

    enum Side: CaseIterable { case start, end }

    /// `count` elements that touch one of the two guards, holding `values`.
    func place<Element: BitwiseCopyable>(_ values: [Element], at side: Side) -> UnsafeMutableBufferPointer<Element> {
        let bytes = values.count * MemoryLayout<Element>.stride
        let offset = side == .start ? 0 : usable.count - bytes
        let part = UnsafeMutableRawBufferPointer(rebasing: usable[offset..<offset + bytes])
        values.withUnsafeBytes { part.copyMemory(from: $0) }
        return part.bindMemory(to: Element.self)
    }
}
