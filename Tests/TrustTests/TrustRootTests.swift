import Plant
import Testing
import Trust

@Suite struct TrustRootTests {
    static let now = WallTime(seconds: 1_800_000_000)
    let key: PrivateKey
    let root: TrustRoot

    init() throws {
        key = try PrivateKey(seed: [UInt8](repeating: 9, count: 32))
        root = try TrustRoot(keys: [key.publicKey])
    }

    static func targets(version: Int64 = 3, expires: WallTime = now + .seconds(86_400)) throws -> Targets {
        Targets(
            version: version, expires: expires,
            files: [
                TargetFile(
                    path: "rotating-machine/3.mwplan", lengthBytes: 20_480, digest: try Digest(of: [1, 2, 3]),
                    custom: .object([.init("pack", .string("rotating-machine")), .init("release", .integer(3))]))
            ])
    }

    func verify(_ envelope: [UInt8], stored: Int64? = nil, now: WallTime = Self.now) throws(TrustError) -> Targets {
        try root.verify(envelope, now: now, floor: WallTime(nanoseconds: 0), storedVersion: stored)
    }

    /// An envelope around any `signed` object, signed as it stands.
    func envelope(signed: String, keys: [PrivateKey]? = nil) throws -> [UInt8] {
        let value = try StrictJSON(parsing: Array(signed.utf8), limits: .init(bytes: 10_000))
        let message = value.canonicalBytes()
        let signatures = try (keys ?? [key]).map {
            "{\"keyid\":\"\($0.publicKey.id.hex)\",\"sig\":\"\(Hex.text(try $0.signature(of: message)))\"}"
        }
        return Array("{\"signed\":\(signed),\"signatures\":[\(signatures.joined(separator: ","))]}".utf8)
    }

    @Test func whatWasSignedComesBack() throws {
        let targets = try Self.targets()
        #expect(try verify(targets.signed(by: [key])) == targets)
    }

    @Test func everyBitOfAnEnvelopeCounts() throws {
        let envelope = try Self.targets().signed(by: [key])
        for bit in 0..<envelope.count * 8 {
            var flipped = envelope
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: TrustError.self, "bit \(bit % 8) of byte \(bit / 8)") { try verify(flipped) }
        }
    }

    @Test func everyCutOfAnEnvelopeIsRefused() throws {
        let envelope = try Self.targets().signed(by: [key])
        for count in 0..<envelope.count {
            #expect(throws: TrustError.self) { try verify(Array(envelope.prefix(count))) }
        }
    }

    @Test func unknownMembersAreSignedToo() throws {
        let members = Self.members(replacing: "version", by: "3")
        let signed = try envelope(signed: "{\(members),\"x-new\":{\"b\":1,\"a\":\"\\n\"}}")
        #expect(try verify(signed).version == 3)
        let changed = Array(
            String(decoding: signed, as: UTF8.self).split(separator: "\"b\":1", maxSplits: 1).joined(
                separator: "\"b\":2"
            ).utf8)
        #expect(throws: TrustError.self) { try verify(changed) }
    }

    @Test func blanksDoNotMatter() throws {
        let text = String(decoding: try Self.targets().signed(by: [key]), as: UTF8.self)
        #expect(
            try verify(Array((" " + text.split(separator: ",").joined(separator: " ,\n\t") + "\n").utf8)).version == 3)
    }

    @Test func aLowerVersionThanTheStoredOneIsRefused() throws {
        let envelope = try Self.targets(version: 3).signed(by: [key])
        #expect(try verify(envelope, stored: 3).version == 3)
        #expect(throws: TrustError.rolledBack(expectedAtLeast: 4, found: 3)) { try verify(envelope, stored: 4) }
    }

    @Test func expiryHoldsEvenWhenTheClockWasSetBack() throws {
        let expiry = Self.now + .seconds(10)
        let envelope = try Self.targets(expires: expiry).signed(by: [key])
        #expect(throws: TrustError.expired(at: expiry, now: expiry)) { try verify(envelope, now: expiry) }
        #expect(throws: TrustError.expired(at: expiry, now: expiry + .seconds(1))) {
            try root.verify(
                envelope, now: WallTime(nanoseconds: 0), floor: expiry + .seconds(1), storedVersion: nil)
        }
        #expect(try verify(envelope, now: WallTime(nanoseconds: 0)).version == 3)
    }

    @Test func anotherKeyIsNotEnough() throws {
        let other = try PrivateKey.generate()
        let envelope = try Self.targets().signed(by: [other])
        #expect(
            throws: TrustError.belowThreshold(
                expected: 1, found: 0, trusted: [key.publicKey.id], signedBy: [other.publicKey.id.hex])
        ) { try verify(envelope) }
        #expect(try verify(Self.targets().signed(by: [other, key])).version == 3)
    }

    @Test func aThresholdOfTwoNeedsTwoDifferentKeys() throws {
        let second = try PrivateKey.generate()
        let two = try TrustRoot(keys: [key.publicKey, second.publicKey, key.publicKey], threshold: 2)
        let targets = try Self.targets()
        let floor = WallTime(nanoseconds: 0)
        _ = try two.verify(targets.signed(by: [key, second]), now: Self.now, floor: floor, storedVersion: nil)
        #expect(throws: TrustError.repeatedKeyID(key.publicKey.id.hex)) {
            try two.verify(targets.signed(by: [key, key]), now: Self.now, floor: floor, storedVersion: nil)
        }
        #expect(throws: TrustError.self) {
            try two.verify(targets.signed(by: [key]), now: Self.now, floor: floor, storedVersion: nil)
        }
    }

    @Test func aThresholdThatNobodyCanReachIsRefused() {
        #expect(throws: TrustError.self) { try TrustRoot(keys: [key.publicKey, key.publicKey], threshold: 2) }
        #expect(throws: TrustError.self) { try TrustRoot(keys: [key.publicKey], threshold: 0) }
        #expect(throws: TrustError.self) { try TrustRoot(keys: []) }
    }

    @Test func aMalformedSignatureBesideAGoodOneDoesNoHarm() throws {
        let text = String(decoding: try Self.targets().signed(by: [key]), as: UTF8.self)
        for extra in ["", "zz", "00", String(repeating: "ab", count: 64), String(repeating: "0", count: 5_000)] {
            let more = text.split(separator: "[", maxSplits: 1).joined(
                separator: "[{\"keyid\":\"other\",\"sig\":\"\(extra)\"},")
            #expect(try verify(Array(more.utf8)).version == 3)
        }
    }

    /// A `signed` object's members with one of them replaced.
    static func members(replacing name: String, by value: String?) -> String {
        var members = [
            "_type": "\"targets\"", "spec_version": "\"1.0.34\"", "version": "1", "expires": "\"2027-02-01T00:00:00Z\"",
            "targets": "{}",
        ]
        members[name] = value
        return members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
    }

    static let misfits: [String] = [
        members(replacing: "_type", by: "\"snapshot\""), members(replacing: "_type", by: nil),
        members(replacing: "spec_version", by: "\"2.0.0\""), members(replacing: "version", by: "0"),
        members(replacing: "version", by: "\"1\""), members(replacing: "expires", by: "\"2027-02-31T00:00:00Z\""),
        members(replacing: "expires", by: "\"tomorrow\""), members(replacing: "targets", by: "[]"),
        members(replacing: "targets", by: #"{"../x":{}}"#), members(replacing: "targets", by: #"{"/x":{}}"#),
        members(replacing: "targets", by: #"{"a":{}}"#),
        members(replacing: "targets", by: #"{"a":{"length":-1,"hashes":{}}}"#),
        members(replacing: "targets", by: #"{"a":{"length":1,"hashes":{"md5":"00"}}}"#),
        members(replacing: "targets", by: #"{"a":{"length":1.5,"hashes":{}}}"#),
    ]

    /// Signed well by the trusted key, and still not what is asked for.
    @Test(arguments: misfits) func signedNonsenseIsRefused(_ members: String) throws {
        let envelope = try envelope(signed: "{\(members)}")
        #expect(throws: TrustError.self) { try verify(envelope) }
    }

    @Test func wrongTypeSaysWhatWasExpectedAndFound() throws {
        let envelope = try envelope(signed: "{\(Self.misfits[0])}")
        #expect(throws: TrustError.malformedMetadata(at: "signed._type", expected: "targets", found: "snapshot")) {
            try verify(envelope)
        }
    }

    @Test func oversizeIsRefusedBeforeItIsRead() {
        let envelope = [UInt8](repeating: 0x20, count: 5_000_001)
        #expect(throws: TrustError.tooLarge(limitBytes: 5_000_000, foundBytes: 5_000_001)) { try verify(envelope) }
    }

    @Test func newestFollowsTheReleaseAndNotTheOrder() throws {
        var targets = try Self.targets()
        var older = targets.files[0]
        older.path = "rotating-machine/2.mwplan"
        older.custom = .object([.init("pack", .string("rotating-machine")), .init("release", .integer(2))])
        targets.files.append(older)
        #expect(targets.newest(pack: "rotating-machine")?.path == "rotating-machine/3.mwplan")
        #expect(targets.newest(pack: "gearbox") == nil)
    }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_709_251_199, "2024-02-29T23:59:59Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] as [(Int64, String)]) func agreesWithTheCalendar(_ seconds: Int64, _ text: String)
    {
        let time = WallTime(nanoseconds: seconds * 1_000_000_000)
        #expect(Timestamp.text(time) == text)
        #expect(Timestamp.time(text) == time)
    }

    @Test(arguments: [
        "", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+",
        "9999-01-01T00:00:00Z",
        "2026-01-01T00:00:00.1Z", "２026-01-01T00:00:0Z",
    ]) func otherTextIsNoTime(_ text: String) {
        #expect(Timestamp.time(text) == nil)
    }
}
