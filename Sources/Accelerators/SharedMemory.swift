import CVendorRuntimes
import Glibc
import Runtime

/// Memory that two processes see, held by a file without a name.
// SAFETY: the mapping is as long as `bytes` says, and goes with the object; a file is mapped only when it is sealed
// against another size and then has exactly this one, so no access ends beyond it, whatever the other process does.
final class SharedMemory {
    let bytes: UnsafeMutableRawBufferPointer

    /// A file without a name, closed on exec.
    static func file(_ name: String) throws(AcceleratorError) -> Int32 {
        let descriptor = mw_memory_file(name)
        guard descriptor >= 0 else { throw failed("memfd_create") }
        return descriptor
    }

    /// Gives a file its size for good, and maps it.
    ///
    /// - Throws: also where the other process was quicker and has sealed it in another way.
    static func sized(_ descriptor: Int32, bytes: Int) throws(AcceleratorError) -> SharedMemory {
        try size(descriptor, bytes: bytes)
        return try SharedMemory(descriptor, bytes: bytes)
    }

    private static func size(_ descriptor: Int32, bytes: Int) throws(AcceleratorError) {
        guard ftruncate(descriptor, max(1, bytes)) == 0 else { throw failed("ftruncate") }
        guard mw_seal_size(descriptor) == 0 else { throw failed("fcntl(F_ADD_SEALS)") }
    }

    init(_ descriptor: Int32, bytes count: Int) throws(AcceleratorError) {
        guard mw_has_sealed_size(descriptor) == 1 else {
            throw .host(
                call: "shared memory", reason: "expected a file sealed against another size, found one that is not")
        }
        // Looked at behind the seal: from here on it stays.
        let size = lseek(descriptor, 0, SEEK_END)
        guard size == max(1, count) else {
            throw .host(call: "shared memory", reason: "expected \(max(1, count)) bytes, found \(size)")
        }
        let start = mmap(nil, max(1, count), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw Self.failed("mmap") }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    deinit { munmap(bytes.baseAddress, max(1, bytes.count)) }

    private static func failed(_ call: String) -> AcceleratorError {
        .host(call: call, reason: String(cString: strerror(errno)))
    }
}
