/// Metrics that the standard names.
package enum WellKnownMetric {
    /// Number of the node's connection, 0...255: ties a death to its birth.
    package static let birthDeathSequence = "bdSeq"
    /// Asks an edge node to be born again.
    package static let rebirth = "Node Control/Rebirth"
}
