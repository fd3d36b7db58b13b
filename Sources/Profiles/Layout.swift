/// How a chip keeps activations and weights in memory.
package struct Layout: Hashable, Sendable {
    package var description: Fact<String>
    /// Channels that stand together and are padded up to; nil where it is not known.
    package var channelBlock: Fact<Int>?
    /// Of a convolution, each group by itself; nil where it is not known.
    package var weights: Fact<WeightOrder>?
    /// Of a depthwise convolution, whose channels are the axis `output`; nil where it is not known.
    package var depthwiseWeights: Fact<WeightOrder>?
}
