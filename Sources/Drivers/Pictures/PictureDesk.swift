import Plant

/// Hands the pictures of one link to who judges them, and keeps count.
struct PictureDesk: Sendable {
    let pictures: any PictureSink
    let monitor: LinkMonitor

    /// - Returns: why pictures of this stream have to wait; nil when somebody judges them.
    func trouble(_ stream: String) -> NoJudge.Refusal? {
        pictures.judges(stream) ? nil : NoJudge.Refusal(stream: stream)
    }

    /// Returns when the verdict is durable.
    ///
    /// - Throws: `.notStored` when it is not, `.stopped` when the link was told to end before it was looked at.
    func judge(_ picture: FieldPicture) async throws(LinkFailure) -> PictureAnswer {
        do {
            let answer = try await pictures.take(picture)
            monitor.count {
                $0.stored += 1
                $0.verdicts[answer.verdict.rawValue, default: 0] += 1
            }
            return answer
        } catch is CancellationError {
            throw .stopped
        } catch {
            monitor.count { $0.refusals += 1 }
            throw .notStored("\(error)")
        }
    }
}
