import CMosquitto

/// What the codes of the protocol say.
enum MQTTReason {
    /// Source: MQTT 3.1.1, 3.2.2.3.
    static func connect(_ code: Int32) -> String { String(cString: mosquitto_connack_string(code)) }
}
