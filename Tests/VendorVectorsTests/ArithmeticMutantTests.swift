import Graph
import Kernels
import Testing
import VendorVectors

/// A contract of whatever arithmetic a test gives it; everything else it computes as chips' contracts do.
private enum Mutant: ChipContract {
    static let name = "mutant"
    static let summary = "a chip's contract with one rule exchanged"
    @TaskLocal static var arithmetic = Rockchip.arithmetic
}

@Suite("each rule of each chip's contract, exchanged for each other one, changes an element of its vectors")
struct ArithmeticMutantTests {
    private static let chips: [any ChipContract.Type] = [
        Rockchip.self, SophgoBM.self, SophgoCV181x.self, VeriSiliconA311D.self, VeriSiliconV853.self,
    ]

    /// A field of a contract's data with another value.
    private struct Change {
        var field: String
        var value: String
        var arithmetic: ChipArithmetic
        /// False for a rule that no kernel computes.
        var hasConstants: Bool
    }

    private static let rules: [RequantizationRule] = [
        .float, .mantissa(digits: 15), .mantissa(digits: 16), .mantissa(digits: 17), .integer, .highMultiply,
    ].flatMap { scale in [.even, .up, .away].map { RequantizationRule(scale, ties: $0) } }

    private static func changes(_ right: ChipArithmetic) -> [Change] {
        var changes: [Change] = []
        func change<Value: Equatable>(
            _ field: String, _ path: WritableKeyPath<ChipArithmetic, Value>, _ values: [Value]
        ) {
            for value in values where value != right[keyPath: path] {
                var changed = right
                changed[keyPath: path] = value
                changes.append(
                    Change(
                        field: field, value: "\(value)", arithmetic: changed,
                        hasConstants: (value as? RequantizationRule).map { $0(1 / 32) != nil } ?? true))
            }
        }
        change("perChannel", \.perChannel, rules)
        change("perTensor", \.perTensor, rules)
        change("matrixProduct", \.matrixProduct, rules)
        change(
            "average", \.average,
            [
                .realNumbers, .quotient(.awayFromZero), .quotient(.towardsZero), .smallMultiplier(isCut: false),
                .smallMultiplier(isCut: true),
            ])
        change("addition", \.addition, [.realNumbers, .separate, .oneShift])
        change("joinsAddition", \.joinsAddition, [false, true])
        change("quantizing", \.quantizing, [.multiplyEven, .divideEven, .divideAway])
        return changes
    }

    /// A model for each layer of the chip's vectors.
    private static func layers(of chip: any ChipContract.Type) throws -> [VectorModel] {
        try VectorFiles.names().map { name in
            try VectorModel(name: name, json: VectorFiles.bytes("\(name).json"), npz: VectorFiles.bytes("\(name).npz"))
        }.filter { $0.contract.name == chip.name }.flatMap(\.apart)
    }

    private struct Outcome: Equatable {
        /// Layers of which an element comes out otherwise.
        var differing = 0
        /// Layers for which the arithmetic has no constants: no kernel computes it.
        var refused = 0
    }

    private static func outcome(_ layers: [VectorModel], as arithmetic: ChipArithmetic) -> Outcome {
        Mutant.$arithmetic.withValue(arithmetic) {
            var outcome = Outcome()
            for var layer in layers {
                layer.contract = Mutant.self
                do throws(VectorError) {
                    if try layer.check(.layer, by: .reference).contains(where: { $0.equal < $0.count }) {
                        outcome.differing += 1
                    }
                } catch { outcome.refused += 1 }
            }
            return outcome
        }
    }

    @Test("unchanged arithmetic gives every element", arguments: chips.map { $0.name })
    func unchanged(name: String) throws {
        let chip = try #require(Self.chips.first { $0.name == name })
        #expect(try Self.outcome(Self.layers(of: chip), as: chip.arithmetic) == Outcome())
    }

    /// Pairs of a scale's form and a direction of ties that no kernel computes are refused by each layer that would use
    /// them; ``RecountTests`` show that the vectors tell those directions too.
    @Test("an exchanged rule changes an element, or has no constants", arguments: chips.map { $0.name })
    func exchanged(name: String) throws {
        let chip = try #require(Self.chips.first { $0.name == name })
        let layers = try Self.layers(of: chip)
        var (changed, refused) = (0, 0)
        for change in Self.changes(chip.arithmetic) where change.field != "joinsAddition" {
            let outcome = Self.outcome(layers, as: change.arithmetic)
            if change.hasConstants {
                #expect(outcome.differing > 0, "\(name): \(change.field) as \(change.value)")
                changed += 1
            } else {
                #expect(outcome.differing == 0 && outcome.refused > 0, "\(name): \(change.field) as \(change.value)")
                refused += 1
            }
        }
        // Eight pairs of six scales and three directions have constants, ten have none.
        #expect(changed == 3 * 7 + 4 + 2 + 2 && refused == 3 * 10)
    }

    /// No vendor's vectors but Rockchip's have layers that join, so for those of the others the two are one function.
    @Test("only Rockchip's sums join a convolution before it is rounded", arguments: chips.map { $0.name })
    func joined(name: String) throws {
        let chip = try #require(Self.chips.first { $0.name == name })
        let layers = try Self.layers(of: chip)
        let one = Quantization(scale: 1, zeroPoint: 0)
        let half = Quantization(scale: 0.5, zeroPoint: 0)
        let joined = chip.joinedAddition(half, output: one)
        #expect(joined == (chip == Rockchip.self ? 0.5 : nil))
        for change in Self.changes(chip.arithmetic) where change.field == "joinsAddition" {
            let outcome = Self.outcome(layers, as: change.arithmetic)
            #expect(outcome == Outcome(refused: chip == Rockchip.self ? 1 : 0))
        }
    }

    /// No vendor's vectors have a layer that is a mean, so it is held against an average under a window as large.
    @Test(
        "a mean over an image is an average under a window as large", arguments: chips.map { $0.name }, [4, 9, 49, 60])
    func means(name: String, count: Int) throws {
        let chip = try #require(Self.chips.first { $0.name == name })
        let (input, output) = (Quantization(scale: 0.37, zeroPoint: -3), Quantization(scale: 0.5, zeroPoint: 5))
        let reduction = ReductionOfMany(.mean, input, output: output, count: count)
        let made = chip.reduction(reduction)
        let mean = try #require(made)
        guard case .smallMultiplier(let isCut) = chip.arithmetic.average else {
            let usual = FP32.reduction(reduction)
            #expect(mean == usual)
            return
        }
        let window = chip.average(AverageOfWindow(input, output: output, taps: count))
        let average = try #require(window)
        let ratio = Double(Float(0.37) / 0.5 / Float(count))
        let (multiplier, shift) = Self.small(ratio, isCut: isCut)
        for sum in -128 * count...127 * count {
            let scaled = ((Double(sum + 3 * count) * multiplier / Double(1 << shift)) + 0.5).rounded(.down)
            let wanted = Int32(min(max(scaled + 5, -128), 127))
            #expect(average.average(sum: Int32(sum), count: Int32(count)) == wanted)
            #expect(Int32(mean(Int32(sum), channel: 0)) == wanted)
        }
    }

    /// Every shift tried, in double precision.
    private static func small(_ ratio: Double, isCut: Bool) -> (multiplier: Double, shift: Int) {
        let shifts = (0...30).map { ($0, ratio * Double(1 << $0)) }
        if isCut {
            let (shift, product) = shifts.last { $0.1 < 127 } ?? (0, 0)
            return (product.rounded(.down), shift)
        }
        let tried = shifts.map { ($0.0, $0.1.rounded()) }.filter { $0.1 < 127 }
        let best = tried.map { abs($0.1 / Double(1 << $0.0) - ratio) }.min()
        let (shift, multiplier) = tried.first { abs($0.1 / Double(1 << $0.0) - ratio) == best } ?? (0, 0)
        return (multiplier, shift)
    }
}
