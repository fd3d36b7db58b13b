/// One HTTP request.
package struct TransferRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: Method
    /// Absolute, http or https.
    package var url: String
    package var headers: [Header]
    package var body: [UInt8]
    package var limits: TransferLimits
    package var tls: TransferTLS
    /// Off unless asked for: a redirect can lead a token to another host.
    package var followsRedirects = false

    package init(
        _ method: Method, _ url: String, headers: [Header] = [], body: [UInt8] = [],
        limits: TransferLimits = TransferLimits(), tls: TransferTLS = TransferTLS()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.limits = limits
        self.tls = tls
    }
}

/// Bounds of one transfer; every one has a value, because a box stands alone for years.
package struct TransferLimits: Sendable, Hashable {
    /// Largest body that is taken; for a download the largest file.
    package var maximumBodyBytes: Int64
    package var connectDeadline: Duration
    /// From the start to the last byte.
    package var totalDeadline: Duration
    /// A transfer that stays below this speed for `lowSpeedSpan` has ended: a link that trickles holds up the rest.
    package var lowestBytesPerSecond: Int
    package var lowSpeedSpan: Duration

    package init(
        maximumBodyBytes: Int64 = 1 << 20, connectDeadline: Duration = .seconds(10),
        totalDeadline: Duration = .seconds(60), lowestBytesPerSecond: Int = 100, lowSpeedSpan: Duration = .seconds(20)
    ) {
        self.maximumBodyBytes = maximumBodyBytes
        self.connectDeadline = connectDeadline
        self.totalDeadline = totalDeadline
        self.lowestBytesPerSecond = lowestBytesPerSecond
        self.lowSpeedSpan = lowSpeedSpan
    }
}

/// PEM files for TLS; without them the system's authorities are trusted and no certificate of our own is shown.
package struct TransferTLS: Sendable, Hashable {
    /// The authorities to trust in place of the system's.
    package var authorityFile: String?
    package var certificateFile: String?
    package var keyFile: String?

    package init(authorityFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// What a server answered, whatever the status.
package struct TransferResponse: Sendable {
    package var status: Int
    package var headers: [TransferRequest.Header]
    package var body: [UInt8]

    /// The first header of this name; case does not matter.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// A file that has arrived whole and is durable.
package struct Download: Sendable, Hashable {
    package var lengthBytes: Int64
    /// Bytes that were there already from an earlier attempt.
    package var resumedFromBytes: Int64
    package var tag: String?

    package init(lengthBytes: Int64, resumedFromBytes: Int64, tag: String?) {
        self.lengthBytes = lengthBytes
        self.resumedFromBytes = resumedFromBytes
        self.tag = tag
    }
}
