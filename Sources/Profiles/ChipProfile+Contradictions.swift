import YAML

extension ChipProfile {
    /// A peak may differ from cores * multiplications * 2 * clock by this factor: sources round, and some count a
    /// higher clock.
    package static let peakFactor = 1.5

    /// Reports what no fact shows alone.
    func findContradictions(_ facts: FactReader) {
        checkReach(facts)
        checkPeak(facts)
        checkOnChipMemory(facts)
    }

    private func checkReach(_ facts: FactReader) {
        func report(_ expected: String, found: String) {
            facts.diagnostics.report(at: facts.mark("contract"), path: "contract", expected: expected, found: found)
        }
        // A contract that is there but wrong has been reported; it is no missing one.
        guard contract != nil || facts.isUnknownOrAbsent("contract") else { return }
        switch (reach, contract) {
        case (.bitExact, let contract?) where contract.status != .measured:
            report("a measured contract, for reach is bit-exact", found: "one that is \(contract.status.rawValue)")
        case (.bitExact, nil), (.contractKnown, nil):
            report("a contract, for reach is \(reach.rawValue)", found: "none")
        case (.factsOnly, let contract?):
            report("no contract, for reach is facts-only", found: contract.value)
        default: break
        }
        guard reach != .factsOnly else { return }
        for key in ["activations", "convolution_weights"] where facts.isUnknownOrAbsent("quantization.\(key)") {
            facts.diagnostics.report(
                at: facts.mark("contract"), path: "quantization.\(key)",
                expected: "a known value, for reach is \(reach.rawValue)", found: "none")
        }
    }

    private func checkPeak(_ facts: FactReader) {
        guard let peak = peakInt8OperationsPerSecond, let clock = clockHertz, let cores,
            let multiplications = engine?.multiplicationsPerCycle
        else { return }
        let product = Double(cores.value * multiplications) * 2 * clock.value
        guard max(peak.value / product, product / peak.value) > Self.peakFactor else { return }
        facts.diagnostics.report(
            at: facts.mark("compute.int8_tops"), path: "compute.int8_tops",
            expected: "\(product / 1e12) within a factor of \(Self.peakFactor): \(cores.value) cores * "
                + "\(multiplications) multiplications * 2 * \(clock.value / 1e6) MHz",
            found: "\(peak.value / 1e12)")
    }

    private func checkOnChipMemory(_ facts: FactReader) {
        guard case .lanes(let count, let bytes, _, _, _)? = engine, let onChipBytes,
            onChipBytes.value != count.value * bytes.value
        else { return }
        facts.diagnostics.report(
            at: facts.mark("memory.on_chip"), path: "memory.on_chip",
            expected: "\(count.value * bytes.value) bytes, which is lanes * bytes_per_lane",
            found: "\(onChipBytes.value)")
    }
}
