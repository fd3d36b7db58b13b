/// Waits until something that another thread or process does has happened.
///
/// For real servers only; what runs on a ``ManualClock`` needs no waiting.
/// - Returns: false when it has not happened within the limit.
package func eventually(
    within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let clock = ContinuousClock()
    let end = clock.now.advanced(by: limit)
    while clock.now < end {
        if try await condition() { return true }
        // A cancelled test sees its condition once more and ends.
        guard (try? await clock.sleep(for: .milliseconds(2))) != nil else { break }
    }
    return try await condition()
}
