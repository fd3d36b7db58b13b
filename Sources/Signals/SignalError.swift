/// Why a window has no features.
package enum SignalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A window shape that cannot be analysed; the text says what was expected.
    case badShape(String)
    case badGeometry(String)
    case wrongLength(expected: Int, found: Int)
    /// A sample that is NaN or infinite, by its place in the window.
    case notFinite(index: Int)
    /// Every sample has the same value: a dead sensor or a cut cable.
    case flatLine
    /// The shaft turns too slowly for the window to hold ``Analyzer/leastRevolutions``, or so fast that the second
    /// harmonic of a defect leaves the analysed band.
    case speedNotAnalysable(shaftHertz: Double, allowed: ClosedRange<Double>)

    package var description: String {
        switch self {
        case .badShape(let text), .badGeometry(let text): text
        case .wrongLength(let expected, let found): "expected \(expected) samples in a window, found \(found)"
        case .notFinite(let index): "sample \(index) is not a finite number"
        case .flatLine: "flat line: every sample of the window has the same value"
        case .speedNotAnalysable(let shaft, let allowed):
            "shaft turns at \(shaft) Hz; this window length and rate allow \(allowed.lowerBound)...\(allowed.upperBound) Hz"
        }
    }
}
