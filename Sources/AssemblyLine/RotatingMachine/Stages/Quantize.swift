internal import Scoring

/// Brings the network to int8, calibrated on the normal windows.
package enum Quantize: Stage {
    package static let name = "quantize"
    package static let revision = 1

    package static func inputs(of work: RotatingMachineWork) throws(LineError) -> [[UInt8]] {
        [try Artefact.bytes(work.trained, stage: name), try Artefact.bytes(work.curated, stage: name)]
    }

    package static func run(_ work: RotatingMachineWork, report: (Double) -> Void) throws(LineError) -> [UInt8] {
        let trained = try Artefact.need(work.trained, "a trained network", stage: name)
        let curated = try Artefact.need(work.curated, "curated windows", stage: name)
        let standardizer = Standardizer(card: trained.card)
        var calibration: [[Float]] = []
        for row in curated.features.indices { calibration.append(try Train.input(standardizer, curated, row).input) }
        let network = QuantizedNetwork(trained.network, calibration: calibration)
        report(1)
        return try Artefact.bytes(network, stage: name)
    }

    package static func accept(_ output: [UInt8], into work: inout RotatingMachineWork) throws(LineError) {
        work.quantized = try Artefact.value(QuantizedNetwork.self, output, stage: name)
    }
}
