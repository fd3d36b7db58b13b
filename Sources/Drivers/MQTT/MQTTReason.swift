import CMosquitto

/// What the codes of the protocol say.
enum MQTTReason {
    /// Codes from here on are refusals. Source: MQTT 5, 2.4; 0x80 is also the refusal of 3.1.1 (3.9.3).
    static let firstRefusal: Int32 = 0x80

    /// Source: MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2.
    static func connect(_ code: Int32, _ version: MQTTConnectionSettings.Version) -> String {
        String(cString: version == .v5 ? mosquitto_reason_string(code) : mosquitto_connack_string(code))
    }

    /// - Returns: nil for a code that is no refusal.
    static func refusal(_ code: Int32) -> String? {
        code >= firstRefusal ? String(cString: mosquitto_reason_string(code)) : nil
    }
}
