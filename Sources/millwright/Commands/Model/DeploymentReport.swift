import Deployment
import Profiles

/// A deployment for people and as JSON.
struct DeploymentReport: Encodable {
    struct Layer: Encodable {
        let number: Int
        let name: String
        let operation: String
        let shape: [Int]
        let mac: Int
        let runs_on: String
        let npu_cycles: Int?
        let dram_bytes: Int
        let dram_cycles: Double?
        let microseconds: Double?
        let is_at_least: Bool
        let millijoules: Double?
        let utilization: Double?
        let limited_by: String?
        let tile: [Int]?
        let tiles: Int?
        let tile_order: String?
        let tile_bytes: Int?
        let tiled_dram_bytes: Int?
        let needs_bytes: Int?
        /// Why the chip's contract was compared with nothing here.
        let beyond_contract: [String]
        let basis: [String]
    }
    struct Segment: Encodable {
        let layers: [Int]
        let runs_on: String
        let crossing_bytes: Int
        let crossing_microseconds: Double?
    }

    let profile: String
    let reach: String
    let contract: String
    let fits: Bool?
    let npu_cycles: Int?
    let dram_bytes: Int
    let milliseconds: Double?
    let is_at_least: Bool
    let millijoules: Double?
    let utilization: Double?
    /// Tile by tile, every buffer twice; of one core.
    let scheduled_cycles: Double?
    let layers: [Layer]
    let segments: [Segment]

    init(_ deployment: Deployment, contract: String) {
        profile = deployment.profile.id
        reach = deployment.profile.reach.rawValue
        self.contract = contract
        fits = deployment.fits
        npu_cycles = deployment.engineCycles
        dram_bytes = deployment.dramBytes
        milliseconds = deployment.seconds.map { $0 * 1e3 }
        is_at_least = deployment.isAtLeast
        millijoules = deployment.joules.map { $0 * 1e3 }
        utilization = deployment.utilization
        scheduled_cycles = deployment.schedule?.cycles
        layers = deployment.layers.map(Layer.init)
        segments = deployment.segments.map {
            Segment(
                layers: [$0.layers.lowerBound + 1, $0.layers.upperBound], runs_on: $0.isOnCPU ? "CPU" : "NPU",
                crossing_bytes: $0.crossingBytes, crossing_microseconds: $0.crossingSeconds.map { $0 * 1e6 })
        }
    }

    /// The table of layers, what each segment's crossing costs, totals, and where the figures come from.
    var text: String {
        let head = [
            "layer", "operation", "shape", "runs on", "NPU cycles", "DRAM bytes", "us", "util.", "limit", "tiles",
            "name",
        ]
        let rows = layers.map { layer in
            [
                "\(layer.number)", layer.operation, layer.shape.map { "\($0)" }.joined(separator: "x"), layer.runs_on,
                layer.npu_cycles.map { "\($0)" } ?? "-", "\(layer.dram_bytes)",
                Self.figure(layer.microseconds, isAtLeast: layer.is_at_least, decimals: 1),
                layer.utilization.map { Format.fixed($0 * 100, 0) + " %" } ?? "-", layer.limited_by ?? "-",
                layer.tiles.map { "\($0)" } ?? (layer.needs_bytes != nil ? "too large" : "-"), Self.short(layer.name),
            ]
        }
        var parts = [Format.table([head] + rows), ""]
        let crossings = segments.dropFirst().map { segment in
            [
                "crossing to the \(segment.runs_on) before layer \(segment.layers[0])",
                Format.bytes(Int64(segment.crossing_bytes)),
                segment.crossing_microseconds.map { Format.fixed($0, 1) + " us at the DRAM's rate" }
                    ?? "time unknown: no figure for the DRAM",
            ]
        }
        if !crossings.isEmpty { parts += [Format.table(crossings), ""] }
        parts.append(totals)
        if let beyond = Self.beyond(layers) { parts += ["", beyond] }
        let sources = layers.flatMap(\.basis)
        let unique = sources.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        parts += [""] + unique.map { "from  \($0)" }
        return parts.joined(separator: "\n")
    }

    /// `! layers 1, 2: weights with zero points, ...`, a line a reason; nil where the contract stands everywhere.
    static func beyond(_ layers: [Layer]) -> String? {
        let reasons = layers.flatMap(\.beyond_contract).reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        guard !reasons.isEmpty else { return nil }
        let lines = reasons.map { reason in
            let numbers = layers.filter { $0.beyond_contract.contains(reason) }.map { "\($0.number)" }
            let shown =
                numbers.prefix(8).joined(separator: ", ") + (numbers.count > 8 ? " and \(numbers.count - 8) more" : "")
            return "!  layer \(shown): \(reason)"
        }
        return
            (["the contract was compared with nothing of these (`model quantize --profile` makes the chip's forms):"]
            + lines)
            .joined(separator: "\n")
    }

    /// Converters join the names of all that they fused; the last says most.
    private static func short(_ name: String) -> String { name.split(separator: ";").last.map(String.init) ?? name }

    private var totals: String {
        let memory = fits.map { $0 ? "fits" : "does not fit" } ?? "memory beside the multipliers unknown"
        let words = [
            "\(profile): \(memory)",
            npu_cycles.map { "\($0) NPU cycles of one core" } ?? "no cycles: how it multiplies is not known",
            "time " + Self.figure(milliseconds, isAtLeast: is_at_least, decimals: 3, unit: " ms"),
            "energy " + Self.figure(millijoules, isAtLeast: is_at_least, decimals: 3, unit: " mJ"),
            "\(Format.bytes(Int64(dram_bytes))) of DRAM traffic",
            utilization.map { "multipliers used to \(Format.fixed($0 * 100, 0)) %" }
                ?? "use of the multipliers unknown",
            scheduled_cycles.map { "tile by tile, every buffer twice: \(Format.fixed($0, 0)) cycles" }
                ?? "no schedule of tiles: memory, or the DRAM's rate, is not known",
        ]
        return words.joined(separator: "; ")
    }

    static func figure(_ value: Double?, isAtLeast: Bool, decimals: Int, unit: String = "") -> String {
        guard let value else { return "-" }
        return (isAtLeast ? ">= " : "") + Format.fixed(value, decimals) + unit
    }
}

extension DeploymentReport.Layer {
    init(_ layer: Deployment.Layer) {
        let estimate = layer.estimate
        number = layer.number
        name = layer.name
        operation = layer.operation
        shape = layer.work.outputShape
        mac = layer.work.multiplyAdds
        runs_on = layer.placement.words
        npu_cycles = estimate.engineCycles
        dram_bytes = estimate.dramBytes
        dram_cycles = estimate.dramCycles
        microseconds = estimate.seconds.map { $0 * 1e6 }
        is_at_least = estimate.isAtLeast
        millijoules = estimate.joules.map { $0 * 1e3 }
        utilization = estimate.utilization
        limited_by = estimate.limit?.rawValue
        basis = estimate.basis
        beyond_contract = layer.beyondContract.map(\.description)
        var fitting: Tiling?
        if case .fits(let tiling) = layer.tiling { fitting = tiling }
        tile = fitting.map { [$0.rows, $0.columns, $0.channels] }
        tiles = fitting?.tiles
        tile_order = fitting?.order.rawValue
        tile_bytes = fitting?.pieces.doubled
        tiled_dram_bytes = fitting?.trafficBytes
        if case .tooLarge(let need, _) = layer.tiling { needs_bytes = need } else { needs_bytes = nil }
    }
}
