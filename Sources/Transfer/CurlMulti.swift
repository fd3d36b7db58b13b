import CCurl
import Synchronization

/// libcurl's loop for the transfers of one client; stays on the client's thread but for its ``StopSignal``.
final class CurlMulti {
    /// Ends a running transfer from any thread.
    final class StopSignal: Sendable {
        // SAFETY: curl_multi_wakeup is the one call that libcurl allows from other threads; `owner` keeps the handle.
        private nonisolated(unsafe) let handle: UnsafeMutableRawPointer?
        private let owner: Handle
        private let isRaisedFlag = Atomic(false)

        fileprivate init(owner: Handle) {
            self.owner = owner
            handle = owner.pointer
        }

        var isRaised: Bool { isRaisedFlag.load(ordering: .acquiring) }

        func raise() {
            isRaisedFlag.store(true, ordering: .releasing)
            if let handle { curl_multi_wakeup(handle) }
        }
    }

    fileprivate final class Handle: Sendable {
        // SAFETY: used on the client's thread only, but for curl_multi_wakeup; freed once, with this object.
        nonisolated(unsafe) let pointer: UnsafeMutableRawPointer?

        init() {
            _ = CurlMulti.isLibraryReady
            pointer = curl_multi_init()
        }

        deinit { if let pointer { curl_multi_cleanup(pointer) } }
    }

    /// libcurl wants one set-up in the process; a lazy `static let` is run once.
    private static let isLibraryReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let handle = Handle()

    func stopSignal() -> StopSignal { StopSignal(owner: handle) }

    /// Runs one transfer to its end. Blocks.
    func run(_ transfer: CurlTransfer, stop: StopSignal) throws(TransferError) {
        guard let multi = handle.pointer else { throw transfer.failure(CURLE_OUT_OF_MEMORY) }
        guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { throw transfer.failure(CURLE_FAILED_INIT) }
        defer { curl_multi_remove_handle(multi, transfer.easy) }
        var running: Int32 = 1
        while running > 0 {
            if stop.isRaised { throw .cancelled(url: transfer.request.url) }
            guard curl_multi_perform(multi, &running) == CURLM_OK else { throw transfer.failure(CURLE_FAILED_INIT) }
            // The wait ends early when bytes come, a deadline of libcurl's is due, or the signal is raised.
            if running > 0 { curl_multi_poll(multi, nil, 0, 1_000, nil) }
        }
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard mw_curl_message_is_done(message) == 1 else { continue }
            let code = mw_curl_message_result(message)
            if let refusal = transfer.refusal { throw refusal }
            guard code == CURLE_OK else { throw transfer.failure(code) }
            return
        }
        throw transfer.failure(CURLE_FAILED_INIT)
    }
}
