import Testing

@testable import Compiler

/// Each operator of the catalogue against other implementations, in files written here.
@Suite struct ONNXOperatorTests {
    @Test(arguments: ONNXVector.groups)
    func groupComputesItsVectors(_ group: String) throws {
        for vector in try ONNXVector.group(group) {
            let model = try vector.draft.model()
            let inputs = try vector.inputs.compactMap { $0 }.filter { !($0.known ?? false) }.map { try $0.data }
            let results = try Evaluator(model).run(inputs)
            #expect(results.count == vector.outputs.count, "\(vector.testDescription)")
            for (result, output) in zip(results, vector.outputs) {
                let difference = Self.difference(result, try output.data)
                #expect(difference == nil, "\(vector.testDescription): \(difference ?? "")")
            }
        }
    }

    @Test func eachOperatorHasAVector() throws {
        var tested: [String: Set<String>] = ["": ["If"]]
        for vector in try ONNXVector.groups.flatMap(ONNXVector.group) {
            tested[vector.domain, default: []].insert(vector.operator)
        }
        for (domain, operators) in ONNXFormat.operators {
            #expect(Set(operators).subtracting(tested[domain] ?? []).isEmpty, "\(domain)")
        }
    }

    /// Real numbers to some digits, all others exactly.
    static func difference(_ found: TensorData, _ expected: TensorData) -> String? {
        guard found.shape == expected.shape, found.type == expected.type else {
            return "\(found.type) \(found.shape) instead of \(expected.type) \(expected.shape)"
        }
        guard case .float32(let a) = found.elements, case .float32(let b) = expected.elements else {
            return found == expected
                ? nil : "\(found.elements.integers.prefix(24)) instead of \(expected.elements.integers.prefix(24))"
        }
        let isClose = zip(a, b).allSatisfy { abs($0 - $1) <= 2e-6 + 1e-5 * abs($1) }
        return isClose ? nil : "\(a.prefix(24)) instead of \(b.prefix(24))"
    }
}
