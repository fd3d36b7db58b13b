package import Profiles

/// A convolution's weights in the order in which a chip keeps them.
package struct WeightBlocks: Hashable, Sendable {
    package var order: WeightOrder
    /// Output channels of the piece, input channels of one group, and the window.
    package var outputs: Int
    package var inputs: Int
    package var height: Int
    package var width: Int

    /// A place of the window for one pair of channels.
    package struct Place: Hashable, Sendable {
        package var output: Int
        package var input: Int
        package var row: Int
        package var column: Int

        package init(output: Int, input: Int, row: Int, column: Int) {
            (self.output, self.input, self.row, self.column) = (output, input, row, column)
        }
    }

    /// As a plan's importer has them; where nobody says how a chip does.
    package static let plain = WeightOrder(words: ["output", "height", "width", "input"])

    package init(order: WeightOrder, outputs: Int, inputs: Int, height: Int, width: Int) {
        self.order = order
        self.outputs = outputs
        self.inputs = inputs
        self.height = height
        self.width = width
    }

    /// Bytes of int8 weights with what blocks are filled up with.
    package var byteCount: Int {
        // Each axis by itself, because each is whole or in blocks.
        WeightOrder.Axis.allCases.reduce(1) { product, axis in
            let size = size(axis)
            for case .within(axis, let block, let multiple) in order.factors {
                let last = size % block
                return product * (size / block * block + (last + multiple - 1) / multiple * multiple)
            }
            return product * size
        }
    }

    private func size(_ axis: WeightOrder.Axis) -> Int {
        switch axis {
        case .output: outputs
        case .input: inputs
        case .height: height
        case .width: width
        }
    }

    /// Walks over all bytes in order.
    ///
    /// - Parameter visit: where the byte belongs; nil in what blocks are filled up with beyond the last output channel, and
    ///   with an input beyond the last one where only that is filled up.
    package func forEach(_ visit: (Place?) -> Void) {
        walk(order.factors[...], Place(output: 0, input: 0, row: 0, column: 0), visit)
    }

    /// - Parameter place: what is known of it on the way from the outermost factor to the innermost.
    private func walk(_ factors: ArraySlice<WeightOrder.Factor>, _ place: Place, _ visit: (Place?) -> Void) {
        guard let factor = factors.first else {
            visit(place.output < outputs ? place : nil)
            return
        }
        let rest = factors.dropFirst()
        let axis = factor.axis
        let size = size(axis)
        let before = place[axis]
        let count: Int
        let step: Int
        switch factor {
        case .whole: (count, step) = (size, 1)
        case .block(_, let block): (count, step) = ((size + block - 1) / block, block)
        case .within(_, let block, let multiple):
            // Where blocks come first, `before` says which it is; where they come later, all have their places.
            let isLater = rest.contains { if case .block(axis, _) = $0 { true } else { false } }
            let left = isLater ? block : min(block, size - before)
            (count, step) = ((left + multiple - 1) / multiple * multiple, 1)
        }
        var next = place
        for number in 0..<count {
            next[axis] = before + number * step
            walk(rest, next, visit)
        }
    }
}

extension WeightBlocks.Place {
    fileprivate subscript(_ axis: WeightOrder.Axis) -> Int {
        get {
            switch axis {
            case .output: output
            case .input: input
            case .height: row
            case .width: column
            }
        }
        set {
            switch axis {
            case .output: output = newValue
            case .input: input = newValue
            case .height: row = newValue
            case .width: column = newValue
            }
        }
    }
}
