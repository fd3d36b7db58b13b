private import CHost

/// How the daemon treats its memory, so that a small box has room for more than it.
package enum ProcessMemory {
    /// Two threads that allocate at the same time wait for each other; more heaps than that only keep more free memory.
    private static let heaps: Int32 = 2

    /// To be called first of all, before a second thread is made.
    package static func prepare() { mw_limit_heaps(heaps) }

    /// To be called after something large has been read and let go of.
    package static func giveBack() { mw_return_free_memory() }

    /// To be called once it runs as it will go on: most of the program was needed for its start only, and the kernel maps what
    /// lies around that as well.
    package static func letGoOfStart() {
        mw_return_free_memory()
        mw_let_go_of_program_pages()
    }
}
