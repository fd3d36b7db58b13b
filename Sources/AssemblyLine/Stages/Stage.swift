/// One step of the line: a pure function of what came before and the seed.
package protocol Stage: Sendable {
    /// As shown to people and used in file names.
    static var name: String { get }
    /// Raised when the stage computes something else than before, so that old cache entries are not taken.
    static var revision: Int { get }

    /// Everything that the outcome depends on, as bytes.
    static func inputs(of work: Work) throws(LineError) -> [[UInt8]]
    /// Does the work.
    /// - Parameter report: called with the share done, 0...1.
    static func run(_ work: Work, report: (Double) -> Void) throws(LineError) -> [UInt8]
    /// Reads an outcome, fresh or from the cache, into the work.
    static func accept(_ output: [UInt8], into work: inout Work) throws(LineError)
}

/// The catalogue. Signing and rolling out follow, by whoever holds the keys.
package enum Stages {
    package static let order: [any Stage.Type] = [
        Curate.self, Synthesize.self, Train.self, Quantize.self, Prove.self,
    ]
}
