import ArgumentParser
import Arrays
import Compiler
import Glibc
import Graph
import Store

/// A float model and its int8 plan on the same inputs.
struct ModelQuantizeAccuracy {
    /// Of the plan's first output, as its kernels compute it; nil where there is no difference.
    var outputDecibels: Double?
    var inputs: Int
    var top1: Top1?

    /// Inputs whose largest output is the right one.
    struct Top1 {
        var float: Int
        var int8: Int
        /// Where both have the same largest output, right or wrong.
        var agreed: Int
    }

    /// - Parameter labels: the right class of each sample, where they are known.
    static func compare(
        float: Model, plan path: String, contract: String, samples: [[TensorData]], labels: [Int]?
    ) throws -> ModelQuantizeAccuracy {
        let evaluator = try Evaluator(float)
        let file = try ModelFile(path: path, .init(contract: contract, kernels: .ofThisMachine, threads: 1))
        guard let port = file.outputs.first else {
            throw ValidationError("\(path): expected an output to compare, found none")
        }
        let classes = port.shape.last ?? 1
        if let wrong = labels?.first(where: { $0 >= classes }) {
            throw ValidationError("--labels: expected classes 0 to \(classes - 1), found \(wrong)")
        }
        guard labels == nil || port.shape.reduce(1, *) == classes else {
            throw ValidationError("--labels: expected a model with one row of outputs, found \(port.shape)")
        }
        var (signal, noise) = (0.0, 0.0)
        var top1 = Top1(float: 0, int8: 0, agreed: 0)
        for (number, sample) in samples.enumerated() {
            let before = try evaluator.run(sample)[0].elements.reals
            let arrays = zip(sample, file.inputs).map { $1.array($0) }
            let after = port.reals(try file.run(arrays)[0])
            for (a, b) in zip(before, after) {
                signal += Double(a) * Double(a)
                noise += (Double(a) - Double(b)) * (Double(a) - Double(b))
            }
            guard let labels else { continue }
            let (first, second) = (place(before), place(after))
            if first == labels[number] { top1.float += 1 }
            if second == labels[number] { top1.int8 += 1 }
            if first == second { top1.agreed += 1 }
        }
        let decibels = signal > 0 && noise > 0 ? 10 * log10(signal / noise) : nil
        return ModelQuantizeAccuracy(
            outputDecibels: decibels, inputs: samples.count, top1: labels == nil ? nil : top1)
    }

    /// Of the largest; of the first of several.
    private static func place(_ numbers: [Float]) -> Int {
        numbers.indices.reduce(0) { numbers[$1] > numbers[$0] ? $1 : $0 }
    }

    /// Classes from a .csv file without quoted commas: a heading, then a line a sample.
    static func labels(_ path: String, column: String, count: Int) throws -> [Int] {
        let mapped = try MappedFile(path: path)
        let text = withExtendedLifetime(mapped) { String(decoding: mapped.bytes, as: UTF8.self) }
        var lines = text.split(whereSeparator: \.isNewline).map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " && $0 != "\"" } }
        }
        guard !lines.isEmpty, let place = lines.removeFirst().firstIndex(of: column) else {
            throw ValidationError("\(path): expected a heading with \(column), see --label-column")
        }
        guard lines.count == count else {
            throw ValidationError("\(path): expected a line for each of \(count) inputs, found \(lines.count)")
        }
        return try lines.enumerated().map { number, cells in
            guard cells.indices.contains(place), let label = Int(cells[place]), label >= 0 else {
                throw ValidationError(
                    "\(path): line \(number + 2): expected a class in column \(column), found "
                        + (cells.indices.contains(place) ? cells[place] : "\(cells.count) columns"))
            }
            return label
        }
    }
}

extension ModelFile.Port {
    /// Real numbers as the port takes them.
    fileprivate func array(_ data: TensorData) -> NPYArray {
        guard let quantization else { return NPYArray(data) }
        let elements = data.elements.reals.map { quantization.quantize($0) }
        return NPYArray(TensorData(shape: shape, .int8(elements)))
    }

    /// What the port gives as real numbers.
    fileprivate func reals(_ array: NPYArray) -> [Float] {
        let data = TensorData(array)
        guard let quantization, case .int8(let elements) = data.elements else { return data.elements.reals }
        return elements.map { quantization.dequantize($0) }
    }
}
