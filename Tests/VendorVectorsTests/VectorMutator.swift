import Arrays
import Foundation
import Seeded

/// Seeded damage to the two files of a model: JSON values of another type, empty, huge, negative or missing; arrays of another
/// type, shape or length, or missing.
struct VectorMutator {
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// One change of the one or the other.
    /// - Returns: what was changed, and both files.
    mutating func mutated(json: Any, arrays: [String: NPYArray]) throws -> (what: String, json: [UInt8], npz: [UInt8]) {
        var (json, arrays, what) = (json, arrays, "")
        if random.below(2) == 0 {
            var paths: [[String]] = []
            Self.walk(json, [], &paths)
            let path = paths[random.below(paths.count)]
            let value = changed(Self.value(json, path))
            what = "\(path.joined(separator: "."))"
            json = Self.replaced(json, path[...], value) ?? NSNull()
        } else {
            let keys = arrays.keys.sorted()
            let key = keys[random.below(keys.count)]
            what = key
            arrays[key] = arrays[key].flatMap { changed($0) }
        }
        var npz = StoredArchive.bytes(arrays)
        if random.below(40) == 0 { npz.removeLast(1 + random.below(npz.count)) }
        return (what, Array(try JSONSerialization.data(withJSONObject: json, options: [.fragmentsAllowed])), npz)
    }

    /// nil where it is to be missing.
    private mutating func changed(_ value: Any?) -> Any? {
        switch random.below(13) {
        case 0: return nil
        case 1: return [Any]()
        case 2: return [String: Any]()
        case 3: return "text"
        case 4: return true
        case 5: return NSNull()
        case 6: return -1
        case 7: return Int.max
        case 8: return Int.min
        case 9: return 1e300
        case 10: return [0, 1, 2, 3, 300].shuffled(using: &random)
        case 11: return [1 << 31, 65_536, 0, 4_096, 256, 255, 128, 64, 3][random.below(9)]
        default:
            guard var items = value as? [Any], !items.isEmpty else { return 1e-300 }
            if random.below(2) == 0 { items.removeLast() } else { items += items }
            return items
        }
    }

    private mutating func changed(_ array: NPYArray) -> NPYArray? {
        var (kind, shape, bytes) = (array.kind, array.shape, array.bytes)
        switch random.below(9) {
        case 0: return nil
        case 1: kind = NPYArray.Kind.allCases[random.below(NPYArray.Kind.allCases.count)]
        case 2: shape = []
        case 3: shape = [0] + shape.dropFirst()
        case 4: shape.insert(1, at: random.below(shape.count + 1))
        case 5: shape = [shape.reduce(1, *)]
        case 6: shape.shuffle(using: &random)
        case 7: shape = shape.map { max(1, $0 - random.below(2)) }
        default:
            // Huge and negative numbers, in whatever type.
            for _ in 0...random.below(8) where !bytes.isEmpty {
                bytes[random.below(bytes.count)] = [0x7F, 0xFF, 0x80][random.below(3)]
            }
            if random.below(2) == 0 { kind = .int64 }
        }
        let count = shape.reduce(1, *) * kind.size
        if bytes.count < count { bytes += (bytes.count..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
        return NPYArray(kind: kind, shape: shape, bytes: Array(bytes.prefix(count)))
    }

    private static func walk(_ value: Any, _ path: [String], _ paths: inout [[String]]) {
        if !path.isEmpty { paths.append(path) }
        if let object = value as? [String: Any] {
            for (key, child) in object.sorted(by: { $0.key < $1.key }) { walk(child, path + [key], &paths) }
        } else if let items = value as? [Any] {
            for (index, child) in items.prefix(12).enumerated() { walk(child, path + ["\(index)"], &paths) }
        }
    }

    private static func value(_ json: Any, _ path: [String]) -> Any? {
        path.reduce(json) { value, key in
            if let object = value as? [String: Any] { return object[key] }
            guard let items = value as? [Any], let index = Int(key), items.indices.contains(index) else { return nil }
            return items[index]
        }
    }

    private static func replaced(_ json: Any, _ path: ArraySlice<String>, _ value: Any?) -> Any? {
        guard let key = path.first else { return value }
        if var object = json as? [String: Any] {
            object[key] = object[key].flatMap { replaced($0, path.dropFirst(), value) }
            return object
        }
        guard var items = json as? [Any], let index = Int(key), items.indices.contains(index) else { return json }
        if let item = replaced(items[index], path.dropFirst(), value) {
            items[index] = item
        } else {
            items.remove(at: index)
        }
        return items
    }
}
