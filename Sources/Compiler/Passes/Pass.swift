/// One rewriting of a model that leaves what it computes as it was.
package protocol Pass: Sendable {
    /// What listings and options call it: `fuse-activation`.
    static var name: String { get }
    /// One sentence for people.
    static var summary: String { get }

    /// Rewrites the model once.
    /// - Returns: how many places were rewritten; 0 leaves the model as it was.
    /// - Throws: the first node whose operands do not fit it.
    static func run(_ model: inout Model) throws(ModelError) -> Int
}

/// What one pass did to a model, all rounds together.
package struct PassReport: Hashable, Sendable {
    package var name: String
    /// Before it ran first.
    package var nodesBefore: Int
    /// Those less what it itself took out, or with what it added.
    package var nodesAfter: Int
    package var changes: Int
}
