import CLibcrypto
import Glibc
import Testing
import Trust

@Suite struct ProcessExitTests {
    /// Threads that used libcrypto and end while it cleans up free the same memory twice.
    @Test func libcryptoIsLeftAloneWhenTheProcessExits() async throws {
        let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
            _ = try Digest(of: [1, 2, 3])
            OPENSSL_atexit { _ = write(1, "libcrypto cleans up\n", 20) }
            exit(0)
        }
        #expect(!String(decoding: result.standardOutputContent, as: UTF8.self).contains("cleans up"))
    }
}
