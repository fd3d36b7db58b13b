import Testing

@testable import Compiler

@Suite("Moving elements") struct MovementTests {
    let matrix = Tensors.reals([2, 3], [1, 2, 3, 4, 5, 6])

    @Test("Transpose, and back again")
    func transpose() throws {
        #expect(try Transpose(permutation: [1, 0]).of(matrix) == Tensors.reals([3, 2], [1, 4, 2, 5, 3, 6]))
        let x = Tensors.eighths([2, 3, 4, 5], seed: 1)
        let there = try Transpose(permutation: [0, 3, 1, 2]).of(x)
        #expect(there.shape == [2, 5, 3, 4])
        #expect(try Transpose(permutation: [0, 2, 3, 1]).of(there) == x)
        #expect(Transpose(permutation: [0, 0]).refusal([2, 3]).contains("each of 0..<2 once for x [2, 3]"))
        #expect(Transpose(permutation: [0]).refusal([2, 3]).contains("permutation"))
    }

    @Test("Slices, forwards, by steps and backwards")
    func slice() throws {
        func slice(_ starts: [Int], _ steps: [Int], _ sizes: [Int]) throws -> [Float] {
            try Slice(starts: starts, steps: steps, sizes: sizes).of(matrix).reals
        }
        #expect(try slice([1, 0], [1, 2], [1, 2]) == [4, 6])
        #expect(try slice([1, 2], [-1, -2], [2, 2]) == [6, 4, 3, 1])
        #expect(try slice([0, 9], [1, 0], [2, 0]) == [])
        func refusal(_ starts: [Int], _ steps: [Int], _ sizes: [Int]) -> String {
            Slice(starts: starts, steps: steps, sizes: sizes).refusal([2, 3])
        }
        #expect(
            refusal([0, 1], [1, 2], [1, 2]).contains(
                "last element along dimension 1 of slice: expected 0 to 2, found 3"))
        #expect(refusal([0, 0], [1, -1], [1, 2]).contains("found -1"))
        #expect(refusal([0, 0], [0, 1], [1, 1]).contains("step along dimension 0"))
        #expect(refusal([0, 0], [1, .max], [1, 3]).contains("step along dimension 1"))
        #expect(refusal([0, 0], [1, 1], [3, 1]).contains("size along dimension 0"))
        #expect(refusal([-1, 0], [1, 1], [1, 1]).contains("start along dimension 0"))
        #expect(refusal([0], [1, 1], [1, 1]).contains("starts of slice: expected 2 for x [2, 3], found 1"))
    }

    @Test("Pad: each mode beyond each edge")
    func pad() throws {
        let x = Tensors.reals(1, 2, 3)
        func pad(_ before: Int, _ after: Int, _ mode: Pad.Mode) throws -> [Float] {
            try Pad(before: [before], after: [after], mode: mode).of(x).reals
        }
        #expect(try pad(2, 1, .constant(9)) == [9, 9, 1, 2, 3, 9])
        #expect(try pad(2, 1, .reflect) == [3, 2, 1, 2, 3, 2])
        #expect(try pad(2, 1, .symmetric) == [2, 1, 1, 2, 3, 3])
        #expect(try pad(2, 1, .edge) == [1, 1, 1, 2, 3, 3])
        #expect(try pad(2, 1, .wrap) == [2, 3, 1, 2, 3, 1])
        // Further than the tensor is long: folded again and again.
        #expect(try pad(5, 0, .reflect) == [2, 1, 2, 3, 2, 1, 2, 3])
        #expect(try pad(-1, -1, .constant(0)) == [2])
        #expect(try pad(-1, 2, .edge) == [2, 3, 3, 3])
        let bytes = TensorData(shape: [1, 1], .int8([7]))
        #expect(
            try Pad(before: [1, 0], after: [0, 1], mode: .constant(-300)).of(bytes).elements
                == .int8([-128, -128, 7, -128]))
    }

    @Test("Pad refuses what leaves nothing to pad with")
    func padRefusals() {
        #expect(Pad(before: [-2], after: [-2], mode: .edge).refusal([3]).contains("at most 3, found 4"))
        #expect(Pad(before: [1], after: [0], mode: .reflect).refusal([0]).contains("an element to repeat"))
        #expect(Pad(before: [.max], after: [.max], mode: .edge).refusal([3]).contains("before dimension 0"))
        #expect(Pad(before: [1 << 28], after: [0], mode: .edge).refusal([3]).hasPrefix("model.too_large"))
        #expect(Pad(before: [1], after: [0], mode: .edge).refusal([3, 3]).contains("numbers before"))
    }

    @Test("Gather along each axis, from the front and from the end")
    func gather() throws {
        let picks = TensorData(shape: [2, 2], .int64([0, -1, 1, 0]))
        #expect(try Gather(axis: 1).of(matrix, picks) == Tensors.reals([2, 2, 2], [1, 3, 2, 1, 4, 6, 5, 4]))
        let one = TensorData(shape: [], .int32([1]))
        #expect(try Gather(axis: 0).of(matrix, one) == Tensors.reals([3], [4, 5, 6]))
        let beyond = TensorData(shape: [1], .int64([3]))
        #expect(throws: ModelError.self) { try Gather(axis: 1).evaluate([matrix, beyond]) }
        let constant = Operand(type: .int64, shape: [1], constant: TensorData(shape: [1], .int64([-4])))
        #expect(
            Gather(axis: 1).refusal(of: [Operand(type: .float32, shape: [2, 3]), constant])
                == "model.mismatch: indices of gather: expected -3 to 2 along axis 1, found -4")
        #expect(Gather(axis: 2).refusal(of: [Operand(type: .int8, shape: [2]), constant]).contains("axis of gather"))
    }

    @Test("What split cuts, concatenate joins", arguments: 0..<3)
    func splitAndConcatenate(axis: Int) throws {
        let x = Tensors.eighths([4, 4, 4], seed: 3)
        let parts = try Split(axis: axis, sizes: [1, 0, 3]).evaluate([x])
        #expect(parts.map { $0.shape[axis] } == [1, 0, 3])
        #expect(try Concatenate(axis: axis).evaluate(parts) == [x])
    }

    @Test("Concatenate in order, and what it refuses")
    func concatenate() throws {
        let y = try Concatenate(axis: 1).of(matrix, Tensors.reals([2, 1], [8, 9]))
        #expect(y == Tensors.reals([2, 4], [1, 2, 3, 8, 4, 5, 6, 9]))
        #expect(
            Concatenate(axis: 1).refusal([2, 3], [3, 1])
                == "model.mismatch: shape of operand 1 of concatenate: expected [2, 1], found [3, 1]")
        #expect(Concatenate(axis: 1).refusal([2, 3], [2]).contains("shape of operand 1"))
        #expect(Concatenate(axis: 0).refusal().contains("expected at least 1"))
        #expect(Split(axis: 0, sizes: [1, 2]).refusal([4]).contains("a sum of 4"))
    }

    @Test("Tile, broadcast and reshape")
    func repeating() throws {
        let x = Tensors.reals([1, 2], [1, 2])
        #expect(try Tile(repeats: [2, 2]).of(x) == Tensors.reals([2, 4], [1, 2, 1, 2, 1, 2, 1, 2]))
        #expect(try Tile(repeats: [0, 1]).of(x).shape == [0, 2])
        #expect(Tile(repeats: [1 << 28, 1]).refusal([1, 2]).hasPrefix("model.too_large"))
        #expect(try Broadcast(shape: [2, 3, 2]).of(x).reals == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
        #expect(Broadcast(shape: [2, 3]).refusal([1, 2]).contains("one that broadcasts to [2, 3], found [1, 2]"))
        #expect(try Reshape(shape: [3, 1, 2]).of(matrix) == Tensors.reals([3, 1, 2], matrix.reals))
        #expect(Reshape(shape: [4]).refusal([2, 3]).contains("4 elements for [4], found 6 in [2, 3]"))
        #expect(Reshape(shape: [1 << 62, 4]).refusal([2, 3]).hasPrefix("model.too_large"))
        #expect(Reshape(shape: [-2, -3]).refusal([2, 3]).contains("no dimension below zero"))
    }

    static let everyType: [Elements] = [
        .float32([1, 0]), .int8([1, 0]), .uint8([1, 0]), .int16([1, 0]), .uint16([1, 0]), .int32([1, 0]),
        .int64([1, 0]), .bool([true, false]),
    ]

    @Test("All of them on any type", arguments: everyType)
    func anyType(elements: Elements) throws {
        let x = TensorData(shape: [1, 2], elements)
        let picks = TensorData(shape: [2], .int64([1, 0]))
        let swapped = try Gather(axis: 1).of(x, picks)
        #expect(swapped != x)
        #expect(try Slice(starts: [0, 1], steps: [1, -1], sizes: [1, 2]).of(x) == swapped)
        let wrapped = try Pad(before: [0, 1], after: [0, -1], mode: .wrap).of(x)
        #expect(wrapped == swapped)
        let parts = try Split(axis: 1, sizes: [1, 1]).evaluate([x])
        #expect(try Concatenate(axis: 1).of(parts[1], parts[0]) == swapped)
        let condition = TensorData(shape: [2], .bool([false, true]))
        #expect(try Select().of(condition, x, swapped).elements.reals == [0, 0])
        #expect(try Transpose(permutation: [1, 0]).of(x) == Reshape(shape: [2, 1]).of(x))
        #expect(try Tile(repeats: [2, 1]).of(x) == Broadcast(shape: [2, 2]).of(x))
    }
}
