import Glibc
import Plant
import YAML

/// What a door for pictures needs to know.
struct HTTPSettings: LinkSettings {
    /// Streams of one door; each sender names one.
    static let maxStreams = 100

    var address: HTTPAddress
    var streams: [String]
    var form: PictureForm
    /// Its first line is the token that senders show; nil on loopback only.
    var tokenFile: String?
    /// A request must be there as a whole after so long.
    var receiveWithin: Duration

    var tags: [TagDefinition] { [] }
    var pictures: [String] { streams }

    /// Reads the keys of a door.
    ///
    /// - Returns: nil when something was wrong; then it has been reported.
    init?(reading reader: inout MappingReader, claims: inout LinkClaims) {
        let host = reader.optional("address", .numericAddress, default: "127.0.0.1")
        let port = reader.required("port", .integer(1...65_535))
        let streams = reader.required("pictures", .sequence(of: .pictures, count: 1...Self.maxStreams))
        let form = PictureForm(reading: &reader)
        let tokenFile = claims.resolve(reader.optional("token_file", .string))
        receiveWithin = reader.optional(
            "receive_within", .duration(.seconds(1)...(.seconds(600))), default: .seconds(30))
        guard let port, let streams, let form, let address = HTTPAddress(host, port: port) else { return nil }
        for (index, stream) in streams.enumerated() {
            let node = reader.node["pictures"]
            claims.take(
                .pictures(stream), at: (node?.elements?[index] ?? node ?? reader.node).mark,
                path: "\(reader.path("pictures"))[\(index)]")
        }
        claims.take(
            .door(address: host, port: port), at: reader.node["port"]?.mark ?? reader.node.mark,
            path: reader.path("port"))
        guard address.isLoopback || tokenFile != nil else {
            reader.diagnostics.report(
                at: reader.node["address"] ?? reader.node, path: reader.path("token_file"),
                expected: "a file with the token that senders show, because others than this box can reach \(host)",
                found: "nothing")
            return nil
        }
        self.address = address
        self.streams = streams
        self.form = form
        self.tokenFile = tokenFile
    }
}

/// Where a door listens.
struct HTTPAddress: Hashable, Sendable {
    let text: String
    let port: Int
    let isIPv6: Bool
    private let bytes: [UInt8]

    /// - Returns: nil when it is no numeric address.
    init?(_ text: String, port: Int) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            isIPv6 = false
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            isIPv6 = true
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        } else {
            return nil
        }
        self.text = text
        self.port = port
    }

    /// Whether only this machine reaches it. Source: RFC 1122, 3.2.1.3; RFC 4291, 2.5.3.
    var isLoopback: Bool { isIPv6 ? bytes == [UInt8](repeating: 0, count: 15) + [1] : bytes[0] == 127 }

    /// Calls with the address as the kernel takes it.
    func withSocketAddress<R>(_ body: (UnsafePointer<sockaddr>) -> R) -> R {
        // SAFETY: each structure begins like sockaddr and stays in its place during the call.
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
    }
}

extension Kind where T == String {
    fileprivate static var numericAddress: Kind<String> {
        Kind.string.map(expected: "an IP address of this box such as 127.0.0.1, 0.0.0.0 or ::1") {
            HTTPAddress($0, port: 0) == nil ? nil : $0
        }
    }
}
