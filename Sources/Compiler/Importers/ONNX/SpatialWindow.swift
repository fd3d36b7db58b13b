/// The window that a convolution or a pool moves over an image, of one or two dimensions in the file.
struct SpatialWindow {
    /// As many each as the file's image has dimensions.
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    var before: [Int]
    var after: [Int]

    /// Reads `strides`, `dilations`, `pads` and `auto_pad`.
    ///
    /// - Parameter image: its sizes; nil leaves `auto_pad` to the caller.
    /// - Throws: `.malformed` where the attributes do not fit the image or each other.
    init(_ node: inout NodeImport, image: [Int], kernel: [Int]) throws(ModelError) {
        self.kernel = kernel
        let rank = image.count
        strides = try Self.numbers(try node.ints("strides"), "strides", rank, of: 1, in: 1...Shape.maximumExtent)
        dilations = try Self.numbers(try node.ints("dilations"), "dilations", rank, of: 1, in: 1...Shape.maximumExtent)
        for extent in kernel where !(1...Shape.maximumExtent).contains(extent) {
            throw .malformed(.init("kernel", expected: "sizes above 0", found: "\(kernel)"))
        }
        let range = -Shape.maximumExtent...Shape.maximumExtent
        let pads = try Self.numbers(try node.ints("pads"), "pads", 2 * rank, of: 0, in: range)
        before = Array(pads[..<rank])
        after = Array(pads[rank...])
        switch try node.string("auto_pad", default: "NOTSET") {
        case "NOTSET", "": break
        case "VALID": (before, after) = (image.map { _ in 0 }, image.map { _ in 0 })
        case "SAME_UPPER": padAlike(image, isLower: false)
        case "SAME_LOWER": padAlike(image, isLower: true)
        case let other:
            throw .malformed(
                .init("auto_pad", expected: "NOTSET, VALID, SAME_UPPER or SAME_LOWER", found: other))
        }
    }

    /// A list as long as the file's image has dimensions, or the default for each.
    static func numbers(
        _ list: [Int]?, _ name: String, _ count: Int, of value: Int, in range: ClosedRange<Int>
    ) throws(ModelError) -> [Int] {
        let list = list.flatMap { $0.isEmpty ? nil : $0 } ?? [Int](repeating: value, count: count)
        guard list.count == count, list.allSatisfy(range.contains) else {
            throw .malformed(
                .init("attribute \(name)", expected: "\(count) numbers in \(range)", found: "\(list.prefix(16))"))
        }
        return list
    }

    /// Elements that the window covers along a dimension.
    func extent(_ dimension: Int) -> Int { (kernel[dimension] - 1) * dilations[dimension] + 1 }

    /// As many results as there are strides in the image; the odd element of padding before it or behind.
    private mutating func padAlike(_ image: [Int], isLower: Bool) {
        for dimension in image.indices {
            let results = (image[dimension] + strides[dimension] - 1) / strides[dimension]
            let total = max((results - 1) * strides[dimension] + extent(dimension) - image[dimension], 0)
            before[dimension] = isLower ? total - total / 2 : total / 2
            after[dimension] = total - before[dimension]
        }
    }

    /// A length is the width of an image one pixel high.
    private func pair(_ numbers: [Int], _ height: Int) -> Pair {
        numbers.count == 1 ? Pair(height, numbers[0]) : Pair(numbers[0], numbers[1])
    }

    var kernelPair: Pair { pair(kernel, 1) }
    var stridePair: Pair { pair(strides, 1) }
    var dilationPair: Pair { pair(dilations, 1) }
    var padding: Padding {
        let (first, last) = (pair(before, 0), pair(after, 0))
        return Padding(top: first.height, left: first.width, bottom: last.height, right: last.width)
    }
}
