extension Model {
    /// Multiplications with a weight or between two operands, for one inference.
    package var multiplyAdds: Int {
        nodes.reduce(0) { sum, node in
            guard let output = node.outputs.first.map({ self[$0] }) else { return sum }
            let right = node.inputs.count > 1 ? node.inputs[1].map { self[$0].shape } : nil
            switch node.operation {
            case is Convolution: return sum + output.elementCount * (right ?? []).dropFirst().reduce(1, *)
            case is TransposedConvolution:
                let input = node.inputs[0].map { self[$0].elementCount } ?? 0
                return sum + input * (right ?? []).dropLast().reduce(1, *)
            case let product as MatrixProduct:
                guard let right, right.count >= 2 else { return sum }
                return sum + output.elementCount * right[product.transposesB ? right.count - 1 : right.count - 2]
            default: return sum
            }
        }
    }
}
