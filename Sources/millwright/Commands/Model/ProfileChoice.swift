import ArgumentParser
import Compiler
import Graph
import Profiles
import Runtime

/// A chip that a model is made for.
struct ProfileChoice: ParsableArguments {
    @Option(help: "The chip to make it for: a name that `millwright profiles list` prints. Its contract is taken.")
    var profile: String?

    @OptionGroup var place: ProfilesOption

    func load() throws -> ChipProfile? {
        try profile.map { name in try place.profile(named: name) }
    }
}

extension ChipProfile {
    /// The contract that stands for the chip; fp32 where nobody knows its own.
    var planContract: String { contract?.value ?? FP32.name }

    /// A plan has a contract of its own, which must be the chip's.
    func check(_ file: ModelFile, path: String) throws {
        if case .session(let session) = file.engine { try check(session.plan.contract.name, path: path) }
    }

    func check(_ name: String, path: String) throws {
        guard let contract, name != contract.value else { return }
        throw ValidationError(
            "\(path): expected a plan of contract \(contract.value), which is that of \(id), found \(name)")
    }

    /// What its contract is, for people.
    var contractWords: String {
        contract == nil
            ? "\(id): the chip's own arithmetic is not known; computed as \(FP32.name)"
            : "\(id): contract \(planContract), \(reach.words)"
    }
}

extension Quantizer.Scheme {
    /// The forms that the chip's vendor uses, where they are known; the usual ones else.
    init(_ profile: ChipProfile) {
        self.init()
        guard let forms = profile.quantization else { return }
        hasSymmetricActivations = forms.activations?.value.first?.isSymmetric ?? false
        isUnsignedAboveZero = forms.isUnsignedAfterReLU?.value ?? false
        if let format = forms.convolutionWeights?.value.first { convolution = .init(format) }
        if let format = forms.matmulWeights?.value.first { matrixProduct = .init(format) }
    }

    /// For people: `int8 symmetric activations (uint8 above zero), weights symmetric a channel, dense layers' a tensor`.
    var words: String {
        func form(_ weights: Weights) -> String {
            "\(weights.isSymmetric ? "symmetric" : "with zero points"), \(weights.isPerChannel ? "a scale a channel" : "one scale")"
        }
        let activations =
            !hasSymmetricActivations
            ? "with zero points" : isUnsignedAboveZero ? "symmetric, uint8 above zero" : "symmetric"
        return "activations \(activations); weights \(form(convolution)); dense layers' \(form(matrixProduct))"
    }
}

extension Quantizer.Scheme.Weights {
    init(_ format: WeightFormat) { self.init(isSymmetric: format.isSymmetric, isPerChannel: format.isPerChannel) }
}
