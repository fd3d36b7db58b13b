import Testing

@testable import Compiler

@Suite("Matrix product") struct MatrixProductTests {
    @Test("by hand, each operand as it is and transposed", arguments: [false, true], [false, true])
    func byHand(transposesA: Bool, transposesB: Bool) throws {
        var operation = MatrixProduct()
        operation.transposesA = transposesA
        operation.transposesB = transposesB
        let a = transposesA ? Tensors.reals([3, 2], [1, 4, 2, 5, 3, 6]) : Tensors.reals([2, 3], [1, 2, 3, 4, 5, 6])
        let b =
            transposesB ? Tensors.reals([2, 3], [1, 0, 2, 3, 1, -1]) : Tensors.reals([3, 2], [1, 3, 0, 1, 2, -1])
        let y = try operation.of(a, b, nil)
        #expect(y == Tensors.reals([2, 2], [7, 2, 16, 11]))
        #expect(try operation.of(a, b, Tensors.reals(10, 20)).reals == [17, 22, 26, 31])
    }

    @Test("Leading dimensions broadcast")
    func batches() throws {
        let a = Tensors.eighths([2, 1, 3, 5], seed: 1)
        let b = Tensors.eighths([4, 5, 2], seed: 2)
        let y = try MatrixProduct().of(a, b, nil)
        #expect(y.shape == [2, 4, 3, 2])
        for (i, j) in [(0, 0), (1, 3), (0, 2)] {
            let alone = try MatrixProduct().of(
                Tensors.reals([3, 5], Array(a.reals[i * 15..<i * 15 + 15])),
                Tensors.reals([5, 2], Array(b.reals[j * 10..<j * 10 + 10])), nil)
            #expect(Array(y.reals[(i * 4 + j) * 6..<(i * 4 + j) * 6 + 6]) == alone.reals)
        }
    }

    @Test("on int32, wrapping round")
    func wholeNumbers() throws {
        let a = TensorData(shape: [1, 2], .int32([.max, 3]))
        let b = TensorData(shape: [2, 2], .int32([2, 1, 0, -1]))
        #expect(try MatrixProduct().of(a, b, nil).elements == .int32([-2, .max - 3]))
    }

    @Test("Nothing along the sum leaves the bias")
    func empty() throws {
        #expect(try MatrixProduct().of(Tensors.reals([2, 0], []), Tensors.reals([0, 1], []), nil).reals == [0, 0])
    }

    @Test("What does not fit is refused")
    func refusals() {
        #expect(
            MatrixProduct().refusal([2, 3], [4, 5])
                == "model.mismatch: shape of b of matrix product: expected 3 rows to multiply a [2, 3], found 4 in [4, 5]"
        )
        #expect(MatrixProduct().refusal([3], [3, 5]).contains("a of matrix product: expected at least 2 dimensions"))
        #expect(MatrixProduct().refusal([2, 2, 3], [3, 3, 5]).contains("leading dimensions that broadcast"))
        #expect(MatrixProduct().refusal([2, 3], [3, 5], [4]).contains("bias of matrix product"))
    }
}
