import ArgumentParser
import Arrays
import Compiler
import Glibc
import Store

/// Reads inputs of a float model from .npy files.
struct ModelQuantizeInputs {
    let model: Model
    /// `real = scale * (element - offset)`.
    let scale: Float
    let offset: Float

    /// Numbers held at once: half a gigabyte.
    private static let elementLimit = 1 << 27

    /// - Parameter words: PATH or NAME=PATH.
    /// - Returns: for each sample a tensor a graph input.
    func samples(_ words: [String], _ option: String) throws -> [[TensorData]] {
        let paths = try assign(words, option)
        var columns: [[TensorData]] = []
        for (path, id) in zip(paths, model.inputs) {
            var tensors: [TensorData] = []
            for file in try Self.files(path, option) {
                tensors += try read(file, as: model[id])
                guard tensors.count * model[id].elementCount <= Self.elementLimit else {
                    throw ValidationError(
                        "\(option): expected at most \(Self.elementLimit / max(model[id].elementCount, 1)) inputs of "
                            + "\(model[id].shape), found more with \(file)")
                }
            }
            columns.append(tensors)
        }
        let counts = columns.map(\.count)
        guard let count = counts.first, counts.allSatisfy({ $0 == count }) else {
            throw ValidationError("\(option): expected as many of each input, found \(counts)")
        }
        return (0..<count).map { index in columns.map { $0[index] } }
    }

    private func assign(_ words: [String], _ option: String) throws -> [String] {
        let names = model.inputs.map { model[$0].name }
        if words.count == 1, names.count == 1 {
            let named = words[0].hasPrefix(names[0] + "=")
            return [named ? String(words[0].dropFirst(names[0].count + 1)) : words[0]]
        }
        return try names.map { name in
            let found = words.filter { $0.hasPrefix(name + "=") }
            guard found.count == 1, words.count == names.count else {
                throw ValidationError(
                    "\(option): expected NAME=PATH once for each of \(names.joined(separator: ", ")), found "
                        + words.joined(separator: " "))
            }
            return String(found[0].dropFirst(name.count + 1))
        }
    }

    /// The file itself, or a folder's .npy files in the order of their names.
    private static func files(_ path: String, _ option: String) throws -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ValidationError("\(option): \(path): \(String(cString: strerror(errno)))")
        }
        guard DirectoryListing.isDirectory(path) else { return [path] }
        let names = try DirectoryListing.names(in: path).filter { $0.hasSuffix(".npy") }.map { "\(path)/\($0)" }
        guard !names.isEmpty else {
            throw ValidationError("\(option): \(path): expected .npy files in the folder, found none")
        }
        return names
    }

    /// One input, with its batch dimension or without, or several stacked.
    private func read(_ path: String, as value: Value) throws -> [TensorData] {
        let mapped = try MappedFile(path: path)
        let array = try withExtendedLifetime(mapped) { () throws -> NPYArray in
            do { return try NPYArray(Array(mapped.bytes)) } catch { throw ValidationError("\(path): \(error)") }
        }
        let isBare = value.shape.first == 1 && array.shape == Array(value.shape.dropFirst())
        guard let count = isBare ? 1 : array.repeats(of: value.shape) else {
            throw ValidationError(
                "\(path): expected shape \(value.shape) for input \(value.name), or N times its first dimension, "
                    + "found \(array.shape)")
        }
        let reals = TensorData(array).elements.reals.map { scale * ($0 - offset) }
        if let place = reals.firstIndex(where: { !$0.isFinite }) {
            throw ValidationError(
                "\(path): expected finite numbers, found \(reals[place]) in input \(place / max(value.elementCount, 1)), "
                    + "element \(place % max(value.elementCount, 1))")
        }
        return (0..<count).map { index in
            let part = reals[index * value.elementCount..<(index + 1) * value.elementCount]
            return TensorData(shape: value.shape, .float32(Array(part)))
        }
    }
}
