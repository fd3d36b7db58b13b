/// Runs a model of real numbers over calibration inputs and keeps what is needed to choose scales.
struct Calibration {
    /// Of each value that was computed or handed in.
    let extents: [ValueID: Extent]
    /// Of each value asked for, the greatest magnitude for each place along its last dimension.
    let channelMaxima: [ValueID: [Float]]

    /// - Parameter samples: a tensor a graph input each.
    /// - Parameter channels: values whose greatest magnitude is wanted for each channel.
    /// - Throws: `.mismatch` naming the first value that is no finite number.
    init(
        _ model: Model, samples: [[TensorData]], channels: Set<ValueID> = [], progress: (Int) -> Void = { _ in }
    ) throws(ModelError) {
        let evaluator = try Evaluator(model)
        var extents: [ValueID: Extent] = [:]
        var maxima: [ValueID: [Float]] = [:]
        for (number, sample) in samples.enumerated() {
            var spoiled: ValueID?
            _ = try evaluator.run(sample) { id, data in
                guard case .float32(let numbers) = data.elements, let extent = Extent(of: numbers) else { return }
                if !extent.isFinite { spoiled = spoiled ?? id }
                extents[id] = extents[id]?.joined(extent) ?? extent
                if channels.contains(id) {
                    let count = data.shape.last ?? 1
                    maxima[id, default: [Float](repeating: 0, count: count)].raise(to: numbers)
                }
            }
            if let spoiled {
                let isInput = model.inputs.contains(spoiled)
                throw .mismatch(
                    .init(
                        isInput ? "calibration input \(number)" : "numbers computed from calibration input \(number)",
                        expected: "finite ones", found: "infinity or no number", place: "value \(model[spoiled].name)"))
            }
            progress(number + 1)
        }
        self.extents = extents
        channelMaxima = maxima
    }

    /// Counts, in a second run, how often which numbers come.
    func histograms(
        of values: Set<ValueID>, _ model: Model, samples: [[TensorData]], progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> [ValueID: Histogram] {
        var histograms: [ValueID: Histogram] = [:]
        for (id, extent) in extents where values.contains(id) { histograms[id] = Histogram(extent) }
        let evaluator = try Evaluator(model)
        for (number, sample) in samples.enumerated() {
            _ = try evaluator.run(sample) { id, data in
                if case .float32(let numbers) = data.elements { histograms[id]?.add(numbers) }
            }
            progress(number + 1)
        }
        return histograms
    }
}

extension [Float] {
    /// Raises each element to the greatest magnitude at its place in rows of numbers.
    fileprivate mutating func raise(to numbers: [Float]) {
        for (position, number) in numbers.enumerated() {
            let place = position % count
            self[place] = Swift.max(self[place], abs(number))
        }
    }
}
