import CKernels
import Kernels
import Seeded
import Testing

@Suite("sums that are scaled in fixed point: the quicker way in float32 has the same bytes")
struct QuickAdditionTests {
    private static let pairs = 256 * 256

    /// A sum as TensorFlow Lite's contract makes them: one side's factor is 1/2, the other's less, and their sum goes
    /// back by about 2^20.
    private static func sum(_ random: inout SplitMix64) -> mw_s8_add {
        func multiplier(_ random: inout SplitMix64) -> Int32 { .random(in: 1 << 30...Int32.max, using: &random) }
        let shift = Int32.random(in: 0...4, using: &random)
        let rounding = [MW_TIES_AWAY, MW_FLOOR, MW_FLOOR][Int.random(in: 0...2, using: &random)]
        let isShiftedLess = rounding == MW_FLOOR && Bool.random(using: &random)
        let sides = [
            mw_fixed_point(left: 20, multiplier: 1 << 30, right: 0, rounding: rounding),
            mw_fixed_point(
                left: isShiftedLess ? 20 - shift : 20, multiplier: multiplier(&random),
                right: isShiftedLess ? 0 : shift, rounding: rounding),
        ].shuffled(using: &random)
        var add = mw_s8_add()
        add.kind = MW_ADD_TWO_STEP
        add.scale_a = sides[0]
        add.scale_b = sides[1]
        // With a power of two many sums lie on an edge.
        add.scale_sum = mw_fixed_point(
            left: 0, multiplier: Int.random(in: 0...4, using: &random) == 0 ? 1 << 30 : multiplier(&random),
            right: .random(in: 16...20, using: &random),
            rounding: Bool.random(using: &random) ? MW_TIES_AWAY : MW_TIES_UP)
        add.sign_a = 1
        add.sign_b = Int.random(in: 0...3, using: &random) == 0 ? -1 : 1
        add.zero_point_a = .random(in: -128...127, using: &random)
        add.zero_point_b = .random(in: -128...127, using: &random)
        add.zero_point = .random(in: -128...127, using: &random)
        add.low = Bool.random(using: &random) ? -128 : add.zero_point
        add.high = 127
        return add
    }

    /// Every number of one side with every one of the other, by the scalar kernel, which knows no quicker way, and by
    /// the others.
    @Test func ofAllPairs() throws {
        var count = 0
        let table = try #require(mw_s8_elementwise_kernels(&count))
        let a = (0..<Self.pairs).map { Int8(truncatingIfNeeded: $0) }
        let b = (0..<Self.pairs).map { Int8(truncatingIfNeeded: $0 >> 8) }
        var random = SplitMix64(seed: 21)
        var quick = 0
        for number in 0..<60 {
            var add = Self.sum(&random)
            mw_s8_add_prepare(&add)
            if add.near > 0 { quick += 1 }
            var operands = mw_s8_operands(rows: 1, columns: Self.pairs, b_row_stride: 0, b_column_stride: 1)
            var expected = [Int8](repeating: 0, count: Self.pairs)
            table[0].add(&add, &operands, a, b, &expected)
            for index in 1..<count where table[index].is_supported() {
                var found = [Int8](repeating: 0, count: Self.pairs)
                table[index].add(&add, &operands, a, b, &found)
                #expect(found == expected, "\(String(cString: table[index].isa)), sum \(number)")
            }
        }
        #expect(quick > 50, "\(quick) of 60 sums have a quicker way")
    }

    @Test("none where a sum saturates, is cut off, or is wrong by too much, or in other arithmetic")
    func none() {
        var random = SplitMix64(seed: 22)
        func near(_ change: (inout mw_s8_add) -> Void) -> Int32 {
            var add = Self.sum(&random)
            add.scale_sum = mw_fixed_point(left: 0, multiplier: 1 << 30, right: 18, rounding: MW_TIES_AWAY)
            change(&add)
            mw_s8_add_prepare(&add)
            return add.near
        }
        #expect(near { _ in } > 0)
        #expect(near { $0.scale_sum.left = 8 } == 0)
        #expect(near { $0.scale_sum.rounding = MW_FLOOR } == 0)
        #expect(near { $0.scale_sum.right = 2 } == 0)
        #expect(near { ($0.scale_a.left, $0.scale_a.right, $0.scale_sum.right) = (2, 0, 0) } == 0)
        #expect(near { $0.kind = MW_ADD_ONE_SHIFT } == 0)
    }
}
