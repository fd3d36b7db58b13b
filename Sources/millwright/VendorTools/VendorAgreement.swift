import Graph

/// How far a vendor's simulator and a plan agree on the receipt's golden inputs.
///
/// The vendor's answers are taken into the plan's own scale first: what counts is what the reader of the output sees.
struct VendorAgreement: Encodable, Hashable {
    var cases = 0
    /// Of all outputs of all cases.
    var elements = 0
    var equal_elements = 0
    /// In the case that differs most.
    var most_differing_elements = 0
    /// In steps of the outputs' scales.
    var largest_difference = 0
    /// Cases in which the largest element of the first output is at the same place.
    var top1_equal = 0

    /// Adds one case.
    /// - Parameters:
    ///   - ours: the bytes of all outputs, one after the other, as a receipt has them.
    ///   - theirs: real numbers, an array an output.
    mutating func add(ours: [UInt8], theirs: [[Float]], outputs: [Tensor]) {
        cases += 1
        var (start, differing) = (0, 0)
        for (place, (tensor, answer)) in zip(outputs, theirs).enumerated() {
            let flip: UInt8 = tensor.isPresentedUnsigned ? 0x80 : 0
            let mine = ours[start..<start + tensor.byteCount].map { Int(Int8(bitPattern: $0 ^ flip)) }
            let yours = answer.map { Int(tensor.quantization.quantize($0)) }
            start += tensor.byteCount
            elements += mine.count
            for (a, b) in zip(mine, yours) {
                if a == b { equal_elements += 1 } else { differing += 1 }
                largest_difference = max(largest_difference, abs(a - b))
            }
            if place == 0, Self.place(mine) == Self.place(yours) { top1_equal += 1 }
        }
        most_differing_elements = max(most_differing_elements, differing)
    }

    /// As a plan keeps it.
    var kept: VendorModel.Agreement {
        VendorModel.Agreement(
            cases: cases, elements: elements, equalElements: equal_elements,
            mostDifferingElements: most_differing_elements, largestDifference: largest_difference,
            topOneEqual: top1_equal)
    }

    /// Of the largest; of the first of several.
    private static func place(_ elements: [Int]) -> Int {
        elements.indices.reduce(0) { elements[$1] > elements[$0] ? $1 : $0 }
    }
}

extension VendorModel.Agreement {
    /// `10240 of 10240 elements equal, largest difference 0 steps, top-1 equal in 16 of 16 cases`.
    var words: String {
        "\(equalElements) of \(elements) elements equal, largest difference \(largestDifference) steps, "
            + "top-1 equal in \(topOneEqual) of \(cases) cases"
    }
}
