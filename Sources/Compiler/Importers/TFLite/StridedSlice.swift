/// TensorFlow's `x[begin:end:stride, ..., newaxis]` as a file spells it: three lists and five masks, a bit an entry.
struct StridedSlice {
    var begin: [Int]
    var end: [Int]
    var strides: [Int]
    /// Entries that start at the first element whatever `begin` says.
    var beginMask: Int
    /// Entries that go to the last element.
    var endMask: Int
    /// The entry that stands for all dimensions that no other names.
    var ellipsisMask: Int
    /// Entries that put in a dimension of 1.
    var newAxisMask: Int
    /// Entries that pick one element and take the dimension out.
    var shrinkMask: Int
    /// Whether `end` counts from `begin`.
    var endIsOffset: Bool

    /// What it means for a tensor.
    ///
    /// - Returns: the part that is taken, and the shape it has then.
    /// - Throws: `.malformed` for lists that do not fit the tensor or each other, or an empty part.
    func resolved(on shape: [Int]) throws(ModelError) -> (slice: Slice, shape: [Int]) {
        guard begin.count == end.count, begin.count == strides.count, begin.count < 32 else {
            throw .malformed(
                .init(
                    "begin, end and strides", expected: "lists of one length",
                    found: "\(begin.count), \(end.count) and \(strides.count)"))
        }
        let named = begin.indices.filter { !isSet(ellipsisMask, $0) && !isSet(newAxisMask, $0) }.count
        guard named <= shape.count, begin.indices.filter({ isSet(ellipsisMask, $0) }).count <= 1 else {
            throw .malformed(
                .init(
                    "begin", expected: "at most \(shape.count) dimensions and one ellipsis",
                    found: "\(named) dimensions"))
        }
        var slice = Slice(starts: [], steps: [], sizes: [])
        var result: [Int] = []
        func takeWhole(_ count: Int) {
            for extent in shape[slice.sizes.count..<slice.sizes.count + count] {
                slice.starts.append(0)
                slice.steps.append(1)
                slice.sizes.append(extent)
                result.append(extent)
            }
        }
        for entry in begin.indices {
            if isSet(ellipsisMask, entry) {
                takeWhole(shape.count - named)
            } else if isSet(newAxisMask, entry) {
                result.append(1)
            } else {
                let part = try part(entry, of: shape[slice.sizes.count])
                slice.starts.append(part.start)
                slice.steps.append(part.step)
                slice.sizes.append(part.size)
                if !isSet(shrinkMask, entry) { result.append(part.size) }
            }
        }
        takeWhole(shape.count - slice.sizes.count)
        return (slice, result)
    }

    private func part(_ entry: Int, of extent: Int) throws(ModelError) -> (start: Int, step: Int, size: Int) {
        let step = strides[entry]
        guard step != 0, abs(step) <= Int(Int32.max) else {
            throw .malformed(.init("stride \(entry)", expected: "not zero", found: "\(step)"))
        }
        let first = begin[entry] < 0 ? begin[entry] + extent : begin[entry]
        if isSet(shrinkMask, entry) {
            guard (0..<extent).contains(first) else {
                throw .malformed(
                    .init("begin \(entry)", expected: "an index of \(extent) elements", found: "\(begin[entry])"))
            }
            return (first, 1, 1)
        }
        // Where a slice may start and end: one before the first element when it runs backwards.
        let range = step > 0 ? 0...extent : -1...extent - 1
        let stated = endIsOffset ? begin[entry] + end[entry] : end[entry]
        let last = stated < 0 ? stated + extent : stated
        let start = isSet(beginMask, entry) ? (step > 0 ? 0 : extent - 1) : clamp(first, range)
        let stop = isSet(endMask, entry) ? (step > 0 ? extent : -1) : clamp(last, range)
        let size = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step
        guard size > 0 else {
            throw .malformed(
                .init("entry \(entry)", expected: "at least 1 element", found: "\(begin[entry]):\(end[entry]):\(step)"))
        }
        return (start, size == 1 ? 1 : step, size)
    }

    private func clamp(_ index: Int, _ range: ClosedRange<Int>) -> Int {
        min(max(index, range.lowerBound), range.upperBound)
    }

    private func isSet(_ mask: Int, _ entry: Int) -> Bool { mask >> entry & 1 == 1 }
}
