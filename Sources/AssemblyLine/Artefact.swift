internal import FoundationEssentials
internal import Trust

/// Artefacts as JSON with sorted keys: the same value gives the same bytes, and a person can read them.
enum Artefact {
    static func bytes(_ value: some Encodable, stage: String) throws(LineError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do { return [UInt8](try encoder.encode(value)) } catch { throw .artefact(stage: stage, reason: "\(error)") }
    }

    /// For people: each key on a line of its own.
    static func readable(_ value: some Encodable, stage: String) throws(LineError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do { return [UInt8](try encoder.encode(value)) } catch { throw .artefact(stage: stage, reason: "\(error)") }
    }

    static func value<T: Decodable>(_ type: T.Type, _ bytes: [UInt8], stage: String) throws(LineError) -> T {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw .artefact(stage: stage, reason: "\(error)")
        }
    }

    static func digest(_ parts: [[UInt8]], stage: String) throws(LineError) -> String {
        do throws(TrustError) {
            var sum = try DigestSum()
            for part in parts {
                // The length in front keeps "ab" + "c" apart from "a" + "bc".
                try sum.update((0..<8).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) })
                try sum.update(part)
            }
            return try sum.finish().hex
        } catch { throw .artefact(stage: stage, reason: "\(error)") }
    }

    /// SHA-256 of a file's bytes alone, as `sha256sum` prints it.
    static func fileDigest(_ bytes: [UInt8]) throws(LineError) -> String {
        do throws(TrustError) { return try Digest(of: bytes).hex } catch {
            throw .artefact(stage: "report", reason: "\(error)")
        }
    }

    /// The value, or an error that names the stage that should have run before.
    static func need<T>(_ value: T?, _ what: String, stage: String) throws(LineError) -> T {
        guard let value else { throw .artefact(stage: stage, reason: "expected \(what) from an earlier stage") }
        return value
    }
}
