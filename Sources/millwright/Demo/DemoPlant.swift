import AssemblyLine
import Plant
import Signals

/// The configuration of the demo's daemon: what an integrator would write for one fan.
struct DemoPlant {
    var brokerPort: Int
    var modbusPort: Int
    var webhookPort: Int
    var registryURL: String
    var publicKey: String
    var pack: RotatingMachinePack
    var sendEvery: String

    /// What one step of the sensor's int16 is worth, in g.
    static let gravityPerStep: Float = 0.0005

    var yaml: String {
        """
        plant: { name: Demo line, device: demo-edge, language: en }
        store: { directory: store }

        links:
          - name: line-broker
            driver: mqtt
            host: 127.0.0.1
            port: \(brokerPort)
            topics:
              - topic: plant/fan-3/vibration
                tag: fan-3.vibration
                payload: waveform
                format: int16-le
                scale: \(Self.gravityPerStep)
                unit: g
                samples: \(pack.window.samples)
                rate: \(pack.window.rateHertz)
          - name: drive-3
            driver: modbus-tcp
            host: 127.0.0.1
            port: \(modbusPort)
            unit: 1
            blocks:
              - registers: holding
                at: 0
                scan: 100ms
                values:
                  - { tag: fan-3.speed, at: 0, type: float32, unit: rpm }
                  - { tag: fan-3.load, at: 2, type: uint16, scale: 0.1, unit: "%" }

        assets:
          - id: fan-3
            title: { en: "Exhaust fan 3", zh-CN: "3 号排风机" }
            pack: \(pack.name)
            inputs: { vibration: fan-3.vibration, speed: fan-3.speed, load: fan-3.load }

        alerts:
          mqtt: { link: line-broker, topic: "millwright/alerts/{asset}" }
          webhook: { url: "http://127.0.0.1:\(webhookPort)/alerts" }

        registry:
          url: \(registryURL)
          token_file: device.token
          trusted_keys: ["\(publicKey)"]
          send_every: \(sendEvery)
          poll_every: 1s

        """
    }
}
