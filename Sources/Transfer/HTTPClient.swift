import Threads

/// An HTTP client on a thread of its own, one transfer at a time; connections are kept for the next request.
///
/// A long download holds up what comes after it on the same client: who must not wait takes a client of his own.
package actor HTTPClient {
    private let thread = ThreadExecutor.required()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let multi: CurlMulti

    package init() {
        multi = CurlMulti()
    }

    /// Sends a request and takes the whole answer, whatever its status.
    ///
    /// - Throws: `.refused`, `.notResolved`, `.timedOut`, `.tooLarge`, `.tls`, `.cutShort`, `.malformedRequest`,
    ///   `.malformedAnswer`, `.cancelled`.
    package func send(_ request: TransferRequest) async throws(TransferError) -> TransferResponse {
        let collector = BodyCollector(limitBytes: request.limits.maximumBodyBytes, url: request.url)
        let answer = AnswerHead()
        try await perform(request, answer: answer, sink: collector)
        return TransferResponse(status: answer.status, headers: answer.headers, body: collector.bytes)
    }

    /// Fetches a file, going on where an earlier attempt was cut.
    ///
    /// What has arrived waits in `path.part` and its tag in `path.part.tag`; only a whole file gets the name `path`,
    /// durably. The caller compares digests: a server is not trusted for content.
    ///
    /// - Parameter expectedTag: the entity tag that the file must have, quotes included; nil takes the server's.
    /// - Throws: besides those of ``send(_:)``, `.status`, `.fileChanged` (what was kept is dropped, so that the next
    ///   attempt starts anew), `.file`.
    package func download(
        _ request: TransferRequest, to path: String, expectedTag: String? = nil
    ) async throws(TransferError) -> Download {
        let part = try PartialFile(path: path, expectedTag: expectedTag)
        do {
            return try await fetch(request, into: part, expectedTag: expectedTag)
        } catch .status(_, _, 416) where part.lengthAtStart > 0 {
            // What is kept reaches past the end of the server's file: it belongs to another one.
            try part.startAnew()
            return try await fetch(request, into: part, expectedTag: expectedTag)
        } catch .status(_, _, 412) where part.lengthAtStart > 0 && expectedTag == nil {
            try part.startAnew()
            return try await fetch(request, into: part, expectedTag: expectedTag)
        }
    }

    private func fetch(
        _ request: TransferRequest, into part: PartialFile, expectedTag: String?
    ) async throws(TransferError) -> Download {
        var request = request
        if part.lengthAtStart > 0, let tag = part.tag {
            request.headers.append(.init("Range", "bytes=\(part.lengthAtStart)-"))
            request.headers.append(.init("If-Match", tag))
        }
        let answer = AnswerHead()
        let sink = FileSink(
            part: part, answer: answer, url: request.url, limitBytes: request.limits.maximumBodyBytes,
            expectedTag: expectedTag)
        do {
            try await perform(request, answer: answer, sink: sink)
            // A body of no bytes has never come to the sink.
            try sink.checkHead()
        } catch {
            if case .fileChanged = error { try part.startAnew() } else { try part.keep() }
            throw error
        }
        return try part.finish(url: request.url, isResumed: answer.status == 206)
    }

    private func perform(
        _ request: TransferRequest, answer: AnswerHead, sink: any TransferSink
    ) async throws(TransferError) {
        if Task.isCancelled { throw .cancelled(url: request.url) }
        let transfer = try CurlTransfer(request, answer: answer, sink: sink)
        let stop = multi.stopSignal()
        let result: Result<Void, TransferError> = await withTaskCancellationHandler {
            do throws(TransferError) {
                try multi.run(transfer, stop: stop)
                return .success(())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            stop.raise()
        }
        try result.get()
    }
}
