internal import Signals

/// Where a part lies in a picture: turned about the picture's middle, then shifted.
package struct Placement: Sendable, Equatable {
    /// Pixels to the right and down.
    package var x: Double
    package var y: Double
    /// Clockwise on the screen, where y points down.
    package var degrees: Double

    package init(x: Double = 0, y: Double = 0, degrees: Double = 0) {
        self.x = x
        self.y = y
        self.degrees = degrees
    }
}

/// Finds a golden part in a picture: coarsely by trying, then by Gauss-Newton steps from the smallest picture of a
/// pyramid to the whole one. Brightness and contrast may differ: it is their correlation that grows.
///
/// - Source: Evangelidis and Psarakis, Parametric image alignment using enhanced correlation coefficient maximization,
///   IEEE TPAMI 30 (2008); here with the picture's gain and offset fitted in each step.
package struct RigidAlignment: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Largest shift, as a share of the picture's shorter side.
        package var shiftShare: Double
        package var degrees: Double

        package init(shiftShare: Double = 0.1, degrees: Double = 5) {
            self.shiftShare = shiftShare
            self.degrees = degrees
        }
    }

    package struct Result: Sendable, Equatable {
        package var placement: Placement
        /// -1...1, of the golden part and what lies in its place.
        package var correlation: Double
    }

    /// The coarse search sees pictures about this large.
    private static let coarseSide = 48
    private static let degreesPerTrial = 1.0
    private static let steps = 12
    /// A step that moves no corner by this many pixels is the last one.
    private static let settled = 0.01
    /// A blur before the pyramid begins, so that binary prints have slopes.
    private static let smoothing = 0.8
    /// Rows and columns are skipped so that no more than about this many pixels enter a step.
    private static let pixelsPerStep = 40_000

    private let golden: [Plane]
    private let limits: Limits

    package init(golden: Plane, limits: Limits = Limits()) {
        self.golden = Self.pyramid(golden)
        self.limits = limits
    }

    private static func pyramid(_ plane: Plane) -> [Plane] {
        var levels = [plane.blurred(smoothing)]
        while let last = levels.last, min(last.width, last.height) >= 2 * coarseSide { levels.append(last.halved()) }
        return levels
    }

    /// - Parameter picture: of the golden part's size.
    package func place(in picture: Plane) -> Result {
        precondition(picture.width == golden[0].width && picture.height == golden[0].height)
        let levels = Self.pyramid(picture)
        var placement = coarse(levels[levels.count - 1])
        for level in levels.indices.reversed() {
            let factor = Double(1 << level)
            var scaled = placement
            scaled.x /= factor
            scaled.y /= factor
            scaled = refine(scaled, golden[level], levels[level])
            placement = Placement(x: scaled.x * factor, y: scaled.y * factor, degrees: scaled.degrees)
        }
        return Result(
            placement: placement, correlation: Self.correlation(golden[0], levels[0], placement, stride: 2))
    }

    private func coarse(_ picture: Plane) -> Placement {
        let golden = self.golden[self.golden.count - 1]
        let reach = Int((limits.shiftShare * Double(min(golden.width, golden.height))).rounded(.up))
        let turns = Int((limits.degrees / Self.degreesPerTrial).rounded(.up))
        var best = Placement()
        // What lies straight is taken unless another place is clearly better.
        var largest = Self.correlation(golden, picture, best, stride: 1) + 0.002
        let trials = CoarseTrials(golden, reach: reach)
        for turn in -turns...turns {
            let degrees = Double(turn) * Self.degreesPerTrial
            let turned = CoarseTrials.Turned(picture, degrees: degrees, reach: reach)
            for y in -reach...reach {
                for x in -reach...reach {
                    let correlation = trials.correlation(turned, x: x, y: y)
                    if correlation > largest {
                        largest = correlation
                        best = turned.placement(x: x, y: y)
                    }
                }
            }
        }
        return best
    }

    /// Gauss-Newton on the squared difference between the golden part and the picture in its place with gain and offset.
    private func refine(_ start: Placement, _ golden: Plane, _ picture: Plane) -> Placement {
        var placement = start
        let stride = max(
            1, Int((Double(golden.values.count) / Double(Self.pixelsPerStep)).squareRoot().rounded(.up)))
        var held = Self.correlation(golden, picture, placement, stride: stride)
        let corner = Double(max(golden.width, golden.height)) / 2
        for _ in 0..<Self.steps {
            guard let step = Self.step(golden, picture, placement, stride) else { break }
            let next = Placement(
                x: placement.x + step.x, y: placement.y + step.y, degrees: placement.degrees + step.degrees)
            let correlation = Self.correlation(golden, picture, next, stride: stride)
            guard correlation > held || held.isNaN else { break }
            held = correlation
            placement = next
            let moved = max(abs(step.x), abs(step.y), abs(step.degrees) * .pi / 180 * corner)
            if moved < Self.settled { break }
        }
        return placement
    }

    private static func step(_ golden: Plane, _ picture: Plane, _ placement: Placement, _ stride: Int) -> Placement? {
        let turn = Elementary.sineCosine(turns: placement.degrees / 360)
        let (cosine, sine) = (Float(turn.cosine), Float(turn.sine))
        let (middleX, middleY) = (Float(golden.width - 1) / 2, Float(golden.height - 1) / 2)
        // Unknowns: shift x, shift y, angle, gain, offset.
        var normal = NormalEquations(unknowns: 5)
        var row = [Double](repeating: 0, count: 5)
        picture.viewed { picture in
            for y in Swift.stride(from: 1, to: golden.height - 1, by: stride) {
                for x in Swift.stride(from: 1, to: golden.width - 1, by: stride) {
                    let (u, v) = (Float(x) - middleX, Float(y) - middleY)
                    let atX = cosine * u - sine * v + middleX + Float(placement.x)
                    let atY = sine * u + cosine * v + middleY + Float(placement.y)
                    guard atX >= 1, atY >= 1, atX < Float(picture.width - 2), atY < Float(picture.height - 2) else {
                        continue
                    }
                    let value = picture.value(x: atX, y: atY)
                    let slopeX = (picture.value(x: atX + 1, y: atY) - picture.value(x: atX - 1, y: atY)) / 2
                    let slopeY = (picture.value(x: atX, y: atY + 1) - picture.value(x: atX, y: atY - 1)) / 2
                    row[0] = -Double(slopeX)
                    row[1] = -Double(slopeY)
                    row[2] = -Double(slopeX * (-sine * u - cosine * v) + slopeY * (cosine * u - sine * v))
                    row[3] = Double(golden[x, y])
                    row[4] = 1
                    normal.add(row, equals: Double(value))
                }
            }
        }
        guard let solved = normal.solve() else { return nil }
        // picture(p) + slope * step = gain * golden + offset.
        return Placement(x: solved[0], y: solved[1], degrees: solved[2] * 180 / .pi)
    }

    /// Correlation of the golden part with the picture at a placement, over what lies inside both.
    static func correlation(_ golden: Plane, _ picture: Plane, _ placement: Placement, stride: Int) -> Double {
        let turn = Elementary.sineCosine(turns: placement.degrees / 360)
        let (cosine, sine) = (Float(turn.cosine), Float(turn.sine))
        let (middleX, middleY) = (Float(golden.width - 1) / 2, Float(golden.height - 1) / 2)
        let (shiftX, shiftY) = (Float(placement.x), Float(placement.y))
        let (lastX, lastY) = (Float(picture.width - 1), Float(picture.height - 1))
        var count = 0.0
        var (sumG, sumP, sumGG, sumPP, sumGP) = (0.0, 0.0, 0.0, 0.0, 0.0)
        golden.viewed { golden in
            picture.viewed { picture in
                for y in Swift.stride(from: 0, to: golden.height, by: stride) {
                    for x in Swift.stride(from: 0, to: golden.width, by: stride) {
                        let (u, v) = (Float(x) - middleX, Float(y) - middleY)
                        let atX = cosine * u - sine * v + middleX + shiftX
                        let atY = sine * u + cosine * v + middleY + shiftY
                        guard atX >= 0, atY >= 0, atX <= lastX, atY <= lastY else { continue }
                        let p = Double(picture.value(x: atX, y: atY))
                        let g = Double(golden.values[y * golden.width + x])
                        count += 1
                        sumG += g
                        sumP += p
                        sumGG += g * g
                        sumPP += p * p
                        sumGP += g * p
                    }
                }
            }
        }
        guard count > 1 else { return 0 }
        let spread = (sumGG - sumG * sumG / count) * (sumPP - sumP * sumP / count)
        // Two even surfaces correlate with nothing: whatever place is as good as any other.
        guard spread > 1e-12 else { return 0 }
        return (sumGP - sumG * sumP / count) / spread.squareRoot()
    }
}
