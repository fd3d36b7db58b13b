extension Quantizer {
    /// The 8-bit forms that a chip wants its numbers in.
    package struct Scheme: Hashable, Sendable {
        package struct Weights: Hashable, Sendable {
            /// No zero point, -127...127; else one for the range from least to greatest.
            package var isSymmetric: Bool
            /// A scale an output channel, else one for all.
            package var isPerChannel: Bool

            package init(isSymmetric: Bool, isPerChannel: Bool) {
                self.isSymmetric = isSymmetric
                self.isPerChannel = isPerChannel
            }
        }

        /// Activations have no zero point, and -128 is not used.
        package var hasSymmetricActivations = false
        /// Of symmetric activations those that are never below zero have all 256 levels above it: uint8.
        package var isUnsignedAboveZero = false
        package var convolution = Weights(isSymmetric: true, isPerChannel: true)
        package var matrixProduct = Weights(isSymmetric: true, isPerChannel: true)

        package init() {}

        func weights(of operation: any Operation) -> Weights {
            operation is MatrixProduct ? matrixProduct : convolution
        }
    }
}
