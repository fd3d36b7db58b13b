import CAllocationCounter
import CZlib
import Pictures
import Testing

@Suite struct LimitsTests {
    /// Bytes that a refusal may take: the lists of parts, the text of the error, the file's own copies.
    private static let smallBytes = 1 << 20

    /// - Returns: the error, and the bytes that were asked for meanwhile.
    private static func refusal(
        _ bytes: [UInt8], _ limits: PictureLimits = PictureLimits()
    ) throws -> (PictureError, allocated: Int) {
        mw_allocation_counter_start()
        let result = Result { () throws(PictureError) in try PictureDecoder.decode(bytes, limits: limits) }
        _ = mw_allocation_counter_stop()
        let allocated = Int(mw_allocation_counter_bytes())
        guard case .failure(let error) = result else { throw Golden.Missing(description: "it was read") }
        return (error, allocated)
    }

    @Test func theCounterSeesWhatTheLibrariesTake() throws {
        for name in ["420-progressive.jpg", "colour-alpha-16-interlaced.png", "24.bmp"] {
            let bytes = try Golden.bytes(name)
            mw_allocation_counter_start()
            let picture = try PictureDecoder.decode(bytes).picture
            _ = mw_allocation_counter_stop()
            #expect(Int(mw_allocation_counter_bytes()) > picture.pixels.count + (name == "24.bmp" ? 0 : 10_000))
        }
    }

    @Test(arguments: Golden.refused.filter { $0.code.contains("too_large") })
    func nothingIsTakenForWhatIsTooLarge(_ bomb: Golden.Refusal) throws {
        let bytes = try Golden.bytes(bomb.name)
        #expect(try Self.refusal(bytes).allocated < Self.smallBytes)
    }

    /// 4 GiB of zeros, which a PNG of 13 x 9 pixels has in its only chunk.
    @Test func whatInflatesToGigabytesIsNotInflated() throws {
        let piece = try Self.fourMiBOfZeros()
        var stream: [UInt8] = [0x78, 0xDA]
        for _ in 0..<1_024 { stream += piece }
        let sound = try Golden.bytes("grey-8.png")
        let head = Array(sound.prefix(33))
        let file = head + Self.chunk("IDAT", stream) + sound.suffix(12)
        let clock = ContinuousClock()
        let start = clock.now
        let (error, allocated) = try Self.refusal(file)
        #expect(error.code == "picture.damaged" && error.description.contains("IDAT"))
        // 4 GiB take seconds to inflate; the time is not measured, only that the limit of time was not what ended it.
        #expect(allocated < Self.smallBytes)
        #expect(start.duration(to: clock.now) < PictureLimits().time)
    }

    private static func fourMiBOfZeros() throws -> [UInt8] {
        // What a flush ends lies on a whole byte and refers to nothing before it.
        var stream = z_stream()
        try #require(
            deflateInit2_(
                &stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
                == Z_OK)
        defer { deflateEnd(&stream) }
        var zeros = [UInt8](repeating: 0, count: 4 << 20)
        var target = [UInt8](repeating: 0, count: 1 << 16)
        let count = try zeros.withUnsafeMutableBufferPointer { source in
            try target.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                try #require(deflate(&stream, Z_FULL_FLUSH) == Z_OK && stream.avail_out > 0)
                return Int(stream.total_out)
            }
        }
        return Array(target.prefix(count))
    }

    private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        let sum = body.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
        func bytes(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } }
        return bytes(data.count) + body + bytes(Int(sum))
    }

    /// The last scan of a progressive JPEG, its tables before it, 5,000 times more.
    private static func thousandsOfScans() throws -> [UInt8] {
        let whole = try Golden.bytes("444-progressive.jpg")
        let last = try #require(
            whole.indices.dropLast(1).last { whole[$0] == 0xFF && whole[$0 + 1] == 0xC4 })
        var file = Array(whole.dropLast(2))
        for _ in 0..<5_000 { file += whole[last..<whole.count - 2] }
        return file + [0xFF, 0xD9]
    }

    @Test func thousandsOfScansAreCountedBeforeOneIsDecoded() throws {
        let file = try Self.thousandsOfScans()
        let (error, allocated) = try Self.refusal(file)
        #expect(error.code == "picture.too_large.scans")
        #expect(allocated < Self.smallBytes)
    }

    @Test func timeEndsAProgressiveJPEGBetweenItsScans() throws {
        var limits = PictureLimits()
        limits.time = .microseconds(10)
        // Each look at the clock takes a microsecond; ten scans of three rows of blocks are thirty looks.
        let file = try Golden.bytes("444-progressive.jpg")
        let error = try #require(throws: PictureError.self) {
            try PictureDecoder.decode(file, limits: limits, clock: SteppingClock(step: .microseconds(1)))
        }
        guard case .late(.microseconds(10), let place) = error else {
            Issue.record("\(error)")
            return
        }
        let firstScan = try #require(file.indices.dropLast(1).first { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
        #expect(place.offset > firstScan && place.offset < file.count * 3 / 4, "\(place)")
    }

    @Test(arguments: ["444.jpg", "420-progressive.jpg", "grey-8.png", "colour-8-interlaced.png", "24.bmp", "8.bmp"])
    func timeEndsEveryFormat(_ name: String) throws {
        var limits = PictureLimits()
        limits.time = .seconds(3)
        let bytes = try Golden.bytes(name)
        let error = try #require(throws: PictureError.self) {
            try PictureDecoder.decode(bytes, limits: limits, clock: SteppingClock(step: .seconds(1)))
        }
        #expect(error.code == "picture.late")
        #expect(error.description.contains("expected the picture within 3.0 seconds"), "\(error)")
    }

    @Test(arguments: ["444.jpg", "420-progressive.jpg", "colour-8.png", "colour-16-interlaced.png", "24.bmp"])
    func eachLimitIsTheLastThatFits(_ name: String) throws {
        let bytes = try Golden.bytes(name)
        let picture = try PictureDecoder.decode(bytes).picture
        let cases: [(WritableKeyPath<PictureLimits, Int>, Int, String)] = [
            (\.fileBytes, bytes.count, "picture.too_large.file_bytes"),
            (\.pixels, picture.width * picture.height, "picture.too_large.pixels"),
        ]
        for (limit, value, code) in cases {
            var limits = PictureLimits()
            limits[keyPath: limit] = value
            #expect(try PictureDecoder.decode(bytes, limits: limits).picture == picture)
            limits[keyPath: limit] = value - 1
            #expect(try Self.refusal(bytes, limits).0.code == code)
        }
    }

    /// What a picture is said to take is what it takes: a limit just above is enough, and no more is asked for.
    @Test(arguments: Golden.accepted) func memoryIsWhatWasSaid(_ name: String) throws {
        let bytes = try Golden.bytes(name)
        var limits = PictureLimits()
        limits.memoryBytes = 0
        guard case (.tooLarge(.memoryBytes, 0, let needed, _), let allocated) = try Self.refusal(bytes, limits) else {
            Issue.record("another error")
            return
        }
        #expect(allocated < 100_000)
        limits.memoryBytes = needed
        mw_allocation_counter_start()
        let decoded = Result { () throws(PictureError) in try PictureDecoder.decode(bytes, limits: limits) }
        _ = mw_allocation_counter_stop()
        #expect(throws: Never.self) { try decoded.get() }
        // The lists of parts, copies of chunks and notes are beside it.
        #expect(Int(mw_allocation_counter_bytes()) <= needed + bytes.count * 4 + (32 << 10))
    }

    /// Sampling of brightness and of both colours, as a hostile file may have it on the widest rows there are.
    static let samplings: [(UInt8, UInt8, UInt8)] = [
        (0x11, 0x11, 0x11), (0x22, 0x11, 0x11), (0x41, 0x11, 0x11), (0x14, 0x11, 0x11), (0x42, 0x11, 0x11),
        (0x24, 0x11, 0x11), (0x11, 0x22, 0x41), (0x11, 0x11, 0x42), (0x12, 0x21, 0x14),
    ]

    @Test(arguments: samplings, ["444.jpg", "444-progressive.jpg"])
    func memoryIsWhatWasSaidWhateverTheSampling(_ sampling: (UInt8, UInt8, UInt8), _ name: String) throws {
        var file = try Golden.bytes(name)
        let frame = try #require(
            file.indices.dropLast(1).first { file[$0] == 0xFF && (file[$0 + 1] == 0xC0 || file[$0 + 1] == 0xC2) })
        file.replaceSubrange(frame + 5..<frame + 9, with: [0, 40, 0x7F, 0xFF])
        for (component, value) in [sampling.0, sampling.1, sampling.2].enumerated() {
            file[frame + 11 + 3 * component] = value
        }
        var limits = PictureLimits()
        limits.memoryBytes = 0
        guard case (.tooLarge(.memoryBytes, 0, let needed, _), _) = try Self.refusal(file, limits) else {
            Issue.record("another error")
            return
        }
        // The data are those of a small picture, so that it ends damaged, with all memory taken.
        let (error, allocated) = try Self.refusal(file)
        #expect(error.code == "picture.damaged", "\(error)")
        #expect(allocated <= needed + file.count * 4 + (32 << 10), "\(needed) said, \(allocated) taken: \(error)")
    }

    @Test func manyPartsAreRefused() throws {
        let sound = try Golden.bytes("grey-8.png")
        var many = Array(sound.prefix(33))
        let empty = Self.chunk("teXt", [])
        for _ in 0..<20_000 { many += empty }
        #expect(try Self.refusal(many + sound.dropFirst(33)).0.code == "picture.too_large.parts")
        let jpeg = try Golden.bytes("444.jpg")
        var comments = Array(jpeg.prefix(2))
        for _ in 0..<20_000 { comments += [0xFF, 0xFE, 0, 2] }
        #expect(try Self.refusal(comments + jpeg.dropFirst(2)).0.code == "picture.too_large.parts")
    }
}
