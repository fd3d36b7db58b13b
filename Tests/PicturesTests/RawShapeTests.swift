import Pictures
import Testing

@Suite struct RawShapeTests {
    private static func shape(_ layout: RawShape.Layout, _ width: Int = 2, _ height: Int = 2) -> RawShape {
        RawShape(width: width, height: height, layout: layout)
    }

    @Test func plainLayouts() throws {
        let bytes: [UInt8] = Array(1...12)
        #expect(
            try PictureDecoder.decode(Array(bytes.prefix(4)), as: Self.shape(.grey8)).pixels == [1, 2, 3, 4])
        #expect(try PictureDecoder.decode(bytes, as: Self.shape(.rgb8)).pixels == bytes)
        #expect(
            try PictureDecoder.decode(bytes, as: Self.shape(.bgr8)).pixels == [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10])
        let grey = try PictureDecoder.decode(bytes, as: Self.shape(.rgb8), channels: .grey)
        #expect((grey.channels, grey.pixels.count) == (1, 4))
    }

    @Test func gapsBetweenRowsArePassedOver() throws {
        var shape = Self.shape(.grey8)
        shape.rowBytes = 5
        let bytes: [UInt8] = [1, 2, 0, 0, 0, 3, 4, 0, 0, 0]
        #expect(try PictureDecoder.decode(bytes, as: shape).pixels == [1, 2, 3, 4])
    }

    @Test func sixteenBitsAreRounded() throws {
        // 128 / 257 = 0.498, 129 / 257 = 0.502, 65,406 / 257 = 254.498.
        let bytes: [UInt8] = [0, 128, 0, 129, 0xFF, 0xFF, 0xFF, 0x7E]
        #expect(try PictureDecoder.decode(bytes, as: Self.shape(.grey16be)).pixels == [0, 1, 255, 254])
        let swapped: [UInt8] = [128, 0, 129, 0, 0xFF, 0xFF, 0x7E, 0xFF]
        #expect(try PictureDecoder.decode(swapped, as: Self.shape(.grey16le)).pixels == [0, 1, 255, 254])
    }

    @Test func twelveBitsFillTheScale() throws {
        var shape = Self.shape(.grey16le)
        shape.significantBits = 12
        #expect(
            try PictureDecoder.decode([0, 0, 0xFF, 0x0F, 0, 0x08, 8, 0], as: shape).pixels == [0, 255, 128, 0])
        let error = try #require(throws: PictureError.self) {
            try PictureDecoder.decode([0, 0, 0, 0x10, 0, 0, 0, 0], as: shape)
        }
        #expect(error.description == "expected at most 4095, as 12 bits hold, found 4096 at byte 2")
    }

    /// Colour bars of BT.601, 75 %: white, yellow, blue; and black and white of either range.
    @Test func camerasColours() throws {
        let bars: [UInt8] = [180, 128, 180, 128, 162, 44, 162, 142, 35, 212, 35, 114]
        let limited = try PictureDecoder.decode(bars, as: Self.shape(.yuyv, 6, 1))
        #expect(limited.pixels == [191, 191, 191, 191, 191, 191, 192, 192, 1, 192, 192, 1, 0, 1, 192, 0, 1, 192])
        #expect(
            try PictureDecoder.decode([16, 128, 235, 128], as: Self.shape(.yuyv, 2, 1), channels: .grey).pixels
                == [0, 255])
        var full = Self.shape(.yuyv, 2, 1)
        full.range = .full
        #expect(try PictureDecoder.decode([76, 85, 255, 255], as: full).pixels == [254, 0, 0, 255, 179, 179])
        #expect(try PictureDecoder.decode([0, 1, 255, 2], as: full, channels: .grey).pixels == [0, 255])
    }

    @Test func coloursOfTwoByTwoPixels() throws {
        // Four rows of brightness, two rows of pairs: blue on the left, none on the right.
        let brightness: [UInt8] = [41, 41, 100, 100, 41, 41, 100, 100]
        let bytes = brightness + [240, 110, 128, 128]
        let picture = try PictureDecoder.decode(bytes, as: Self.shape(.nv12, 4, 2))
        let row: [UInt8] = [0, 0, 255, 0, 0, 255, 98, 98, 98, 98, 98, 98]
        #expect(picture.pixels == row + row)
        let grey = try PictureDecoder.decode(bytes, as: Self.shape(.nv12, 4, 2), channels: .grey)
        #expect(grey.pixels == [29, 29, 98, 98, 29, 29, 98, 98])
    }

    static let refusals: [(RawShape, bytes: Int, code: String)] = {
        var narrow = shape(.rgb8)
        narrow.rowBytes = 5
        var endless = shape(.grey8)
        endless.rowBytes = .max
        var thin = shape(.grey16le)
        thin.significantBits = 8
        return [
            (shape(.grey8), 3, "picture.shape"), (shape(.grey8), 5, "picture.shape"),
            (shape(.rgb8), 0, "picture.shape"),
            (shape(.yuyv, 3, 2), 12, "picture.shape"), (shape(.nv12, 2, 3), 9, "picture.shape"),
            (shape(.nv12), 5, "picture.shape"), (narrow, 10, "picture.shape"), (endless, 4, "picture.shape"),
            (thin, 8, "picture.shape"), (shape(.grey8, 0, 2), 0, "picture.damaged"),
            (shape(.grey8, -2, -2), 4, "picture.damaged"), (shape(.grey8, .max, .max), 4, "picture.too_large.side"),
            (shape(.grey8, 32_767, 32_767), 4, "picture.too_large.pixels"),
        ]
    }()

    @Test(arguments: refusals.indices) func shapesThatBytesDoNotHave(_ index: Int) throws {
        let (shape, count, code) = Self.refusals[index]
        let error = try #require(throws: PictureError.self) {
            try PictureDecoder.decode([UInt8](repeating: 0, count: count), as: shape)
        }
        #expect(error.code == code, "\(error)")
    }
}
