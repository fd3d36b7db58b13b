import Pictures
import Testing

@Suite struct GoldenTests {
    @Test func filesAreThere() {
        #expect(Golden.accepted.count > 80)
        #expect(Golden.refused.count > 70)
    }

    @Test(arguments: Golden.accepted) func isReadAsItMust(_ name: String) throws {
        let bytes = try Golden.bytes(name)
        let expected = try Golden.picture(name)
        let decoded = try PictureDecoder.decode(bytes)
        #expect(decoded.picture == expected)
        #expect(decoded.format.rawValue.prefix(1) == name.suffix(3).prefix(1))
        #expect(try PictureDecoder.decode(bytes, as: .colour).picture == expected.colour)
        let grey = try PictureDecoder.decode(bytes, as: .grey).picture
        if decoded.format == .jpeg {
            // The brightness stored, not that of colours which have been rounded and cut off at 0 and 255.
            #expect((grey.width, grey.height, grey.channels) == (expected.width, expected.height, 1))
            let pairs = zip(grey.pixels, expected.grey.pixels)
            let differences = pairs.map { abs(Int($0) - Int($1)) }
            #expect(differences.reduce(0, +) <= 3 * differences.count, "\(differences)")
        } else {
            #expect(grey == expected.grey)
        }
    }

    @Test(arguments: Golden.refused) func isRefusedWithAReason(_ refusal: Golden.Refusal) throws {
        let bytes = try Golden.bytes(refusal.name)
        for channels in PictureDecoder.Channels.allCases {
            let error = try #require(throws: PictureError.self) { try PictureDecoder.decode(bytes, as: channels) }
            #expect(error.code == refusal.code, "\(error)")
            #expect(error.description.contains(refusal.words), "\(error)")
            #expect(error.description.contains("expected") && error.description.contains("found"), "\(error)")
        }
    }

    /// A part of a picture is never taken for a picture.
    @Test(arguments: Golden.accepted) func cutAnywhereIsRefused(_ name: String) throws {
        let bytes = try Golden.bytes(name)
        let whole = try PictureDecoder.decode(bytes)
        // What is behind the end does not count.
        let end = bytes.count - (name.hasPrefix("behind-end") ? 9 : 0)
        for count in 0..<(name.hasPrefix("behind-end.jpg") ? bytes.count - 100 : end) {
            do {
                let decoded = try PictureDecoder.decode(Array(bytes[..<count]))
                Issue.record("\(count) of \(bytes.count) bytes were read: \(decoded == whole)")
            } catch {
                let early = ["picture.truncated", "picture.unknown_format"]
                #expect(early.contains(error.code), "\(count) bytes: \(error)")
            }
        }
    }

    static let notes: [(String, [PictureNote])] = [
        ("animated.png", [.firstOfSeveral(count: 2)]),
        ("colour-alpha-8.png", [.transparencyOnBlack]), ("grey-8-transparent.png", [.transparencyOnBlack]),
        ("turned.png", [.turned(.quarterTurnRight)]), ("turned-1.jpg", []),
        ("turned-8.jpg", [.turned(.quarterTurnLeft)]),
        ("turned-9.jpg", []), ("notes-endless.jpg", []), ("gamma-and-profile.png", []),
        ("behind-end.png", [.bytesBehindEnd(9)]), ("behind-end.jpg", [.bytesBehindEnd(100)]),
        ("padding.jpg", [.padding]), ("444.jpg", []), ("24.bmp", []),
    ]

    @Test(arguments: notes) func notesSayWhatWasDone(_ name: String, _ notes: [PictureNote]) throws {
        #expect(try PictureDecoder.decode(Golden.bytes(name)).notes == notes)
    }
}
