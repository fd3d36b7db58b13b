/// One step of a line: a function of what came before and the seed.
package protocol Stage<Work>: Sendable {
    /// What has been made so far; each stage reads what it needs and adds its own.
    associatedtype Work: Sendable

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

/// How far a line is.
package struct StageProgress: Hashable, Sendable {
    package var stage: String
    /// 0...1 within the stage.
    package var share: Double
    package var isCached: Bool
}

/// What a stage took, for reports.
package struct StageTime: Codable, Hashable, Sendable {
    package var name: String
    package var seconds: Double
    /// The outcome was there already.
    package var isCached: Bool
}
