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
        /// `layer`: on the vendor's own input; `model`: through all layers.
        var way: String
        var elements: Int
        var equal: Int
        var largestDifference: Int
        var leastShare: Double
        var passed: Bool
        var remarks: [String]
    }

    /// - Parameter directory: of `.json` files with an `.npz` beside them, in folders of any depth.
    static func rows(directory: String, kernels: KernelSet, threads: Int) throws -> [Row] {
        let files = try names(in: directory)
        guard !files.isEmpty else {
            throw VectorError(
                directory, expected: "a .json file with an .npz of the same name beside it", found: "none")
        }
        let isTerminal = isatty(STDERR_FILENO) == 1
        var rows: [Row] = []
        for (number, file) in files.enumerated() {
            if isTerminal { Output.errorText("\r\(number + 1)/\(files.count) \(file)\u{1B}[K") }
            let json = try MappedFile(path: "\(file).json")
            let npz = try MappedFile(path: "\(file).npz")
            let model = try withExtendedLifetime((json, npz)) {
                try VectorModel(name: file, json: Array(json.bytes), npz: Array(npz.bytes))
            }
            for result in try model.check(kernels: kernels, threads: threads) {
                rows.append(
                    Row(
                        chip: model.chip, model: model.name, contract: model.contract.name, tensor: result.tensor,
                        way: result.way.rawValue, elements: result.count, equal: result.equal,
                        largestDifference: result.largestDifference, leastShare: result.share, passed: result.isPassed,
                        remarks: result.remarks))
            }
        }
        if isTerminal { Output.errorText("\r\u{1B}[K") }
        return rows
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

    /// `N passed, M failed`, of tensors.
    static func summary(_ rows: [Row]) -> String {
        let passed = rows.filter(\.passed).count
        let elements = rows.reduce(0) { $0 + $1.elements }
        let equal = rows.reduce(0) { $0 + $1.equal }
        return "\(passed) passed, \(rows.count - passed) failed; \(equal) of \(elements) elements equal"
    }

    /// Paths without extension, sorted.
    private static func names(in directory: String) throws -> [String] {
        var found: [String] = []
        let entries = try DirectoryListing.names(in: directory)
        for entry in entries {
            let path = "\(directory)/\(entry)"
            if entry.hasSuffix(".json"), entries.contains(entry.dropLast(5) + ".npz") {
                found.append(String(path.dropLast(5)))
            } else if DirectoryListing.isDirectory(path) {
                found += try names(in: path)
            }
        }
        return found
    }
}
