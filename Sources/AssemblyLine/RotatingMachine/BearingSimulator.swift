package import Signals

/// A motor-driven machine on a rolling bearing, as an accelerometer on the bearing housing sees it.
///
/// Each window depends on the seed and its own number only, so any stretch of a recording can be made on its own.
package struct BearingSimulator: Sendable {
    /// The machine's fixed properties; accelerations in g.
    package struct Machine: Codable, Hashable, Sendable {
        /// Speed without load, and how much a load of 100 % takes from it (an induction motor's slip).
        package var idleRPM = 1_496.0
        package var slipRPM = 34.0
        /// At the idle speed; grows with the square of the speed.
        package var unbalanceG = 0.06
        package var misalignmentG = 0.025
        /// Broadband vibration without load, and what a load of 100 % adds.
        package var noiseG = 0.05
        package var loadNoiseG = 0.05
        package var sensorNoiseG = 0.004
        package var resonance = Resonance(hertz: 3_200, damping: 0.05)
        /// Peak of the strikes of a fully grown defect.
        package var grownDefectG = 2.5
        /// Unbalance of a rotor that has lost a blade or carries a thick deposit, as a multiple of the normal one.
        package var grownUnbalanceFactor = 8.0

        package init() {}
    }

    /// One window with what the machine's controller would show beside it.
    package struct Moment: Sendable {
        package var window: [Float]
        package var speedRPM: Double
        package var loadPercent: Double
    }

    package let machine: Machine
    package let shape: WindowShape
    package let geometry: BearingGeometry
    package let seed: UInt64
    private let orders: DefectOrders

    package init(machine: Machine, shape: WindowShape, geometry: BearingGeometry, seed: UInt64) {
        self.machine = machine
        self.shape = shape
        self.geometry = geometry
        self.seed = seed
        orders = geometry.orders
    }

    /// - Parameters:
    ///   - index: number of the window; the same number gives the same window.
    ///   - loadPercent: 0...120.
    ///   - severity: 0 (none) to 1 (fully grown); the strikes grow with its square, as a spall's area does.
    package func moment(index: Int, loadPercent: Double, defect: Defect = .none, severity: Double = 0) -> Moment {
        var random = RandomSource(seed: seed, stream: UInt64(index))
        let load = loadPercent / 100
        let speed = machine.idleRPM - machine.slipRPM * load + 0.5 * random.normal()
        let growth = severity * severity
        var window = [Double](repeating: 0, count: shape.samples)
        let unbalance =
            machine.unbalanceG * (defect == .unbalance ? 1 + growth * (machine.grownUnbalanceFactor - 1) : 1)
        addShaft(&window, shaftHertz: speed / 60, unbalance: unbalance, &random)
        addNoise(&window, level: machine.noiseG + machine.loadNoiseG * load, &random)
        if let strikes = defect.strikes(orders), growth > 0 {
            DefectVibration.add(
                strikes, amplitude: machine.grownDefectG * growth * (0.6 + 0.4 * load), to: &window,
                rateHertz: shape.rateHertz, shaftHertz: speed / 60, resonance: machine.resonance, random: &random)
        }
        return Moment(
            window: window.map { Float($0) }, speedRPM: speed + 0.3 * random.normal(),
            loadPercent: max(0, loadPercent + 0.4 * random.normal()))
    }

    private func addShaft(
        _ window: inout [Double], shaftHertz: Double, unbalance: Double, _ random: inout RandomSource
    ) {
        let ratio = shaftHertz * 60 / machine.idleRPM
        let once = unbalance * ratio * ratio * (1 + 0.03 * random.normal())
        let twice = machine.misalignmentG * (1 + 0.08 * random.normal())
        let phase = random.uniform()
        let secondPhase = random.uniform()
        for index in window.indices {
            let turns = Double(index) * shaftHertz / shape.rateHertz
            window[index] += once * Elementary.cosine(turns: turns + phase)
            window[index] += twice * Elementary.cosine(turns: 2 * turns + secondPhase)
        }
    }

    /// White noise as such and through the structure, and the sensor's own.
    private func addNoise(_ window: inout [Double], level: Double, _ random: inout RandomSource) {
        var structure = Resonance.Filter(
            Resonance(hertz: machine.resonance.hertz, damping: 3 * machine.resonance.damping),
            rateHertz: shape.rateHertz)
        // Levels wander a little from window to window, as flow and temperature do.
        let wander = Elementary.exponential(0.04 * random.normal())
        for _ in 0..<256 { _ = structure.next(random.normal()) }
        for index in window.indices {
            let white = random.normal()
            window[index] += level * wander * (0.6 * white + 0.5 * structure.next(white))
            window[index] += machine.sensorNoiseG * random.normal()
        }
    }
}
