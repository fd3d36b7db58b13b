import Arrays
import Graph
import Kernels
import Testing
import VendorVectors

@Suite("chips' contracts on vectors full of ties, made by exact arithmetic")
struct VendorVectorTests {
    private static func model(_ name: String) throws -> VectorModel {
        try VectorModel(name: name, json: VectorFiles.bytes("\(name).json"), npz: VectorFiles.bytes("\(name).npz"))
    }

    private static let chips = Contracts.all.compactMap { $0 as? any ChipContract.Type }.filter { $0 != SHL.self }

    @Test(
        "every element is equal, on every instruction set and by reference",
        arguments: KernelSet.supported + ["reference"])
    func equal(isa: String) throws {
        let means: VectorModel.Means = isa == "reference" ? .reference : .kernels(try KernelSet(isa: isa), threads: 1)
        var elements = 0
        for name in try VectorFiles.names() {
            for result in try Self.model(name).check(.layer, by: means) {
                #expect(result.equal == result.count, "\(name): \(result.tensor)")
                #expect(result.remarks.isEmpty, "\(name): \(result.remarks)")
                elements += result.count
            }
        }
        #expect(elements == 14_656)
    }

    @Test("every chip has a file, and each layer tells the wrong directions of ties from the right one")
    func everyWrongModeShows() throws {
        let names = try VectorFiles.names()
        #expect(try Set(names.map { try Self.model($0).contract.name }) == Set(Self.chips.map { $0.name }))
        for name in names {
            let layers = try VectorFiles.objects("wrong_modes", in: "\(name).json")
            #expect(!layers.isEmpty)
            for layer in layers {
                let wrong = try #require(layer["wrong_modes"] as? [String: Int])
                #expect(!wrong.isEmpty && wrong.values.allSatisfy { $0 > 0 }, "\(name): \(wrong)")
                // Behind a ReLU up and away are one; other files are about digits and constants.
                guard wrong["half_down"] != nil, layer["relu"] as? Bool == false else { continue }
                let right = try #require(layer["rounding"] as? String)
                let directions: Set = ["half_even", "half_up", "half_away", "half_down", "half_toward"]
                #expect(directions.subtracting(wrong.keys) == [right], "\(name): \(wrong)")
            }
        }
    }

    /// Each other contract is a mutant: another scale, other ties, another average or addition.
    @Test("under any other contract a chip's vectors fail", arguments: chips.map { $0.name })
    func mutants(chip: String) throws {
        let models = try VectorFiles.names().map { try Self.model($0) }.filter { $0.contract.name == chip }
        for other in Contracts.all where other.name != chip {
            let isCaught = models.contains { model in
                var mutant = model
                mutant.contract = other
                guard let results = try? mutant.check() else { return true }
                return results.contains { $0.equal < $0.count }
            }
            #expect(isCaught, "\(chip) computed as \(other.name)")
        }
    }

    @Test("one changed number of the vendor's is found, with how far it is off")
    func differenceIsFound() throws {
        let name = try #require(try VectorFiles.names().first { $0.contains("a311d/avg_tie") })
        let archive = try NPZArchive(VectorFiles.bytes("\(name).npz"))
        var arrays = try Dictionary(uniqueKeysWithValues: archive.names.map { ($0, try #require(archive[$0])) })
        arrays["y"]?.bytes[7] ^= 4
        let model = try VectorModel(
            name: name, json: VectorFiles.bytes("\(name).json"), npz: StoredArchive.bytes(arrays))
        let result = try #require(try model.check().first)
        #expect(result.equal == result.count - 1)
        #expect(result.largestDifference == 4)
        #expect(!result.isPassed)
    }

    @Test(
        "what is wrong in a file is said with its place",
        arguments: [
            ("\"vendor\": \"Rockchip\"", "\"vendor\": \"Nobody\"", "vendor and chip among"),
            ("\"op\": \"convadd\"", "\"op\": \"sorcery\"", "op conv, dw, gemm"),
            ("\"stride\": 2", "\"stride\": 0", "an integer in 1...256"),
            ("\"zero_point\": -3", "\"zero_point\": 300", "an integer in -128...127"),
            ("\"weight\": \"w_conv\"", "\"weight\": \"w_none\"", "an array w_none"),
            ("\"relu\": false", "\"relu\": 7", "true or false"),
            ("\"layers\": [", "\"layers\": 3, \"x\": [", "an array"),
            ("\"scale\": 0.5", "\"scale\": -0.5", "a scale above 0"),
            ("{\n", "{{", "JSON"),
        ])
    func malformed(old: String, new: String, expected: String) throws {
        let name = try #require(try VectorFiles.names().first { $0.hasSuffix("rk3588/ties") })
        let text = String(decoding: try VectorFiles.bytes("\(name).json"), as: UTF8.self)
        #expect(text.contains(old))
        let changed = text.replacing(old, with: new, maxReplacements: 1)
        let npz = try VectorFiles.bytes("\(name).npz")
        let error = try #require(throws: VectorError.self) {
            _ = try VectorModel(name: name, json: Array(changed.utf8), npz: npz)
        }
        #expect(error.description.contains(expected), "\(error)")
        #expect(error.place.contains("ties"), "\(error)")
    }
}
