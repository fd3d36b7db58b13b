/// What the encryption did not like, in words that say where to look.
enum TLSReason {
    /// A part of what OpenSSL or libmosquitto writes, and what it means for who set this box up.
    private typealias Meaning = (words: String, meaning: String)

    /// The first that fits counts.
    private static let ofCertificates: [Meaning] = [
        (
            "host name verification failed",
            "the broker's certificate is not for the name in `host`; put the name that the certificate has there"
        ),
        (
            "certificate verify failed",
            "the broker's certificate does not come from the authority in `tls.ca`, or is not valid at the time of this "
                + "machine's clock"
        ),
        ("alert certificate required", "the broker wants a certificate of ours; set `tls.certificate` and `tls.key`"),
        // What a broker without TLS 1.3 says of a missing certificate.
        (
            "alert handshake failure",
            "the broker wants a certificate of ours (`tls.certificate`), or takes only shared keys (`tls.psk_identity`)"
        ),
        ("alert certificate expired", "our certificate has expired; put a new one into `tls.certificate`"),
        ("alert certificate revoked", "our certificate is revoked; put a new one into `tls.certificate`"),
        ("alert unknown ca", "the broker does not know the authority that signed our certificate (`tls.certificate`)"),
        ("alert bad certificate", "the broker does not take our certificate (`tls.certificate`)"),
        (
            "Unable to load client key file",
            "`tls.key` is no key in PEM without a password, or does not belong to `tls.certificate`"
        ),
    ]

    private static let ofSharedKeys: [Meaning] =
        ["alert decrypt error", "alert bad record mac", "alert illegal parameter"].map {
            ($0, "the key in `tls.psk_file` is not the one that the broker has for `tls.psk_identity`")
        }
        + ["alert unknown psk identity", "alert handshake failure"].map {
            ($0, "the broker does not know `tls.psk_identity`, or takes no shared keys")
        }

    private static let ofBoth: [Meaning] = [
        ("unexpected eof", "it was closed at its beginning; is this the broker's port without encryption?"),
        ("wrong version number", "what answers speaks no TLS; is this the broker's port without encryption?"),
    ]

    /// - Parameter complaints: error lines of libmosquitto's log, as in
    ///   `OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed`.
    /// - Returns: nil when there are none.
    static func text(of complaints: [String], _ security: MQTTTransportSecurity) -> String? {
        guard let first = complaints.first else { return nil }
        let own =
            switch security {
            case .certificates: ofCertificates
            case .sharedKey: ofSharedKeys
            }
        let said = first.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? first
        for (words, meaning) in own + ofBoth where complaints.contains(where: { $0.contains(words) }) {
            return "\(meaning) (\(said))"
        }
        return first.hasPrefix("Error: ") ? String(first.dropFirst("Error: ".count)) : said
    }

    /// The broker closed before it answered CONNECT, and what it said of the reason, if it did, was lost with what it had not
    /// read of ours: a socket that is closed then is reset.
    static func closedAtOnce(_ security: MQTTTransportSecurity) -> String {
        let what =
            switch security {
            case .certificates: "our certificate (`tls.certificate`), or may want one"
            case .sharedKey: "`tls.psk_identity` and its key"
            }
        return
            "the broker closed the connection at its beginning without a word; it may not take \(what); its log says more"
    }
}
