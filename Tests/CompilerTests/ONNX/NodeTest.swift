import FoundationEssentials
import Protobuf
import Testing

@testable import Compiler

/// One of the ONNX standard's backend node tests, as files: `model.onnx`, and folders `test_data_set_<n>` with
/// `input_<i>.pb` and `output_<i>.pb`.
struct NodeTest {
    enum Outcome: Hashable {
        case passed
        /// Outside of what the importer says it reads, and why.
        case unclaimed(String)
        case failed(String)
    }

    let name: String
    let folder: URL

    /// Types that are computed as they are; 16 and 64 bit floats are read, but as float32.
    private static let claimedTypes: Set<Int64> = [1, 2, 3, 4, 5, 6, 7, 9]

    /// As the standard's own runner compares.
    private static let (relative, absolute): (Float, Float) = (1e-3, 1e-7)

    func run() -> Outcome {
        do {
            let bytes = try read("model.onnx")
            let file: ONNXModel
            do throws(ModelError) {
                file = try ONNXModel(ONNXReader(bytes))
            } catch {
                if case .unsupported(let fault) = error { return .unclaimed("\(fault.what): \(fault.found)") }
                throw error
            }
            guard let graph = file.graph else { return .failed("no graph") }
            if let reason = reasonNotToClaim(file, graph) { return .unclaimed(reason) }
            if let reason = NodeTestExclusions.reasons[name] { return try refused(bytes, graph) ?? .unclaimed(reason) }
            for index in 0... {
                guard exists("test_data_set_\(index)/output_0.pb") else { break }
                if let difference = try difference(bytes, graph, "test_data_set_\(index)/") {
                    return .failed(difference)
                }
            }
            return .passed
        } catch {
            return .failed("\(error)")
        }
    }

    // MARK: What is claimed

    private func reasonNotToClaim(_ file: ONNXModel, _ graph: ONNXGraph) -> String? {
        for (domain, version) in file.versions.sorted(by: { $0.key < $1.key }) {
            if domain.isEmpty, !ONNXFormat.versions.contains(version) { return "operator set \(version)" }
        }
        for value in graph.inputs + graph.outputs {
            guard let type = value.type else { return "a sequence, a map or an optional" }
            if !Self.claimedTypes.contains(type.code) { return "type \(type.name)" }
        }
        return unclaimedOperator(in: graph)
    }

    private func unclaimedOperator(in graph: ONNXGraph) -> String? {
        for node in graph.nodes {
            let isKnown = ONNXFormat.operators[node.domain]?.contains(node.type) ?? false
            if !isKnown { return "operator \(node.domain.isEmpty ? "" : node.domain + ".")\(node.type)" }
            if case .integer(let code) = node.attributes["to"], !Self.claimedTypes.contains(code) {
                return "type \(ONNXElementType(code: code).name)"
            }
            for case .graph(let inner) in node.attributes.values {
                if let reason = unclaimedOperator(in: inner) { return reason }
            }
        }
        return nil
    }

    /// What is left out must be refused, not computed wrongly.
    private func refused(_ bytes: [UInt8], _ graph: ONNXGraph) throws -> Outcome? {
        do {
            _ = try imported(bytes, try inputs(graph, "test_data_set_0/"))
            return .failed("left out, but not refused")
        } catch let error as ModelError {
            guard case .unsupported = error else { throw error }
            return nil
        }
    }

    // MARK: Running

    private func inputs(_ graph: ONNXGraph, _ folder: String) throws -> [(name: String, data: TensorData)] {
        var inputs: [(name: String, data: TensorData)] = []
        for (index, input) in graph.inputs.enumerated() where exists(folder + "input_\(index).pb") {
            inputs.append((input.name, try tensor(folder + "input_\(index).pb")))
        }
        return inputs
    }

    private func difference(_ bytes: [UInt8], _ graph: ONNXGraph, _ folder: String) throws -> String? {
        let inputs = try inputs(graph, folder)
        let model = try imported(bytes, inputs)
        let names = Set(model.inputs.map { model[$0].name })
        let results = try Evaluator(model).run(inputs.filter { names.contains($0.name) }.map(\.data))
        for (index, result) in results.enumerated() {
            let expected = try tensor(folder + "output_\(index).pb")
            if let difference = Self.difference(result, expected) { return "output \(index): \(difference)" }
        }
        return nil
    }

    /// The standard hands axes, shapes and scales in as inputs, which the importer must know: as few of them are given
    /// to it beforehand as it asks for.
    private func imported(_ bytes: [UInt8], _ inputs: [(name: String, data: TensorData)]) throws -> Model {
        let whole = inputs.dropFirst().filter { ElementType.integers.contains($0.data.type) }
        let attempts = [[], Array(whole), Array(inputs.dropFirst()), inputs]
        var first: ModelError?
        for known in attempts {
            do throws(ModelError) {
                let constants = Dictionary(known.map { ($0.name, $0.data) }) { first, _ in first }
                return try ONNXFormat.model(from: bytes, name: name, options: .init(constants: constants))
            } catch {
                guard case .unsupported(let fault) = error, fault.expected == "a constant" else { throw error }
                first = first ?? error
            }
        }
        throw try #require(first)
    }

    private static func difference(_ found: TensorData, _ expected: TensorData) -> String? {
        guard found.shape == expected.shape, found.type == expected.type else {
            return "\(found.type) \(found.shape) instead of \(expected.type) \(expected.shape)"
        }
        guard case .float32(let a) = found.elements, case .float32(let b) = expected.elements else {
            return found == expected
                ? nil : "\(found.elements.integers.prefix(24)) instead of \(expected.elements.integers.prefix(24))"
        }
        for (index, (a, b)) in zip(a, b).enumerated() {
            let isClose = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= absolute + relative * abs(b)
            if !isClose { return "\(a) instead of \(b) at \(index) of \(found.shape)" }
        }
        return nil
    }

    // MARK: Files

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }

    private func read(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: folder.appending(path: path))) }

    private func tensor(_ path: String) throws -> TensorData { try ONNXTensor(ONNXReader(try read(path))).data }
}
