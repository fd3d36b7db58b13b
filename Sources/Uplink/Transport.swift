/// The way to the registry. Declared here because `Uplink` decides what is sent, not how; the program hands one in.
package protocol Transport: Sendable {
    /// Reads a small resource.
    ///
    /// - Parameters:
    ///   - path: begins with `/v1/`; the transport knows host and token.
    ///   - maximumBytes: a longer body is an error, not a body cut short.
    func get(_ path: String, maximumBytes: Int) async throws -> TransportAnswer

    /// Sends a JSON body; returns when the server has answered.
    func post(_ path: String, json: [UInt8], maximumBytes: Int) async throws -> TransportAnswer

    /// Downloads into a file; what an earlier attempt left there is gone on with where the server allows it.
    ///
    /// - Returns: when the file is complete and durable.
    func download(_ path: String, to file: String, maximumBytes: Int64) async throws
}

/// What the server answered, whatever the status.
package struct TransportAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
