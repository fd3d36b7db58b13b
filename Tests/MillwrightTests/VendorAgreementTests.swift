import Graph
import Testing

@testable import millwright

@Suite("a vendor's answers beside ours, in steps of our scale") struct VendorAgreementTests {
    private static func output(_ count: Int, zeroPoint: Int32 = 0, isUnsigned: Bool = false) -> Tensor {
        Tensor(
            name: "y", shape: [1, count], quantization: .init(scale: 0.5, zeroPoint: zeroPoint),
            isPresentedUnsigned: isUnsigned)
    }

    @Test("equal, nearly equal and saturated elements are counted")
    func counts() {
        var agreement = VendorAgreement()
        // 1.0 is 2 steps; 1.2 rounds to 2, 1.3 to 3; 1e9 and infinity saturate at 127.
        agreement.add(ours: [2, 2, 2, 127], theirs: [[1, 1.2, 1.3, 1e9]], outputs: [Self.output(4)])
        agreement.add(ours: [0x80, 0xFF, 5, 0], theirs: [[-1e9, -2.5, 2.5, 1]], outputs: [Self.output(4)])
        #expect(
            agreement.kept
                == VendorModel.Agreement(
                    cases: 2, elements: 8, equalElements: 5, mostDifferingElements: 2, largestDifference: 4,
                    topOneEqual: 2))
        #expect(
            agreement.kept.words
                == "5 of 8 elements equal, largest difference 4 steps, top-1 equal in 2 of 2 cases")
    }

    @Test("the largest of the first output decides, the first of several")
    func topOne() {
        var agreement = VendorAgreement()
        agreement.add(ours: [1, 7, 7], theirs: [[0, 3.5, 3.5]], outputs: [Self.output(3)])
        agreement.add(ours: [1, 7, 7], theirs: [[0, 3, 3.5]], outputs: [Self.output(3)])
        #expect(agreement.top1_equal == 1)
        agreement.add(ours: [1, 2, 9, 0], theirs: [[0, 1], [0, 4.5]], outputs: [Self.output(2), Self.output(2)])
        #expect(agreement.top1_equal == 2)
        #expect((agreement.elements, agreement.equal_elements) == (10, 4))
    }

    @Test("uint8 outputs and zero points")
    func unsigned() {
        var agreement = VendorAgreement()
        // uint8 128 is int8 0 is (0 + 128) * 0.5.
        agreement.add(
            ours: [128, 0, 255], theirs: [[64, 0, 127]], outputs: [Self.output(3, zeroPoint: -128, isUnsigned: true)])
        #expect((agreement.equal_elements, agreement.largest_difference) == (2, 1))
    }
}
