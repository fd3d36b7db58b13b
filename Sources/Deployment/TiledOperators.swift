internal import Graph

/// An operator that can be computed tile by tile: what a window's numbers are multiplied with, and what becomes of them.
protocol TiledOperator: Operator {
    var tileWindow: Window { get }
    var inputZeroPoint: Int32 { get }
    /// The group that an output channel belongs to.
    func group(of channel: Int) -> Int
    /// As stored; `input` counts within the group.
    func weight(_ channel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int8
    func weightZeroPoint(_ channel: Int) -> Int32
    func bias(_ channel: Int) -> Int32
    /// A sum of products with its bias, and the fused addition's second operand, rounded.
    func finished(_ sum: Int32, _ channel: Int, residual: Int8?) -> Int8
}

extension Convolution: TiledOperator {
    var tileWindow: Window { window }
    var inputZeroPoint: Int32 { inputQuantization.zeroPoint }
    func group(of channel: Int) -> Int { channel / weights.outputs }
    func weight(_ channel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int8 {
        let place = place(row, column, input)
        return Int8(weights.weight(channel, segment: place.segment, place.index))
    }
    func weightZeroPoint(_ channel: Int) -> Int32 { weights.zeroPoint(channel) }
    func bias(_ channel: Int) -> Int32 { weights.bias[channel] }
}

extension DepthwiseConvolution: TiledOperator {
    var tileWindow: Window { window }
    var inputZeroPoint: Int32 { inputQuantization.zeroPoint }
    func group(of channel: Int) -> Int { channel }
    func weight(_ channel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int8 {
        weights[(row * window.kernelWidth + column) * channels + channel]
    }
    func weightZeroPoint(_ channel: Int) -> Int32 { zeroPoints.map { Int32($0[channel]) } ?? 0 }
    func bias(_ channel: Int) -> Int32 { bias[channel] }
    func finished(_ sum: Int32, _ channel: Int, residual: Int8?) -> Int8 {
        Int8(requantization[channel](sum, zeroPoint: outputQuantization.zeroPoint, range: clamp))
    }
}

extension FullyConnected: TiledOperator {
    var tileWindow: Window { Window(kernel: (1, 1)) }
    var inputZeroPoint: Int32 { inputQuantization.zeroPoint }
    func group(of channel: Int) -> Int { 0 }
    func weight(_ channel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int8 {
        Int8(weights.weight(channel, segment: 0, input))
    }
    func weightZeroPoint(_ channel: Int) -> Int32 { weights.zeroPoint(channel) }
    func bias(_ channel: Int) -> Int32 { weights.bias[channel] }
    func finished(_ sum: Int32, _ channel: Int, residual: Int8?) -> Int8 {
        Int8(weights.requantization[channel](sum, zeroPoint: outputQuantization.zeroPoint, range: clamp))
    }
}
