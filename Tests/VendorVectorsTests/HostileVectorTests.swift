import Arrays
import Foundation
import Graph
import Seeded
import Testing
import VendorVectors

/// Files that no vendor's tool wrote are refused with what is wrong, or compared; nothing ends the process.
///
/// `MILLWRIGHT_VECTORS` names a folder of vendors' vectors to damage too, `MILLWRIGHT_VECTOR_ROUNDS` how often each file is.
@Suite("damaged vectors") struct HostileVectorTests {
    private static let names = (try? VectorFiles.names() + VectorFiles.vendorNames()) ?? []

    @Test("seeded damage to each file is refused or compared", arguments: names)
    func mutated(name: String) throws {
        let variables = ProcessInfo.processInfo.environment
        let rounds = variables["MILLWRIGHT_VECTOR_ROUNDS"].flatMap { Int($0) } ?? 40
        let seed: UInt64 = 20_261_130
        // Said beforehand: a test that ends the process says nothing more.
        FileHandle.standardError.write(Data("\(name): \(rounds) changes from seed \(seed)\n".utf8))
        var mutator = VectorMutator(seed: seed)
        let json = try JSONSerialization.jsonObject(with: Data(VectorFiles.bytes("\(name).json")))
        let archive = try NPZArchive(VectorFiles.bytes("\(name).npz"))
        let arrays = try Dictionary(uniqueKeysWithValues: archive.names.map { ($0, try #require(archive[$0])) })
        var (refused, compared) = (0, 0)
        for _ in 0..<rounds {
            let changed = try mutator.mutated(json: json, arrays: arrays)
            do throws(VectorError) {
                let model = try VectorModel(name: name, json: changed.json, npz: changed.npz)
                _ = try model.check()
                compared += 1
            } catch {
                #expect(error.place.contains(name.split(separator: "/").last ?? ""), "\(changed.what): \(error)")
                refused += 1
            }
        }
        // Both must happen, else the changes are too tame or too wild.
        #expect(refused > rounds / 5 && compared > 0)
    }

    /// A file of the chip with changed arrays and text.
    private static func changed(
        _ chip: String, _ texts: [(String, String)] = [], _ change: (inout [String: NPYArray]) throws -> Void = { _ in }
    ) throws -> VectorModel {
        let name = try #require(try VectorFiles.names().first { $0.hasSuffix(chip) })
        var text = String(decoding: try VectorFiles.bytes("\(name).json"), as: UTF8.self)
        for (old, new) in texts {
            #expect(text.contains(old), "\(old)")
            text = text.replacing(old, with: new)
        }
        let archive = try NPZArchive(VectorFiles.bytes("\(name).npz"))
        var arrays = try Dictionary(uniqueKeysWithValues: archive.names.map { ($0, try #require(archive[$0])) })
        try change(&arrays)
        return try VectorModel(name: name, json: Array(text.utf8), npz: StoredArchive.bytes(arrays))
    }

    private static func integers<Number: FixedWidthInteger>(_ kind: NPYArray.Kind, _ shape: [Int], _ values: [Number])
        -> NPYArray
    {
        NPYArray(
            kind: kind, shape: shape,
            bytes: values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } })
    }

    @Test("weights in wider integers are taken where they are numbers of 8 bits", arguments: [0, 300, -300])
    func wideWeights(added: Int) throws {
        let make = {
            try Self.changed("a311d/conv_tie") { arrays in
                let weights = try #require(arrays["w"])
                arrays["w"] = Self.integers(.int32, weights.shape, weights.bytes.map { Int32($0) + Int32(added) })
            }
        }
        guard added != 0 else {
            #expect(try make().check().allSatisfy(\.isPassed))
            return
        }
        let error = try #require(throws: VectorError.self) { _ = try make() }
        #expect(error.description.contains("npz: w: expected integers in -128...255"), "\(error)")
    }

    @Test("an operand without a dimension is refused by its name")
    func scalar() throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.changed("a311d/add") { $0["x"] = NPYArray(kind: .uint8, shape: [], bytes: [3]) }
        }
        #expect(error.description.contains("npz: x: expected an array of one dimension or more"), "\(error)")
    }

    @Test("a shift that no channel has is refused by its name", arguments: [[], [Int64.max], [1, 2]])
    func shifts(values: [Int64]) throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.changed("cv181x/ties") { $0["shift_conv2d0"] = Self.integers(.int64, [values.count], values) }
        }
        #expect(error.description.contains("shift"), "\(error)")
    }

    @Test("a channel multiplied with 0 stays at the zero point")
    func silent() throws {
        let model = try Self.changed("bm1684x/ratios") { arrays in
            arrays["mult_one"] = Self.integers(.int64, [1], [Int64(0)])
            let output = try #require(arrays["t_one"])
            arrays["t_one"] = NPYArray(kind: .int8, shape: output.shape, bytes: output.bytes.map { _ in 0 })
        }
        let result = try #require(try model.check().first { $0.tensor == "one" })
        #expect(result.isPassed)
    }

    @Test(
        "what NumPy may write is read: float64, int16, int64, bool",
        arguments: [NPYArray.Kind.float64, .int16, .int64, .bool])
    func types(kind: NPYArray.Kind) throws {
        let model = try Self.changed("rk3588/ratios") { arrays in
            switch kind {
            case .float64:
                let real = try #require(arrays["x_float"])
                arrays["x_float"] = NPYArray(
                    kind: kind, shape: real.shape,
                    bytes: try real.floats().flatMap { value in
                        withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { Array($0) }
                    })
            case .int16:
                let input = try #require(arrays["t_add_a"])
                arrays["t_add_a"] = Self.integers(kind, input.shape, input.bytes.map { Int16(Int8(bitPattern: $0)) })
            case .int64:
                let bias = try #require(arrays["b_one_tie"])
                let values = bias.bytes.withUnsafeBytes { bytes in
                    (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
                }
                arrays["b_one_tie"] = Self.integers(kind, bias.shape, values.map { Int64($0) })
            default:
                // Nothing but zeros, which are as good as false.
                let bias = try #require(arrays["b_one_tie"])
                arrays["b_one_tie"] = NPYArray(
                    kind: kind, shape: bias.shape, bytes: bias.shape.flatMap { [UInt8](repeating: 0, count: $0) })
            }
        }
        let failed = try model.check(.layer, by: .reference).filter { !$0.isPassed }.map(\.tensor)
        #expect(failed == (kind == .bool ? ["one_tie"] : []))
    }

    @Test(
        "a chip is known by its whole name, in whatever letters",
        arguments: [("RK3588", true), ("rk1808", false), ("rk35", false), ("rk3588s-2", false), ("", false)])
    func chips(chip: String, isKnown: Bool) throws {
        let make = { try Self.changed("rk3588/ties", [("\"chip\": \"rk3588\"", "\"chip\": \"\(chip)\"")]) }
        guard !isKnown else {
            #expect(try make().contract.name == "rockchip")
            return
        }
        let error = try #require(throws: VectorError.self) { _ = try make() }
        #expect(error.description.contains("Rockchip rk3588, "), "\(error)")
    }

    @Test(
        "chips that are others than those compared are refused",
        arguments: ["cv180x", "cv186x", "bm1684", "cv18", "sg2042"])
    func otherSophgo(chip: String) {
        #expect(throws: VectorError.self) {
            try Self.changed("cv181x/ties", [("\"chip\": \"cv181x\"", "\"chip\": \"\(chip)\"")])
        }
    }

    @Test("a share beyond 0...1 is refused", arguments: ["-3", "1.5", "1e300"])
    func hostileShare(share: String) throws {
        let error = try #require(throws: VectorError.self) {
            _ = try Self.changed("a311d/avg_tie", [("\"emulator_match\": 1.0", "\"emulator_match\": \(share)")])
        }
        #expect(error.description.contains("emulator_match: expected a number in 0...1"), "\(error)")
    }

    /// Of 2,560 elements one is less than a thousandth, two thousandths are five of them.
    @Test(
        "a share from 0.999 on is taken and said, and less than that is none",
        arguments: [
            ("0.5", 1, false), ("0", 1, false), ("0.9989", 1, false), ("0.9995", 1, true), ("0.999", 5, false),
            ("1", 1, false),
        ])
    func lowShare(share: String, flips: Int, isPassed: Bool) throws {
        let model = try Self.changed("rk3588/ratios", [("\"emulator_match\": 1.0", "\"emulator_match\": \(share)")]) {
            arrays in
            // A wider layer: what is read there is what comes out.
            for name in ["t_q", "t_same"] {
                let narrow = try #require(arrays[name])
                arrays[name] = NPYArray(
                    kind: .int8, shape: [8, 320, 1, 1], bytes: (0..<2_560).map { narrow.bytes[$0 % narrow.bytes.count] }
                )
            }
            for flip in 0..<flips { arrays["t_same"]?.bytes[flip] ^= 1 }
        }
        let layer = try #require(model.apart.first { $0.outputs == ["same"] })
        let result = try #require(try layer.check().first)
        #expect(result.count == 2_560 && result.equal == 2_560 - flips)
        #expect(result.isPassed == isPassed)
        #expect(
            result.allowance
                == (share == "1"
                    ? nil
                    : isPassed || flips == 5
                        ? "emulator_match \(share): as much must be equal"
                        : "emulator_match \(Double(share) ?? 0) is below 0.999: everything must be equal"))
    }
}
