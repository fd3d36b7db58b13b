import Signals
import Testing

@Suite struct BearingGeometryTests {
    /// - Source: CWRU Bearing Data Center, drive-end bearing defect frequencies in multiples of running speed.
    @Test func ordersOfThe6205AreThePublishedOnes() {
        let orders = BearingGeometry.deepGroove6205.orders
        #expect(abs(orders.outerRace - 3.5848) < 0.001)
        #expect(abs(orders.innerRace - 5.4152) < 0.001)
        #expect(abs(orders.cage - 0.39828) < 0.001)
        // The data centre lists 4.7135, which is twice the turns of a ball.
        #expect(abs(2 * orders.rollingElement - 4.7135) < 0.001)
    }

    @Test func racesAddUpToTheNumberOfRollingElements() {
        let geometry = BearingGeometry(
            rollingElements: 13, elementDiameterMillimetres: 3.5, pitchDiameterMillimetres: 25.6,
            contactAngleDegrees: 15)
        #expect(abs(geometry.orders.outerRace + geometry.orders.innerRace - 13) < 1e-12)
        #expect(abs(geometry.orders.cage * 13 - geometry.orders.outerRace) < 1e-12)
    }

    @Test(arguments: [
        BearingGeometry(rollingElements: 2, elementDiameterMillimetres: 1, pitchDiameterMillimetres: 10),
        BearingGeometry(rollingElements: 9, elementDiameterMillimetres: 40, pitchDiameterMillimetres: 39),
        BearingGeometry(rollingElements: 9, elementDiameterMillimetres: 0, pitchDiameterMillimetres: 39),
        BearingGeometry(rollingElements: 9, elementDiameterMillimetres: .nan, pitchDiameterMillimetres: 39),
        BearingGeometry(
            rollingElements: 9, elementDiameterMillimetres: 8, pitchDiameterMillimetres: 39, contactAngleDegrees: 90),
    ])
    func impossibleGeometryIsRefused(geometry: BearingGeometry) {
        #expect(throws: SignalError.self) {
            try Analyzer(shape: WindowShape(samples: 1024, rateHertz: 12_800), geometry: geometry)
        }
    }
}
