import CMosquitto

/// What the codes of the protocol say.
enum MQTTReason {
    /// Source: MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2.
    static func connect(_ code: Int32, _ version: MQTTConnectionSettings.Version) -> String {
        String(cString: version == .v5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code))
    }

    /// - Returns: nil for a code that is no refusal. Source: MQTT 5, 2.4; 0x80 is also the refusal of 3.1.1 (3.9.3).
    static func refusal(_ code: Int32) -> String? {
        code >= 0x80 ? String(cString: mosquitto_reason_string(code)) : nil
    }
}
