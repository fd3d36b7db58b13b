internal import Signals

/// What can wear on the simulated machine.
package enum Defect: String, CaseIterable, Codable, Hashable, Sendable {
    case none
    case outerRace = "outer_race"
    case innerRace = "inner_race"
    case rollingElement = "rolling_element"
    case unbalance

    /// Where the strikes of a bearing defect come from; nil for what does not strike.
    func strikes(_ orders: DefectOrders) -> Strikes? {
        switch self {
        case .none, .unbalance: nil
        // The load zone stands still and so does the defect: every strike is equally hard.
        case .outerRace: Strikes(order: orders.outerRace, modulationOrder: 0, depth: 0)
        // The defect turns through the load zone with the shaft.
        case .innerRace: Strikes(order: orders.innerRace, modulationOrder: 1, depth: 0.8)
        // A spot on a ball strikes both races in a turn, and passes the load zone with the cage.
        case .rollingElement: Strikes(order: 2 * orders.rollingElement, modulationOrder: orders.cage, depth: 0.6)
        }
    }

    struct Strikes {
        /// Strikes in a turn of the shaft.
        var order: Double
        /// Turns of the load zone past the defect in a turn of the shaft; depth of the modulation, 0...1.
        var modulationOrder: Double
        var depth: Double
    }
}

/// A structure that rings when it is struck.
package struct Resonance: Codable, Hashable, Sendable {
    package var hertz: Double
    /// Share of critical damping, 0..<1.
    package var damping: Double

    package init(hertz: Double, damping: Double) {
        self.hertz = hertz
        self.damping = damping
    }

    /// Two-pole filter with the impulse response `r^n sin(n theta)`: the sampled decaying sinusoid.
    struct Filter {
        private let a1: Double
        private let a2: Double
        private let gain: Double
        private var y1 = 0.0
        private var y2 = 0.0
        private var x1 = 0.0

        init(_ resonance: Resonance, rateHertz: Double) {
            let decay = Elementary.exponential(-resonance.damping * 2 * Double.pi * resonance.hertz / rateHertz)
            let damped = (1 - resonance.damping * resonance.damping).squareRoot() * resonance.hertz
            let (sine, cosine) = Elementary.sineCosine(turns: damped / rateHertz)
            a1 = 2 * decay * cosine
            a2 = -decay * decay
            gain = decay * sine
        }

        mutating func next(_ x: Double) -> Double {
            let y = a1 * y1 + a2 * y2 + gain * x1
            y2 = y1
            y1 = y
            x1 = x
            return y
        }
    }
}

/// The vibration that a bearing defect alone makes: strikes at its frequency, each ringing the structure.
///
/// - Source: McFadden and Smith, Model for the vibration produced by a single point defect in a rolling element bearing,
///   JSV 96 (1984); slip as random variation of the spacing, Antoni and Randall, MSSP 17 (2003).
enum DefectVibration {
    /// Random variation of the time between strikes.
    static let slipDeviation = 0.01
    /// Time before the window in which earlier strikes still ring.
    private static let leadSeconds = 0.04

    /// Adds the vibration to a window, scaled so that a strike of full strength peaks at about `amplitude`.
    static func add(
        _ strikes: Defect.Strikes, amplitude: Double, to window: inout [Double], rateHertz: Double, shaftHertz: Double,
        resonance: Resonance, random: inout RandomSource
    ) {
        let spacing = rateHertz / (strikes.order * shaftHertz)
        let lead = Int(leadSeconds * rateHertz)
        var filter = Resonance.Filter(resonance, rateHertz: rateHertz)
        var nextStrike = spacing * random.uniform()
        let startTurns = random.uniform()
        for index in -lead..<window.count {
            var force = 0.0
            let place = Double(index + lead)
            while nextStrike <= place {
                let turns = startTurns + nextStrike / rateHertz * shaftHertz * strikes.modulationOrder
                let loadZone = 1 - strikes.depth + strikes.depth * (0.5 + 0.5 * Elementary.cosine(turns: turns))
                force += amplitude * loadZone * (1 + 0.1 * random.normal())
                nextStrike += spacing * max(0.5, 1 + slipDeviation * random.normal())
            }
            let value = filter.next(force)
            if index >= 0 { window[index] += value }
        }
    }
}
