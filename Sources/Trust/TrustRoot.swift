package import Plant

/// The keys that a box was told to trust, and how many of them must have signed.
///
/// This is the seam for the whole of TUF: later its keys come out of a chain of root metadata, and ``verify`` is fed by
/// timestamp and snapshot; what it takes and gives stays.
package struct TrustRoot: Sendable {
    package let keys: [PublicKey]
    package let threshold: Int

    /// - Throws: `.malformedKey` when the threshold is below 1 or above the number of different keys.
    package init(keys: [PublicKey], threshold: Int = 1) throws(TrustError) {
        let distinct = Set(keys).count
        guard threshold >= 1, threshold <= distinct else {
            throw .malformedKey(
                expected: "a threshold from 1 to the number of different keys, \(distinct)", found: "\(threshold)")
        }
        self.keys = keys
        self.threshold = threshold
    }

    /// Checks an envelope: size, shape, signatures, version, expiry, in this order.
    ///
    /// - Parameters:
    ///   - now: the box's clock, for expiry.
    ///   - floor: the latest time that this box has known for sure; it counts where the clock says less, so that a clock
    ///     set back (a dead battery says 1970) does not revive old metadata.
    ///   - storedVersion: the version accepted last; a lower one is refused.
    /// - Throws: any case of ``TrustError`` but those of files.
    package func verify(
        _ envelope: [UInt8], now: WallTime, floor: WallTime, storedVersion: Int64?
    ) throws(TrustError) -> Targets {
        let limits = StrictJSON.Limits(bytes: Targets.maximumBytes, takesDecimals: false)
        let document = try StrictJSON(parsing: envelope, limits: limits)
        let signed = StrictJSON.object(try document.object("signed", at: ""))
        try checkSignatures(of: signed.canonicalBytes(), in: try document.array("signatures", at: ""))
        let targets = try Targets(signed: signed)
        if let storedVersion, targets.version < storedVersion {
            throw .rolledBack(expectedAtLeast: storedVersion, found: targets.version)
        }
        let time = max(now, floor)
        guard targets.expires > time else { throw .expired(at: targets.expires, now: time) }
        return targets
    }

    /// Counts each key once. Signatures by other keys and malformed ones do not count and do no harm.
    private func checkSignatures(of message: [UInt8], in signatures: [StrictJSON]) throws(TrustError) {
        // More than any role has keys; each one more would cost a verification.
        let maximumSignatures = 64
        guard signatures.count <= maximumSignatures else {
            throw .malformedMetadata(
                at: "signatures", expected: "at most \(maximumSignatures)", found: "\(signatures.count)")
        }
        var ids: [String] = []
        var valid: Set<PublicKey> = []
        for (index, signature) in signatures.enumerated() {
            let id = try signature.string("keyid", at: "signatures[\(index)]")
            let text = try signature.string("sig", at: "signatures[\(index)]")
            guard !ids.contains(id) else { throw .repeatedKeyID(id) }
            ids.append(id)
            guard let key = keys.first(where: { $0.id.hex == id }), let bytes = Hex.bytes(text) else { continue }
            if key.isValid(signature: bytes, for: message) { valid.insert(key) }
        }
        guard valid.count >= threshold else {
            throw .belowThreshold(expected: threshold, found: valid.count, trusted: keys.map(\.id), signedBy: ids)
        }
    }
}
