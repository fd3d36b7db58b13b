import Arrays
import Foundation
import Testing

/// Which elements each direction of ties would change, counted here once more from the files alone: for sums of products of
/// one pixel, with arithmetic that is exact in double precision.
@Suite("what a wrong direction of ties would change") struct RecountTests {
    /// A sum of products, and what it is multiplied with.
    private struct Layer {
        var name: String
        /// Before they are rounded the last time, an element each.
        var values: [Double]
        var zeroPoint: Double
        var low: Double
        var high: Double
        var stored: [Double]
        var right: String
        var wrong: [String: Int]

        func answers(_ direction: String) -> [Double] {
            values.map { min(max(Self.rounded($0, direction) + zeroPoint, low), high) }
        }

        private static func rounded(_ value: Double, _ direction: String) -> Double {
            let floor = value.rounded(.down)
            guard value - floor == 0.5 else { return value.rounded(.toNearestOrEven) }
            let isUp =
                switch direction {
                case "half_even": floor.remainder(dividingBy: 2) != 0
                case "half_up": true
                case "half_away": value > 0
                case "half_toward": value < 0
                default: false
                }
            return isUp ? floor + 1 : floor
        }
    }

    private static let directions = ["half_even", "half_up", "half_away", "half_down", "half_toward"]

    @Test("the counts that the files state are those of their numbers")
    func recounted() throws {
        var chips: [String: Int] = [:]
        for path in try VectorFiles.names() {
            for layer in try Self.layers(path) {
                #expect(layer.answers(layer.right) == layer.stored, "\(layer.name)")
                for direction in Self.directions {
                    let differing = zip(layer.answers(direction), layer.stored).filter { $0 != $1 }.count
                    #expect(differing == (layer.wrong[direction] ?? 0), "\(layer.name): \(direction)")
                }
                chips[path.split(separator: "/").dropLast().last.map(String.init) ?? "", default: 0] += 1
            }
        }
        #expect(chips.count == 5 && chips.values.allSatisfy { $0 >= 2 }, "\(chips)")
    }

    private static func layers(_ path: String) throws -> [Layer] {
        let archive = try NPZArchive(VectorFiles.bytes("\(path).npz"))
        func numbers(_ name: String) throws -> [Double] { try #require(archive[name]).doubles }
        return try VectorFiles.objects("wrong_modes", in: "\(path).json").compactMap { layer in
            let wrong = try #require(layer["wrong_modes"] as? [String: Int])
            let op = layer["op"] as? String ?? ""
            guard let right = layer["rounding"] as? String, wrong["half_down"] != nil,
                ["conv", "conv2d", "fc", "gemm", "matmul"].contains(op), (layer["group"] as? Int ?? 1) == 1
            else { return nil }
            let root = try #require(
                try JSONSerialization.jsonObject(with: Data(VectorFiles.bytes("\(path).json"))) as? [String: Any])
            let tensors = root["tensors"] as? [String: [String: Any]]
            // One operator has its arrays' names; a layer states them.
            let output = layer["output"] as? String
            let input = layer["input"] as? String ?? (layer["inputs"] as? [String])?.first
            let (x, y) = (input.map { "t_\($0)" } ?? "x", output.map { "t_\($0)" } ?? "y")
            func zeroPoint(_ tensor: String?, _ key: String) -> Double {
                let described = tensor.flatMap { tensors?[$0] } ?? layer[key] as? [String: Any]
                return Double(described?["zero_point"] as? Int ?? 0)
            }
            let (zx, zy) = (zeroPoint(input, "x"), zeroPoint(output, "y"))
            let weights = layer["weight"] as? [String: Any]
            let points = (layer["w_zero_point"] as? [Int] ?? weights?["zero_point"] as? [Int] ?? [0]).map(Double.init)
            let bias = try numbers(layer["bias"] as? String ?? "b")
            let w = try numbers(layer["weight"] as? String ?? "w")
            let (inputs, stored) = (try numbers(x), try numbers(y))
            let depth = w.count / bias.count
            let isInputFirst = layer["weight_layout"] as? String == "[in,out]"
            let values = try stored.indices.map { element in
                let (sample, out) = element.quotientAndRemainder(dividingBy: bias.count)
                let sum = (0..<depth).reduce(bias[out]) { sum, i in
                    let weight = w[isInputFirst ? i * bias.count + out : out * depth + i]
                    return sum + (inputs[sample * depth + i] - zx) * (weight - points[points.count == 1 ? 0 : out])
                }
                func one(_ numbers: [Double]) -> Double { numbers[numbers.count == 1 ? 0 : out] }
                if let multiplier = layer["mult"] as? String, let shift = layer["shift"] as? String {
                    var product = sum * one(try numbers(multiplier))
                    if root["chip"] as? String == "cv181x" { product = (product / 0x1p31 + 0.5).rounded(.down) }
                    return product / pow(2, one(try numbers(shift)))
                }
                return sum * one(layer["w_scale"] as? [Double] ?? weights?["scale"] as? [Double] ?? [])
            }
            let isUnsigned = archive[y]?.kind == .uint8
            let isCut = layer["relu"] as? Bool == true
            return Layer(
                name: "\(path): \(output ?? op)", values: values, zeroPoint: zy, low: isUnsigned || isCut ? 0 : -128,
                high: isUnsigned ? 255 : 127, stored: stored, right: right,
                wrong: wrong)
        }
    }
}

extension NPYArray {
    fileprivate var doubles: [Double] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / kind.size).map { index in
                let at = index * kind.size
                return switch kind {
                case .int8: Double(bytes.loadUnaligned(fromByteOffset: at, as: Int8.self))
                case .int32: Double(bytes.loadUnaligned(fromByteOffset: at, as: Int32.self))
                case .int64: Double(bytes.loadUnaligned(fromByteOffset: at, as: Int64.self))
                default: Double(bytes[at])
                }
            }
        }
    }
}
