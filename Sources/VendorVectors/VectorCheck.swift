internal import Graph
package import Kernels
internal import Runtime

/// How many elements of a tensor came out as the vendor's tool has them.
package struct VectorResult: Hashable, Sendable {
    package enum Way: String, Hashable, Sendable, CaseIterable {
        /// The layer by itself, on the vendor's own input.
        case layer
        /// Through all layers from the model's input on.
        case model
    }
    package var tensor: String
    package var way: Way
    package var count: Int
    package var equal: Int
    package var largestDifference: Int
    /// What the file says of whoever derived the contract.
    package var emulatorMatch: Double
    /// Constants that the contract chose otherwise than the vendor's compiler; empty where they agree.
    package var remarks: [String]

    /// The least that a file may say of itself: of every chip's numbers all have been reproduced, so one that says less is
    /// no measure, and everything must be equal.
    package static let leastEmulatorMatch = 0.999

    package var rate: Double { count == 0 ? 1 : Double(equal) / Double(count) }
    /// Least share that must be equal.
    package var share: Double { emulatorMatch >= Self.leastEmulatorMatch ? emulatorMatch : 1 }
    package var isPassed: Bool { count > 0 && rate >= share && remarks.isEmpty }
    /// What a file says that is less than everything, and what follows; nil where it says everything.
    package var allowance: String? {
        guard emulatorMatch < 1 else { return nil }
        return share < 1
            ? "emulator_match \(emulatorMatch): as much must be equal"
            : "emulator_match \(emulatorMatch) is below \(Self.leastEmulatorMatch): everything must be equal"
    }
}

extension VectorModel {
    /// What computes.
    package enum Means: Sendable {
        case kernels(KernelSet, threads: Int)
        /// Operators' reference arithmetic.
        case reference
    }

    /// Computes every layer by the contract, alone and in the model.
    /// - Throws: ``VectorError`` where the layers make no plan.
    package func check(by means: Means = .kernels(.best, threads: 1)) throws(VectorError) -> [VectorResult] {
        var results: [VectorResult] = []
        for way in VectorResult.Way.allCases { results += try check(way, by: means) }
        return results
    }

    /// - Returns: nothing in the model where it has one layer only.
    package func check(_ way: VectorResult.Way, by means: Means) throws(VectorError) -> [VectorResult] {
        guard way == .layer || layers.count > 1 else { return [] }
        let written = try VectorPlan(self, isApart: way == .layer)
        let outputs =
            switch means {
            case .kernels(let kernels, let threads): try written.run(kernels, threads)
            case .reference: try written.reference()
            }
        var first = 0
        var results: [VectorResult] = []
        for layer in layers {
            guard let wanted = tensors[layer.output] else { continue }
            let found = outputs[first..<first + wanted.values.count]
            first += wanted.values.count
            var equal = 0
            var largest = 0
            for (one, other) in zip(found, wanted.values) {
                let difference = abs(Int(one) - Int(other))
                if difference == 0 { equal += 1 }
                largest = max(largest, difference)
            }
            results.append(
                VectorResult(
                    tensor: layer.output, way: way, count: wanted.values.count, equal: equal,
                    largestDifference: largest, emulatorMatch: layer.emulatorMatch,
                    remarks: way == .layer ? remarks(layer, written.plan) : []))
        }
        return results
    }

    /// Where the plan's operator has other constants than the vendor's compiler chose.
    private func remarks(_ layer: VectorLayer, _ plan: Plan) -> [String] {
        let writer = plan.operators.first { plan.tensors[$0.wiring.outputs[0].index].name == layer.output }
        guard !layer.stated.isEmpty, let writer else { return [] }
        let chosen: [(multiplier: Int, shift: Int)]
        switch writer {
        case let pool as Pool:
            guard case .scaled(.integer(let multiplier, let shift, _), _, _) = pool.arithmetic else { return [] }
            chosen = [(Int(multiplier), Int(shift))]
        case let addition as Addition:
            switch addition.arithmetic.method {
            case .separate(let a, let b):
                chosen = [(Int(a.multiplier), Int(a.shift)), (Int(b.multiplier), Int(b.shift))]
            case .fixedPoint(let a, let b, let shift): chosen = [(Int(a), Int(shift)), (Int(b), Int(shift))]
            default: return []
            }
        default: return []
        }
        guard chosen.count == layer.stated.count else {
            return ["\(chosen.count) constants, the vendor's are \(layer.stated.count)"]
        }
        return zip(chosen, layer.stated).compactMap { mine, theirs in
            mine == theirs
                ? nil
                : "constant \(mine.multiplier) / 2^\(mine.shift), the vendor's is \(theirs.multiplier) / 2^\(theirs.shift)"
        }
    }
}
