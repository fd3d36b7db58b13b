/// What a rolling bearing's defect frequencies follow from.
package struct BearingGeometry: Hashable, Sendable, Codable {
    package var rollingElements: Int
    package var elementDiameterMillimetres: Double
    package var pitchDiameterMillimetres: Double
    package var contactAngleDegrees: Double

    package init(
        rollingElements: Int, elementDiameterMillimetres: Double, pitchDiameterMillimetres: Double,
        contactAngleDegrees: Double = 0
    ) {
        self.rollingElements = rollingElements
        self.elementDiameterMillimetres = elementDiameterMillimetres
        self.pitchDiameterMillimetres = pitchDiameterMillimetres
        self.contactAngleDegrees = contactAngleDegrees
    }

    /// Deep-groove ball bearing 6205, the most common one on small motors and pumps.
    ///
    /// - Source: Case Western Reserve University Bearing Data Center, drive end 6205-2RS JEM SKF: 9 balls of 0.3126 in
    ///   on a pitch of 1.537 in.
    package static let deepGroove6205 = BearingGeometry(
        rollingElements: 9, elementDiameterMillimetres: 7.94, pitchDiameterMillimetres: 39.04)

    /// Defect frequencies as multiples of the shaft's, outer race standing still.
    ///
    /// - Source: Randall and Antoni, Rolling element bearing diagnostics, MSSP 25 (2011), equations 1 to 4.
    package var orders: DefectOrders {
        let ratio =
            elementDiameterMillimetres / pitchDiameterMillimetres * Elementary.cosine(turns: contactAngleDegrees / 360)
        let half = Double(rollingElements) / 2
        return DefectOrders(
            outerRace: half * (1 - ratio), innerRace: half * (1 + ratio),
            rollingElement: (1 - ratio * ratio) * pitchDiameterMillimetres / (2 * elementDiameterMillimetres),
            cage: (1 - ratio) / 2)
    }

    /// Says what is wrong with the geometry; nil when nothing is.
    package var flaw: String? {
        guard (3...100).contains(rollingElements) else {
            return "expected 3...100 rolling elements, found \(rollingElements)"
        }
        guard elementDiameterMillimetres > 0, pitchDiameterMillimetres > elementDiameterMillimetres,
            pitchDiameterMillimetres.isFinite
        else {
            return
                "expected a rolling element smaller than the pitch diameter, found \(elementDiameterMillimetres) mm on "
                + "\(pitchDiameterMillimetres) mm"
        }
        guard contactAngleDegrees >= 0, contactAngleDegrees < 90 else {
            return "expected a contact angle of 0 to 90 degrees, found \(contactAngleDegrees)"
        }
        return nil
    }
}

/// Defect frequencies in multiples of the shaft frequency.
package struct DefectOrders: Hashable, Sendable {
    /// BPFO: rolling elements passing a spot on the outer race.
    package var outerRace: Double
    /// BPFI: rolling elements passing a spot on the inner race.
    package var innerRace: Double
    /// BSF: turns of a rolling element; a spot on it strikes twice a turn.
    package var rollingElement: Double
    /// FTF: turns of the cage.
    package var cage: Double
}
