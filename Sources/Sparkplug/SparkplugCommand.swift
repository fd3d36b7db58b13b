package import Plant

/// The command that a host sends to an edge node.
package enum SparkplugCommand {
    /// NCMD that asks a node to be born again.
    package static func rebirth(of node: SparkplugNode, at time: WallTime) -> SparkplugMessage {
        var writer = SparkplugWriter()
        let metric = SparkplugWriter.Metric(
            name: WellKnownMetric.rebirth, timestamp: time.milliseconds, type: .boolean, value: .boolean(true))
        return SparkplugMessage(
            topic: SparkplugTopic(.nodeCommand, node).text,
            payload: writer.payload(timestamp: time.milliseconds, sequence: 0, metrics: [metric]))
    }

    /// Whether an NCMD asks us to be born again.
    package static func asksForRebirth(_ payload: SparkplugPayload) -> Bool {
        payload.metric(named: WellKnownMetric.rebirth)?.value == .boolean(true)
    }
}
