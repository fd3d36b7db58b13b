/// What a difference does to a print of two levels: tracks and gaps, ink and paper, tooth and space.
package enum PrintChange: String, Sendable, Hashable, CaseIterable, Codable {
    /// Print where none belongs: on its own, grown on what is there, or joining what must be apart.
    case island, spur, bridge
    /// No print where some belongs: a hole within, a bite out of the edge, or cutting through.
    case hole, bite, cut

    /// Components with fewer pixels are noise of the edge.
    private static let leastPixels = 8
    /// Pixels around a region that show what it touches.
    private static let surroundings = 10

    /// - Parameters:
    ///   - region: where the pictures differ.
    ///   - expected: what should be seen there, of the size of `seen`.
    ///   - middle: level between print and ground.
    ///   - isPrintDark: print is darker than its ground.
    package init(of region: Box, seen: Plane, expected: Plane, middle: Float, isPrintDark: Bool) {
        let box = region.grown(by: Self.surroundings, width: seen.width, height: seen.height)
        func mask(_ plane: Plane, isPrint: Bool) -> [Bool] {
            var result: [Bool] = []
            result.reserveCapacity(box.area)
            for y in box.top..<box.bottom {
                for x in box.left..<box.right { result.append((plane[x, y] < middle) == (isPrint == isPrintDark)) }
            }
            return result
        }
        let width = box.right - box.left
        let printSeen = mask(seen, isPrint: true)
        let printExpected = mask(expected, isPrint: true)
        let added = zip(printSeen, printExpected).reduce(0) { sum, pixel in
            sum + (pixel.0 == pixel.1 ? 0 : pixel.0 ? 1 : -1)
        }
        // Print hangs together across corners, so its ground does not.
        let pieces =
            Self.pieces(printSeen, width: width, isAcrossCorners: true)
            - Self.pieces(printExpected, width: width, isAcrossCorners: true)
        let grounds =
            Self.pieces(mask(seen, isPrint: false), width: width, isAcrossCorners: false)
            - Self.pieces(mask(expected, isPrint: false), width: width, isAcrossCorners: false)
        if added > 0 {
            self = pieces < 0 || grounds > 0 ? .bridge : pieces > 0 ? .island : .spur
        } else {
            self = pieces > 0 || grounds < 0 ? .cut : grounds > 0 ? .hole : .bite
        }
    }

    /// Connected pieces of a mask, without the tiny ones.
    private static func pieces(_ mask: [Bool], width: Int, isAcrossCorners: Bool) -> Int {
        var isOpen = mask
        var stack: [Int] = []
        var pieces = 0
        for start in mask.indices where isOpen[start] {
            var pixels = 0
            stack.append(start)
            isOpen[start] = false
            while let at = stack.popLast() {
                pixels += 1
                let x = at % width
                for dy in -1...1 {
                    for dx in -1...1 where isAcrossCorners || dx == 0 || dy == 0 {
                        let next = at + dy * width + dx
                        guard x + dx >= 0, x + dx < width, next >= 0, next < mask.count, isOpen[next] else { continue }
                        isOpen[next] = false
                        stack.append(next)
                    }
                }
            }
            if pixels >= leastPixels { pieces += 1 }
        }
        return pieces
    }
}
