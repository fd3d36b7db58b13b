import YAML

extension Engine {
    private enum Form: String, CaseIterable {
        case convolutionTile = "convolution_tile"
        case lanes
        case cube
        case multiplyAccumulators = "multiply_accumulators"
        case vectorUnit = "vector_unit"
        case unknown
    }

    private static let instead = "else write `form: unknown` with a source that says why"

    /// Reads the section `engine`.
    ///
    /// - Returns: nil when the form is unknown, or (then reported) something is wrong.
    init?(reading reader: inout MappingReader, facts: FactReader) {
        guard let form = reader.required("form", .choice(Form.self)) else { return nil }
        switch form {
        case .unknown:
            let (_, reason) = facts.origin(&reader, isUnknown: true)
            facts.record(
                path: reader.path("form"), node: reader.node, value: nil, status: nil, source: reason)
            return nil
        case .vectorUnit: self = .vectorUnit
        case .convolutionTile: self.init(tile: &reader, facts)
        case .lanes: self.init(lanes: &reader, facts)
        case .cube: self.init(cube: &reader, facts)
        case .multiplyAccumulators:
            guard let count = facts.known("mac_per_cycle", .count(1 << 20), &reader, instead: Self.instead) else {
                return nil
            }
            self = .multiplyAccumulators(perCycle: count)
        }
    }

    private init?(tile reader: inout MappingReader, _ facts: FactReader) {
        let a = facts.known("input_channels", .count(4_096), &reader, instead: Self.instead)
        let b = facts.known("output_channels", .count(4_096), &reader, instead: Self.instead)
        let depthwise = facts.known("depthwise_channels", .count(4_096), &reader, instead: Self.instead)
        let steps = facts.known("minimum_steps", .count(4_096), &reader, instead: Self.instead)
        let positions = facts.known("position_block", .count(4_096), &reader, instead: Self.instead)
        let product = facts.optional("mac_per_cycle", .count(1 << 24), &reader)
        guard let a, let b, let depthwise, let steps, let positions else { return nil }
        self = .convolutionTile(
            inputChannels: a, outputChannels: b, depthwiseChannels: depthwise, minimumSteps: steps,
            positionBlock: positions)
        compare(product, reader, facts, formula: "input_channels * output_channels")
    }

    private init?(lanes reader: inout MappingReader, _ facts: FactReader) {
        let count = facts.known("lanes", .count(4_096), &reader, instead: Self.instead)
        let bytes = facts.known("bytes_per_lane", .bytes(1_024...(1 << 30)), &reader, instead: Self.instead)
        let units = facts.known("units_per_lane", .count(4_096), &reader, instead: Self.instead)
        let parallel = facts.optional("input_parallel", .count(4_096), &reader)
        let positions = facts.optional("positions_parallel", .count(4_096), &reader)
        let product = facts.optional("mac_per_cycle", .count(1 << 24), &reader)
        guard let count, let bytes, let units else { return nil }
        self = .lanes(
            count: count, bytesPerLane: bytes, unitsPerLane: units, inputParallel: parallel,
            positionsParallel: positions)
        compare(product, reader, facts, formula: "lanes * input_parallel * positions_parallel")
    }

    private init?(cube reader: inout MappingReader, _ facts: FactReader) {
        let m = facts.known("m", .count(4_096), &reader, instead: Self.instead)
        let k = facts.known("k", .count(4_096), &reader, instead: Self.instead)
        let n = facts.known("n", .count(4_096), &reader, instead: Self.instead)
        let product = facts.optional("mac_per_cycle", .count(1 << 24), &reader)
        guard let m, let k, let n else { return nil }
        self = .cube(m: m, k: k, n: n)
        compare(product, reader, facts, formula: "m * k * n")
    }

    private func compare(_ product: Fact<Int>?, _ reader: MappingReader, _ facts: FactReader, formula: String) {
        guard let product, let expected = multiplicationsPerCycle, product.value != expected else { return }
        facts.diagnostics.report(
            at: facts.mark(reader.path("mac_per_cycle")), path: reader.path("mac_per_cycle"),
            expected: "\(expected), which is \(formula)", found: "\(product.value)")
    }
}

extension Kind where T == Int {
    /// A number of things: at least one.
    static func count(_ most: Int) -> Kind<Int> { .integer(1...most) }
}
