import Glibc
import Graph
import Kernels
import Store
import VendorVectors

/// Compares what the contracts compute with what vendors' tools have answered.
enum ModelVerifyVectors {
    struct Row: Encodable {
        var chip: String
        var model: String
        var contract: String
        var tensor: String
        /// `layer`: on the vendor's own input; `model`: through all layers; `file`: nothing could be compared.
        var way: String
        var elements = 0
        var equal = 0
        var largestDifference = 0
        var leastShare = 1.0
        var passed = false
        /// Why it failed, or what passed with less than everything.
        var remarks: [String]
    }

    /// - Parameter directory: of `.json` files with an `.npz` beside them, in folders of any depth.
    /// - Returns: a row a tensor and way, and one for whatever could not be read or computed.
    /// - Throws: where there is nothing to compare.
    static func rows(directory: String, kernels: KernelSet, threads: Int) throws -> [Row] {
        var search = VectorSearch()
        let isRoot = directory.allSatisfy { $0 == "/" }
        try search.look(in: isRoot ? directory : String(directory.reversed().drop { $0 == "/" }.reversed()))
        guard !search.pairs.isEmpty || !search.failures.isEmpty else {
            throw VectorError(
                directory, expected: "a .json file with an .npz of the same name beside it", found: "none")
        }
        let isTerminal = isatty(STDERR_FILENO) == 1
        var rows = search.failures.map { failure in
            Row(chip: "", model: failure.path, contract: "", tensor: "", way: "file", remarks: [failure.reason])
        }
        for (number, file) in search.pairs.enumerated() {
            if isTerminal { Output.errorText("\r\(number + 1)/\(search.pairs.count) \(file)\u{1B}[K") }
            do {
                let json = try MappedFile(path: "\(file).json")
                let npz = try MappedFile(path: "\(file).npz")
                let model = try withExtendedLifetime((json, npz)) {
                    try VectorModel(name: file, json: Array(json.bytes), npz: Array(npz.bytes))
                }
                rows += self.rows(model, .kernels(kernels, threads: threads))
            } catch {
                rows.append(
                    Row(chip: "", model: file, contract: "", tensor: "", way: "file", remarks: ["\(error)"]))
            }
        }
        if isTerminal { Output.errorText("\r\u{1B}[K") }
        return rows
    }

    private static func rows(_ model: VectorModel, _ means: VectorModel.Means) -> [Row] {
        rows(model, .layer, means) + rows(model, .model, means)
    }

    private static func rows(_ model: VectorModel, _ way: VectorResult.Way, _ means: VectorModel.Means) -> [Row] {
        do {
            return try model.check(way, by: means).map { result in
                Row(
                    chip: model.chip, model: model.name, contract: model.contract.name, tensor: result.tensor,
                    way: way.rawValue, elements: result.count, equal: result.equal,
                    largestDifference: result.largestDifference, leastShare: result.share, passed: result.isPassed,
                    remarks: (result.allowance.map { [$0] } ?? []) + result.remarks)
            }
        } catch {
            // One layer that cannot be computed leaves the others to be.
            if way == .layer, model.outputs.count > 1 { return model.apart.flatMap { rows($0, way, means) } }
            return [
                Row(
                    chip: model.chip, model: model.name, contract: model.contract.name,
                    tensor: way == .layer ? model.outputs.first ?? "" : "", way: way.rawValue, remarks: ["\(error)"])
            ]
        }
    }

    static func table(_ rows: [Row]) -> String {
        let head = ["chip", "model", "tensor", "computed", "elements", "equal", "rate", "off by", ""]
        return Format.table(
            [head]
                + rows.map { row in
                    [
                        row.chip, row.model, row.tensor, row.way, "\(row.elements)", "\(row.equal)",
                        Format.fixed(100 * Double(row.equal) / Double(max(row.elements, 1)), 3) + " %",
                        "\(row.largestDifference)",
                        ([row.passed ? "passed" : "FAILED"] + row.remarks).joined(separator: "; "),
                    ]
                })
    }

    /// `N passed, M failed`, of rows; and the elements of each way, in which those of one model are counted once.
    static func summary(_ rows: [Row]) -> String {
        let passed = rows.filter(\.passed).count
        func equal(_ way: VectorResult.Way) -> String {
            let chosen = rows.filter { $0.way == way.rawValue }
            return "\(chosen.reduce(0) { $0 + $1.equal }) of \(chosen.reduce(0) { $0 + $1.elements })"
        }
        return "\(passed) passed, \(rows.count - passed) failed; layers alone: \(equal(.layer)) elements equal, "
            + "through whole models: \(equal(.model))"
    }
}
