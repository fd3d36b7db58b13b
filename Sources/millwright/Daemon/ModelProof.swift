import Graph
import Runtime
import Scoring
import Store
import Trust

/// Shows that a model file is whole and computes on this machine what its receipt says.
enum ModelProof {
    /// Our largest model is 2 MB.
    static let largestFileBytes = 64 << 20

    /// - Parameter digest: what the file's SHA-256 must be; nil when the caller has checked it.
    /// - Throws: the first thing that is wrong.
    static func prove(path: String, digest: String? = nil) throws {
        if let digest {
            let found = try Digest.ofFile(path).digest.hex
            guard found == digest else { throw ModelProofError.digest(expected: digest, found: found) }
        }
        let file = try MappedFile(path: path)
        try MachineScorer(plan: Plan(bytes: file.bytes), keeping: file, kernels: .ofThisMachine).session.proveReceipt()
    }
}

enum ModelProofError: Error, CustomStringConvertible {
    case digest(expected: String, found: String)

    var description: String {
        switch self {
        case .digest(let expected, let found): "the file has changed: expected SHA-256 \(expected), found \(found)"
        }
    }
}
