import Pictures
import Seeded
import Testing

@Suite struct PictureTests {
    /// 3 x 2 pixels, 1 to 6.
    private static let six = Picture(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])

    @Test func greyIsLumaRounded() {
        let picture = Picture(
            width: 6, height: 1, channels: 3,
            pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30, 7, 7, 7])
        // 0.299 * 255 = 76.2, 0.587 * 255 = 149.7, 0.114 * 255 = 29.1; 2.99 + 11.74 + 3.42 = 18.15.
        #expect(picture.grey.pixels == [76, 150, 29, 255, 18, 7])
        #expect(picture.grey.colour.pixels.prefix(6) == [76, 76, 76, 150, 150, 150])
    }

    @Test func partsAreCutOut() throws {
        #expect(try Self.six.cropped(column: 1, row: 0, width: 2, height: 2).pixels == [2, 3, 5, 6])
        #expect(try Self.six.colour.cropped(column: 2, row: 1, width: 1, height: 1).pixels == [6, 6, 6])
        #expect(Self.six[1, 2] == 6)
    }

    @Test(arguments: [
        (-1, 0, 1, 1), (0, -1, 1, 1), (0, 0, 4, 1), (0, 0, 1, 3), (3, 0, 1, 1), (0, 0, 0, 1), (0, 0, 1, -1),
        (1, 0, Int.max, 1), (Int.max, 0, 1, 1), (0, Int.min, 1, 1),
    ])
    func partsOutsideAreRefused(_ column: Int, _ row: Int, _ width: Int, _ height: Int) throws {
        let error = try #require(throws: PictureError.self) {
            try Self.six.cropped(column: column, row: row, width: width, height: height)
        }
        #expect(error.code == "picture.outside")
        #expect(error.description.hasPrefix("expected a part of 3 x 2 pixels, found"))
    }

    static let turns: [(Orientation, Int, [UInt8])] = [
        (.upright, 3, [1, 2, 3, 4, 5, 6]), (.mirrored, 3, [3, 2, 1, 6, 5, 4]), (.upsideDown, 3, [6, 5, 4, 3, 2, 1]),
        (.flipped, 3, [4, 5, 6, 1, 2, 3]), (.transposed, 2, [1, 4, 2, 5, 3, 6]),
        (.quarterTurnRight, 2, [4, 1, 5, 2, 6, 3]), (.transversed, 2, [6, 3, 5, 2, 4, 1]),
        (.quarterTurnLeft, 2, [3, 6, 2, 5, 1, 4]),
    ]

    @Test(arguments: turns) func turnsAreThoseOfTheStandard(_ turn: Orientation, _ width: Int, _ pixels: [UInt8]) {
        #expect(
            Self.six.oriented(turn)
                == Picture(width: width, height: 6 / width, channels: 1, pixels: pixels))
        #expect(Self.six.colour.oriented(turn) == Self.six.oriented(turn).colour)
    }

    /// Source, its width, the new size, the result; computed by hand.
    static let sizes: [(pixels: [UInt8], width: Int, to: (Int, Int), expected: [UInt8])] = [
        // Halves: (1 + 2 + 4 + 5) / 4 and (3 + 10 + 6 + 20) / 4 = 9.75.
        ([1, 2, 3, 10, 4, 5, 6, 20], 4, (2, 1), [3, 10]),
        // Thirds to halves: 3 pixels to 2, each covers one and a half: (2 * 10 + 40) / 3, (40 + 2 * 100) / 3.
        ([10, 40, 100], 3, (2, 1), [20, 80]),
        // 5 to 3, in thirds: (3 * 0 + 2 * 30) / 5; (1 * 30 + 3 * 60 + 1 * 90) / 5; (2 * 90 + 3 * 255) / 5.
        ([0, 30, 60, 90, 255], 5, (3, 1), [12, 60, 189]),
        // Rounded half up: (1 + 2) / 2.
        ([1, 2], 2, (1, 1), [2]),
        // Twice as wide: centres at -1/4, 1/4, 3/4, 5/4.
        ([0, 100], 2, (4, 1), [0, 25, 75, 100]),
        // 2 to 3: centres at -1/6, 1/2, 7/6.
        ([0, 101], 2, (3, 1), [0, 51, 101]),
        ([7], 1, (3, 2), [7, 7, 7, 7, 7, 7]),
        // Narrower and higher: columns are averaged, rows are between.
        ([0, 20, 100, 120], 2, (1, 4), [10, 35, 85, 110]),
        ([9, 8, 7, 6], 2, (2, 2), [9, 8, 7, 6]),
    ]

    @Test(arguments: sizes.indices) func sizesChange(_ index: Int) {
        let size = Self.sizes[index]
        let picture = Picture(
            width: size.width, height: size.pixels.count / size.width, channels: 1, pixels: size.pixels)
        let expected = Picture(width: size.to.0, height: size.to.1, channels: 1, pixels: size.expected)
        #expect(picture.resized(width: size.to.0, height: size.to.1) == expected)
        #expect(picture.colour.resized(width: size.to.0, height: size.to.1) == expected.colour)
        // The same with rows in the place of columns.
        let turned = picture.oriented(.transposed).resized(width: size.to.1, height: size.to.0)
        #expect(turned == expected.oriented(.transposed))
    }

    @Test func channelsDoNotMix() {
        let picture = Picture(width: 2, height: 1, channels: 3, pixels: [10, 0, 200, 20, 0, 100])
        #expect(picture.resized(width: 1, height: 1).pixels == [15, 0, 150])
    }

    @Test func oneColourStaysItWhateverTheSize() {
        let white = Picture(width: 37, height: 23, channels: 1, pixels: [UInt8](repeating: 255, count: 37 * 23))
        for side in [1, 2, 22, 23, 36, 38, 64, 101] {
            #expect(white.resized(width: side, height: 102 - side).pixels.allSatisfy { $0 == 255 })
        }
        let line = Picture(width: 32_767, height: 1, channels: 1, pixels: [UInt8](repeating: 255, count: 32_767))
        #expect(line.resized(width: 1, height: 1).pixels == [255])
        #expect(line.resized(width: 32_766, height: 2).pixels.allSatisfy { $0 == 255 })
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var random = SplitMix64(seed: 20_261_130)
        for number in 0..<60 {
            let (width, height) = (1 + random.below(40), 1 + random.below(40))
            let channels = number % 2 == 0 ? 1 : 3
            // Slopes, grain and flat parts, so that each kind of filter is the best somewhere.
            let pixels = (0..<width * height * channels).map { index in
                number % 3 == 0
                    ? UInt8(truncatingIfNeeded: random.next()) : UInt8(truncatingIfNeeded: index / 3 * number)
            }
            let picture = Picture(width: width, height: height, channels: channels, pixels: pixels)
            let file = PNGEncoder.encode(picture)
            #expect(try PictureDecoder.decode(file).picture == picture)
            #expect(PNGEncoder.encode(picture) == file)
        }
    }

    @Test func palettesAreWrittenAndReadAgain() throws {
        let palette = (0..<256).map { number in
            PNGEncoder.Colour(red: UInt8(number), green: UInt8(255 - number), blue: UInt8(number / 2))
        }
        let indices = (0..<40 * 30).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let file = PNGEncoder.encode(indices: indices, width: 40, height: 30, palette: palette)
        let pixels = indices.flatMap { [$0, 255 - $0, $0 / 2] }
        #expect(
            try PictureDecoder.decode(file).picture == Picture(width: 40, height: 30, channels: 3, pixels: pixels))
    }
}
