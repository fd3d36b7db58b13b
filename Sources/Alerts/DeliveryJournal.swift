package import Plant

/// Where messages wait, durable. Declared here because alerts and store do not know each other.
package protocol DeliveryJournal: Sendable {
    /// Messages of a channel that are neither done nor given up, oldest first.
    func pending(channel: String, limit: Int) async throws -> [Delivery]

    /// The other side has confirmed it.
    func done(_ id: Int64, at time: WallTime) async throws

    /// It failed and will be tried again; `attempts` is kept, the time is for people.
    func retry(_ id: Int64, attempts: Int, at time: WallTime, reason: String) async throws

    /// It will not be tried again; it stays in the journal as a failure until the journal's own limits take it.
    func giveUp(_ id: Int64, attempts: Int, at time: WallTime, reason: String) async throws
}
