import Inspection
import Signals
import Testing

@Suite struct RigidAlignmentTests {
    static let part = PrintedPart()

    /// The part, turned about the picture's middle and shifted.
    static func turned(
        _ placement: Placement, gain: Double = 0.6, offset: Double = 0.2, part: PrintedPart = part
    ) -> Plane {
        let turn = Elementary.sineCosine(turns: placement.degrees / 360)
        let middle = Double(part.side - 1) / 2
        return part.drawn(gain: gain, offset: offset) { x, y in
            let u = x - middle - placement.x
            let v = y - middle - placement.y
            return (turn.cosine * u + turn.sine * v + middle, -turn.sine * u + turn.cosine * v + middle)
        }
    }

    @Test(arguments: [
        Placement(), Placement(x: 0.3, y: -0.6), Placement(x: 7.25, y: -4.5), Placement(degrees: 2.2),
        Placement(x: -9.4, y: 3.1, degrees: -4.1),
    ])
    func aPartIsFoundToAFewHundredthsOfAPixel(_ placement: Placement) {
        let found = RigidAlignment(golden: Self.part.drawn()).place(in: Self.turned(placement))
        #expect(abs(found.placement.x - placement.x) < 0.05)
        #expect(abs(found.placement.y - placement.y) < 0.05)
        #expect(abs(found.placement.degrees - placement.degrees) < 0.05)
        #expect(found.correlation > 0.99)
    }

    @Test func lightAndNoiseMoveNothing() {
        let placement = Placement(x: 3.5, y: 2.25, degrees: 1.5)
        var picture = Self.turned(placement, gain: 0.25, offset: 0.5)
        picture.roughen(0.05, seed: 5)
        let found = RigidAlignment(golden: Self.part.drawn()).place(in: picture)
        #expect(abs(found.placement.x - placement.x) < 0.1)
        #expect(abs(found.placement.y - placement.y) < 0.1)
        #expect(abs(found.placement.degrees - placement.degrees) < 0.1)
    }

    @Test func anotherPartCorrelatesWithNothing() {
        let other = PrintedPart(seed: 4_711).drawn()
        #expect(RigidAlignment(golden: Self.part.drawn()).place(in: other).correlation < 0.5)
    }

    @Test func anEvenSurfaceStaysWhereItIs() {
        let even = Plane(width: 160, height: 160, repeating: 0.5)
        let found = RigidAlignment(golden: Self.part.drawn()).place(in: even)
        #expect(found.placement == Placement())
        #expect(found.correlation == 0)
    }
}
