/// What a sum of products is, as far as contracts tell sums apart.
package struct SumOfProducts: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case convolution
        /// One channel of a transposed convolution that has so many.
        case transposedConvolution(channel: Int, channels: Int)
        /// One channel of a depthwise convolution that has so many.
        case depthwise(channel: Int, channels: Int)
        case fullyConnected
        /// Both sides are computed, or one of them is a constant.
        case matrixProduct(isRightConstant: Bool)
    }
    package var kind: Kind
    package var input: Float
    package var weight: Float
    package var output: Float
    /// `input * weight / output` as a vendor's compiler rounded it; nil where it follows from the three.
    package var statedRatio: Float?
    /// One weight scale for all channels.
    package var isPerTensor: Bool
    /// Carried over from uint8: weights have zero points.
    package var isUnsigned: Bool

    package init(
        _ kind: Kind, input: Float, weight: Float, output: Float, isPerTensor: Bool = false, isUnsigned: Bool = false,
        statedRatio: Float? = nil
    ) {
        self.kind = kind
        self.input = input
        self.weight = weight
        self.output = output
        self.isPerTensor = isPerTensor
        self.isUnsigned = isUnsigned
        self.statedRatio = statedRatio
    }

    /// What a sum is multiplied with, rounded as float32 arithmetic rounds it.
    package var ratio: Float { statedRatio ?? input * weight / output }
}
