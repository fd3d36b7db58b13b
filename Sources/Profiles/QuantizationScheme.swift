/// The 8-bit formats that a chip takes; where it takes several, the vendor's usual one stands first.
package struct QuantizationScheme: Hashable, Sendable {
    package var activations: Fact<[ActivationFormat]>?
    /// Whether an activation behind a fused ReLU becomes unsigned.
    package var isUnsignedAfterReLU: Fact<Bool>?
    package var convolutionWeights: Fact<[WeightFormat]>?
    package var matmulWeights: Fact<[WeightFormat]>?
}

/// The format of an activation; its scale is one a tensor.
package enum ActivationFormat: String, CaseIterable, Hashable, Sendable {
    case int8Symmetric = "int8-symmetric"
    case int8Asymmetric = "int8-asymmetric"
    case uint8Asymmetric = "uint8-asymmetric"

    package var isSymmetric: Bool { self == .int8Symmetric }
    package var isUnsigned: Bool { self == .uint8Asymmetric }
}

/// The format of a layer's weights.
package enum WeightFormat: String, CaseIterable, Hashable, Sendable {
    case int8SymmetricPerChannel = "int8-symmetric-per-channel"
    case int8SymmetricPerTensor = "int8-symmetric-per-tensor"
    case int8AsymmetricPerChannel = "int8-asymmetric-per-channel"
    case int8AsymmetricPerTensor = "int8-asymmetric-per-tensor"
    case uint8AsymmetricPerTensor = "uint8-asymmetric-per-tensor"

    package var isSymmetric: Bool { self == .int8SymmetricPerChannel || self == .int8SymmetricPerTensor }
    package var isPerChannel: Bool { self == .int8SymmetricPerChannel || self == .int8AsymmetricPerChannel }
    package var isUnsigned: Bool { self == .uint8AsymmetricPerTensor }
}
