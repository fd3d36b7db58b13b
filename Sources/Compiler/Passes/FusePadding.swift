/// Zeros put around an image by a node of their own, in front of a node that can do without them.
///
/// - Quantization: between values of the same quantization, where zero is an element (its zero point).
package enum FusePadding: Pass {
    package static let name = "fuse-padding"
    package static let summary = "Lets a convolution or pool pad its own input where a pad of zeros precedes it."

    package static func run(_ model: inout Model) throws(ModelError) -> Int {
        try edit(&model) { editor in
            for number in editor.nodeNumbers {
                guard let node = editor.node(number), let x = node.inputs.first ?? nil,
                    let writer = editor.writer(of: x, as: Pad.self), let pad = editor.node(writer.number),
                    let source = pad.inputs[0], case .constant(let level) = writer.operation.mode,
                    let added = padding(writer.operation), editor[source].quantization == editor[x].quantization,
                    editor[source].type == editor[x].type,
                    let fused = operation(node.operation, behind: added, of: level, editor[source])
                else { continue }
                editor.setOperation(number, fused)
                editor.setInput(number, 0, source)
                editor.noteChange()
            }
        }
    }

    /// What a pad adds to height and width; nil if it takes away or touches another dimension.
    private static func padding(_ pad: Pad) -> Padding? {
        guard pad.before.count == 4, (pad.before + pad.after).allSatisfy({ $0 >= 0 }), pad.before[0] == 0,
            pad.after[0] == 0, pad.before[3] == 0, pad.after[3] == 0
        else { return nil }
        return Padding(top: pad.before[1], left: pad.before[2], bottom: pad.after[1], right: pad.after[2])
    }

    private static func operation(
        _ operation: any Operation, behind added: Padding, of level: Float, _ source: Value
    ) -> (any Operation)? {
        switch operation {
        case var convolution as Convolution:
            let isZero = source.quantization.map { $0.rounded(level, type: source.type) == 0 } ?? (level == 0)
            guard isZero else { return nil }
            convolution.padding = convolution.padding.plus(added)
            return convolution
        case var pool as Pool where pool.kind == .average:
            // The windows of the padded image all count whole, as long as the pool itself added nothing that does not.
            guard level == 0, pool.padding == .none || pool.countsPadding else { return nil }
            pool.padding = pool.padding.plus(added)
            pool.countsPadding = true
            return pool
        case var pool as Pool:
            let lowest = source.quantization.map { $0.limits(source.type).low } ?? -.infinity
            let padding = pool.padding.plus(added)
            // No window lies within the padding alone, where the maximum would be of nothing.
            guard level <= lowest, pool.dilations == Pair(1, 1), max(padding.top, padding.bottom) < pool.kernel.height,
                max(padding.left, padding.right) < pool.kernel.width
            else { return nil }
            pool.padding = padding
            return pool
        default:
            return nil
        }
    }
}

extension Padding {
    func plus(_ other: Padding) -> Padding {
        Padding(
            top: top + other.top, left: left + other.left, bottom: bottom + other.bottom, right: right + other.right)
    }
}
