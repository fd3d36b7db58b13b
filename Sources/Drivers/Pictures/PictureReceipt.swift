import Plant

extension MessageReceipt {
    /// What is stored with the verdict on a picture, so that it is not judged again.
    ///
    /// - Parameters:
    ///   - name: by which its sender tells it from others.
    ///   - a: a number that does so too, as does `b`.
    init(ofPicture name: String, _ a: UInt64 = 0, _ b: UInt64 = 0) {
        let digest = Self.digest(name, a, b)
        // 16 bits more: with 65,535 receipts, two pictures in a thousand million million million seem to be one.
        let more = Self.digest(name, digest, 0)
        self.init(packetID: UInt16(more % 65_535) + 1, digest: digest)
    }

    private static func digest(_ name: String, _ a: UInt64, _ b: UInt64) -> UInt64 {
        var name = name
        let seed = withUnsafeBytes(of: (a.littleEndian, b.littleEndian)) { Digest64.of($0) }
        // SAFETY: the bytes are only read, within the calls.
        return name.withUTF8 { Digest64.of(UnsafeRawBufferPointer($0), seed: seed) }
    }
}
