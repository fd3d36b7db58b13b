/// What is taken from one vibration window, in the order in which it enters a model.
///
/// Amplitudes are natural logarithms (0.1 is about 10 %), so that a machine's spread is the same at low and high levels.
package enum Feature: String, CaseIterable, Hashable, Sendable {
    /// Of the window without its mean: logarithm of root mean square and of largest magnitude, in the window's unit.
    case rms, peak
    /// Logarithms of peak over RMS, and of the fourth moment over the squared second (3 for noise, before the logarithm).
    case crest, kurtosis
    /// Third moment over the second to 1.5: plain, because it has a sign.
    case skewness
    /// Logarithms of the power in eight equal bands from 0 to ``Analyzer/usableShare`` of half the rate.
    case band1 = "band_1"
    case band2 = "band_2"
    case band3 = "band_3"
    case band4 = "band_4"
    case band5 = "band_5"
    case band6 = "band_6"
    case band7 = "band_7"
    case band8 = "band_8"
    /// Logarithms of the power at one, two and three times the shaft speed.
    case shaft1 = "shaft_1x"
    case shaft2 = "shaft_2x"
    case shaft3 = "shaft_3x"
    /// How far two harmonics of a defect frequency stand out of the envelope spectrum's floor: ratio of amplitudes, largest
    /// over the bands of `EnvelopeBank`. A rolling element counts with twice its turns: a spot on it strikes both races.
    case envelopeOuterRace = "envelope_bpfo"
    case envelopeInnerRace = "envelope_bpfi"
    case envelopeRollingElement = "envelope_bsf"
    case envelopeCage = "envelope_ftf"
    /// Logarithm of the largest normalized second moment of a band's squared envelope (2 for noise, before the logarithm).
    case envelopeKurtosis = "envelope_kurtosis"

    /// Least spread to be reckoned with over normal running, in the feature's own unit.
    ///
    /// A short record shows less spread than the machine has; below this, a deviation says nothing about its health.
    package var leastDeviation: Double {
        switch self {
        case .rms, .peak, .crest, .kurtosis, .envelopeKurtosis: 0.1
        case .skewness: 0.15
        default: 0.2
        }
    }

    /// How many there are.
    package static let count = allCases.count
    /// The eight bands, lowest first.
    package static let bands: [Feature] = [.band1, .band2, .band3, .band4, .band5, .band6, .band7, .band8]
}
